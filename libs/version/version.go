// Package version has the release that a binary was built from.
package version

// Version is set by the linker: -ldflags "-X github.com/bitcraps/bitcraps/libs/version.Version=v1.2.3".
var Version = "dev"
