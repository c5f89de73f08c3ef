package config

// Security is the security section of the services that strangers reach.
type Security struct {
	EnableRateLimiting bool `koanf:"enable_rate_limiting" jsonschema_description:"whether calls beyond limits.rates are refused"`
}

// DefaultSecurity limits rates.
func DefaultSecurity() Security { return Security{EnableRateLimiting: true} }
