// Command gateway runs the platform's public API server.
package main

import (
	"github.com/bitcraps/bitcraps/gateway"
	"github.com/bitcraps/bitcraps/libs/service"
)

func main() { service.Main(gateway.Command()) }
