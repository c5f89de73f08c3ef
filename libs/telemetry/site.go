package telemetry

import (
	"path"
	"runtime"
	"strings"
	"sync"
)

// root is what the import paths of our own packages begin with.
const root = "github.com/bitcraps/"

// site is the code that logs a line.
type site struct {
	target string // Its package, such as bitcraps/services/game, or the import path of somebody else's.
	file   string // Its file from the repository's root on.
	line   int
}

// sites remembers where program counters are: there are as many as calls of a logger in the code.
type sites struct{ known sync.Map }

func (s *sites) at(pc uintptr) site {
	if pc == 0 {
		return site{target: "std"} // Package log does not say who called it.
	}
	if known, ok := s.known.Load(pc); ok {
		return known.(site)
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	pkg := packageOf(frame.Function)
	found := site{target: strings.TrimPrefix(pkg, root), line: frame.Line}
	found.file = path.Join(strings.TrimPrefix(found.target, "bitcraps/"), path.Base(frame.File)) // Never the folder that it was built in.
	s.known.Store(pc, found)
	return found
}

// packageOf is the import path in a function's full name, such as a.b/c/d.(*T).f.
func packageOf(function string) string {
	last := strings.LastIndexByte(function, '/') + 1
	name, _, _ := strings.Cut(function[last:], ".")
	return function[:last] + name
}
