// Package version says which release a binary is.
package version

// Version is set by the linker: -ldflags "-X github.com/bitcraps/bitcraps/libs/version.Version=v1.2.3".
var Version = "dev"
