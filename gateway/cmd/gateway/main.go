// Command gateway is the door to the platform.
package main

import (
	"github.com/bitcraps/bitcraps/gateway"
	"github.com/bitcraps/bitcraps/libs/service"
)

func main() { service.Main(gateway.Command()) }
