package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// span is one of Jaeger's answer.
type span struct {
	SpanID        string      `json:"spanID"`
	OperationName string      `json:"operationName"`
	References    []reference `json:"references"`
	StartTime     int64       `json:"startTime"` // Microseconds.
	Duration      int64       `json:"duration"`  // Microseconds.
	ProcessID     string      `json:"processID"`
}

// reference leads to a span's parent, or to one of another trace that is linked to it.
type reference struct {
	RefType string `json:"refType"`
	TraceID string `json:"traceID"`
	SpanID  string `json:"spanID"`
}

// What a reference is.
const (
	childOf = "CHILD_OF"
	link    = "FOLLOWS_FROM"
)

// trace is one that Jaeger keeps.
type trace struct {
	TraceID   string `json:"traceID"`
	Spans     []span `json:"spans"`
	Processes map[string]struct {
		ServiceName string `json:"serviceName"`
	} `json:"processes"`
}

// find waits until Jaeger has a trace with spans of all services, and of what is linked to it: the transaction that a bet
// shares with others is in the trace of one of them.
func find(ctx context.Context, jaeger, id string, services ...string) (*trace, error) {
	found, err := fetch(ctx, jaeger, id, services...)
	if err != nil {
		return nil, err
	}
	for _, s := range slices.Clone(found.Spans) {
		for _, ref := range s.References {
			if ref.RefType != link || ref.TraceID == id {
				continue
			}
			other, err := fetch(ctx, jaeger, ref.TraceID)
			if err != nil {
				return nil, err
			}
			found.graft(s.SpanID, other, ref.SpanID)
		}
	}
	return found, nil
}

func fetch(ctx context.Context, jaeger, id string, services ...string) (found *trace, err error) {
	err = poll(ctx, func() error {
		var answer struct {
			Data []*trace `json:"data"`
		}
		if err := get(ctx, "http://"+jaeger+"/api/traces/"+id, &answer); err != nil {
			return err
		}
		if len(answer.Data) != 1 {
			return fmt.Errorf("there are %d traces %s", len(answer.Data), id)
		}
		found = answer.Data[0]
		for _, service := range services {
			if !slices.Contains(found.services(), service) {
				return fmt.Errorf("trace %s has no span of %s, only of %v", id, service, found.services())
			}
		}
		return found.whole()
	})
	return found, err
}

// whole fails while the parent of a span has not come: services send what ended together, and parents end last.
func (t *trace) whole() error {
	known := t.ids()
	for _, s := range t.Spans {
		for _, ref := range s.References {
			if ref.RefType == childOf && !known[ref.SpanID] {
				return fmt.Errorf("trace %s lacks the parent of %s", t.TraceID, s.OperationName)
			}
		}
	}
	return nil
}

// ids are those of its spans.
func (t *trace) ids() map[string]bool {
	known := make(map[string]bool, len(t.Spans))
	for _, s := range t.Spans {
		known[s.SpanID] = true
	}
	return known
}

// graft puts a span of another trace below one of this, with everything below it.
func (t *trace) graft(parent string, other *trace, id string) {
	for _, s := range other.Spans {
		child := slices.ContainsFunc(s.References, func(ref reference) bool { return ref.RefType == childOf && ref.SpanID == id })
		if s.SpanID != id && !child {
			continue
		}
		if child {
			t.graft(id, other, s.SpanID)
			continue
		}
		process := other.TraceID + s.ProcessID // Each trace has its own numbers.
		t.Processes[process] = other.Processes[s.ProcessID]
		s.ProcessID, s.References = process, []reference{{RefType: childOf, SpanID: parent}}
		t.Spans = append(t.Spans, s)
	}
}

// services are those whose spans it has.
func (t *trace) services() (names []string) {
	for _, s := range t.Spans {
		names = append(names, t.Processes[s.ProcessID].ServiceName)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// String is the tree of its spans, each with its duration and when it began.
func (t *trace) String() string {
	known := t.ids()
	children := map[string][]span{} // Those without a parent that is known are below "".
	for _, s := range t.Spans {
		parent := ""
		for _, ref := range s.References {
			if ref.RefType == childOf && known[ref.SpanID] {
				parent = ref.SpanID
			}
		}
		children[parent] = append(children[parent], s)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "  trace %s\n%12s %12s\n", t.TraceID, "took", "began at")
	begin := slices.MinFunc(t.Spans, earlier).StartTime
	var draw func(parent, indent string)
	draw = func(parent, indent string) {
		slices.SortStableFunc(children[parent], earlier)
		for _, s := range children[parent] {
			fmt.Fprintf(&out, "%12s %12s  %s%s: %s\n", micros(s.Duration), micros(s.StartTime-begin), indent, t.Processes[s.ProcessID].ServiceName, s.OperationName)
			draw(s.SpanID, indent+"  ")
		}
	}
	draw("", "")
	return out.String()
}

func earlier(a, b span) int { return cmp.Compare(a.StartTime, b.StartTime) }

func micros(n int64) string { return (time.Duration(n) * time.Microsecond).String() }
