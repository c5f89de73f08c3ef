package telemetry

import (
	"path"
	"runtime"
	"strings"
	"sync"
)

// importRoot is the prefix of the import paths of our own packages.
const importRoot = "github.com/bitcraps/"

// callSite is the place in the code that logs a line.
type callSite struct {
	target string // Its package, such as bitcraps/services/game, or the import path of a third-party package.
	file   string // Its file, relative to the repository's root.
	line   int
}

// callSites caches the call sites of program counters: there are as many as calls of a logger in the code.
type callSites struct{ known sync.Map }

func (s *callSites) at(pc uintptr) callSite {
	if pc == 0 {
		return callSite{target: "std"} // Package log does not report its caller.
	}
	if known, ok := s.known.Load(pc); ok {
		return known.(callSite)
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	pkg := packageOf(frame.Function)
	found := callSite{target: strings.TrimPrefix(pkg, importRoot), line: frame.Line}
	found.file = path.Join(strings.TrimPrefix(found.target, "bitcraps/"), path.Base(frame.File)) // Not the folder that it was built in.
	s.known.Store(pc, found)
	return found
}

// packageOf returns the import path in a function's full name, such as a.b/c/d.(*T).f.
func packageOf(function string) string {
	last := strings.LastIndexByte(function, '/') + 1
	name, _, _ := strings.Cut(function[last:], ".")
	return function[:last] + name
}
