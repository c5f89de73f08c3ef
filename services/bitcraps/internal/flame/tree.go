// Package flame renders a profile as a flame graph, in one self-contained SVG file, and as a table of its top functions.
package flame

import (
	"cmp"
	"slices"

	"github.com/google/pprof/profile"
)

// Graph is a profile aggregated by call stack.
type Graph struct {
	Title string
	Unit  string // bytes, nanoseconds or count.
	Total int64
	root  *node
	// Functions has the share of each function, the largest first.
	Functions []Function
}

// Function is a function's share of a profile.
type Function struct {
	Name string `json:"function"`
	Flat int64  `json:"flat"` // In the function itself.
	Cum  int64  `json:"cum"`  // In it and in what it calls.
}

// node is a frame with a given stack of callers.
type node struct {
	name     string
	value    int64
	children map[string]*node
}

// New aggregates one sample type of a profile, such as inuse_space; where the profile has no such type, its last one.
func New(title string, p *profile.Profile, kind string) *Graph {
	index := len(p.SampleType) - 1
	for i, sampleType := range p.SampleType {
		if sampleType.Type == kind {
			index = i
		}
	}
	g := &Graph{Title: title, root: &node{name: "all"}}
	if index < 0 {
		return g
	}
	g.Unit = p.SampleType[index].Unit
	functions := make(map[string]*Function)
	for _, sample := range p.Sample {
		value, stack := sample.Value[index], frames(sample)
		if value == 0 || len(stack) == 0 {
			continue
		}
		g.Total += value
		g.root.add(stack, value)
		addFunctions(functions, stack, value)
	}
	for _, f := range functions {
		g.Functions = append(g.Functions, *f)
	}
	slices.SortFunc(g.Functions, func(a, b Function) int {
		return cmp.Or(cmp.Compare(b.Flat, a.Flat), cmp.Compare(b.Cum, a.Cum), cmp.Compare(a.Name, b.Name))
	})
	return g
}

// frames returns the functions of a sample, outermost first, including inlined ones.
func frames(sample *profile.Sample) []string {
	var stack []string
	for _, location := range sample.Location {
		for _, line := range location.Line {
			if line.Function != nil {
				stack = append(stack, line.Function.Name)
			}
		}
	}
	slices.Reverse(stack)
	return stack
}

func addFunctions(functions map[string]*Function, stack []string, value int64) {
	seen := make(map[string]bool, len(stack)) // A recursive function counts a sample once.
	for i, name := range stack {
		f := functions[name]
		if f == nil {
			f = &Function{Name: name}
			functions[name] = f
		}
		if i == len(stack)-1 {
			f.Flat += value
		}
		if !seen[name] {
			f.Cum += value
		}
		seen[name] = true
	}
}

func (n *node) add(stack []string, value int64) {
	n.value += value
	for _, name := range stack {
		if n.children == nil {
			n.children = make(map[string]*node)
		}
		child := n.children[name]
		if child == nil {
			child = &node{name: name}
			n.children[name] = child
		}
		child.value += value
		n = child
	}
}

// sortedChildren returns a frame's callees by name, so that the same stacks are at the same place in every graph.
func (n *node) sortedChildren() []*node {
	out := make([]*node, 0, len(n.children))
	for _, child := range n.children {
		out = append(out, child)
	}
	slices.SortFunc(out, func(a, b *node) int { return cmp.Compare(a.name, b.name) })
	return out
}
