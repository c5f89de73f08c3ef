// Command bitcraps runs the platform in one process and is the operator's command line.
package main

import (
	"github.com/bitcraps/bitcraps/libs/service"
	"github.com/bitcraps/bitcraps/services/bitcraps"
)

func main() { service.Main(bitcraps.Command()) }
