package config

// Security is the security section of the services that are exposed to the public.
type Security struct {
	EnableRateLimiting bool `koanf:"enable_rate_limiting" jsonschema_description:"whether calls beyond limits.rates are refused"`
}

// DefaultSecurity enables rate limiting.
func DefaultSecurity() Security { return Security{EnableRateLimiting: true} }
