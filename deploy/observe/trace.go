package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// span is a span as returned by Jaeger.
type span struct {
	SpanID        string      `json:"spanID"`
	OperationName string      `json:"operationName"`
	References    []reference `json:"references"`
	StartTime     int64       `json:"startTime"` // Microseconds.
	Duration      int64       `json:"duration"`  // Microseconds.
	ProcessID     string      `json:"processID"`
}

// reference refers to a span's parent, or to a linked span of another trace.
type reference struct {
	RefType string `json:"refType"`
	TraceID string `json:"traceID"`
	SpanID  string `json:"spanID"`
}

// Types of references.
const (
	childOf     = "CHILD_OF"
	followsFrom = "FOLLOWS_FROM"
)

// trace is a trace as returned by Jaeger.
type trace struct {
	TraceID   string `json:"traceID"`
	Spans     []span `json:"spans"`
	Processes map[string]struct {
		ServiceName string `json:"serviceName"`
	} `json:"processes"`
}

// findTrace waits until Jaeger has a trace with spans of all services, and adds the linked spans of other traces: a transaction shared by
// several bets is in the trace of one of them.
func findTrace(ctx context.Context, jaeger, id string, services ...string) (*trace, error) {
	found, err := fetchTrace(ctx, jaeger, id, services...)
	if err != nil {
		return nil, err
	}
	for _, s := range slices.Clone(found.Spans) {
		for _, ref := range s.References {
			if ref.RefType != followsFrom || ref.TraceID == id {
				continue
			}
			other, err := fetchTrace(ctx, jaeger, ref.TraceID)
			if err != nil {
				return nil, err
			}
			found.graft(s.SpanID, other, ref.SpanID)
		}
	}
	return found, nil
}

func fetchTrace(ctx context.Context, jaeger, id string, services ...string) (found *trace, err error) {
	err = poll(ctx, func() error {
		var answer struct {
			Data []*trace `json:"data"`
		}
		if err := get(ctx, "http://"+jaeger+"/api/traces/"+id, &answer); err != nil {
			return err
		}
		if len(answer.Data) != 1 {
			return fmt.Errorf("found %d traces with id %s", len(answer.Data), id)
		}
		found = answer.Data[0]
		for _, service := range services {
			if !slices.Contains(found.services(), service) {
				return fmt.Errorf("trace %s has no span of %s, only of %v", id, service, found.services())
			}
		}
		return found.checkComplete()
	})
	return found, err
}

// checkComplete fails while the parent of a span is missing: services export spans in batches when they end, and parents end last.
func (t *trace) checkComplete() error {
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

// ids returns the ids of the trace's spans.
func (t *trace) ids() map[string]bool {
	known := make(map[string]bool, len(t.Spans))
	for _, s := range t.Spans {
		known[s.SpanID] = true
	}
	return known
}

// graft adds a span of another trace, with all of its descendants, as a child of a span of this trace.
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
		process := other.TraceID + s.ProcessID // Process ids are unique only within a trace.
		t.Processes[process] = other.Processes[s.ProcessID]
		s.ProcessID, s.References = process, []reference{{RefType: childOf, SpanID: parent}}
		t.Spans = append(t.Spans, s)
	}
}

// services returns the services that have spans in the trace.
func (t *trace) services() (names []string) {
	for _, s := range t.Spans {
		names = append(names, t.Processes[s.ProcessID].ServiceName)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// String formats the tree of the trace's spans, each with its duration and start time.
func (t *trace) String() string {
	known := t.ids()
	children := map[string][]span{} // Spans without a known parent are below "".
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
	fmt.Fprintf(&out, "  trace %s\n%12s %12s\n", t.TraceID, "duration", "start")
	begin := slices.MinFunc(t.Spans, byStartTime).StartTime
	var draw func(parent, indent string)
	draw = func(parent, indent string) {
		slices.SortStableFunc(children[parent], byStartTime)
		for _, s := range children[parent] {
			fmt.Fprintf(&out, "%12s %12s  %s%s: %s\n", formatMicros(s.Duration), formatMicros(s.StartTime-begin), indent, t.Processes[s.ProcessID].ServiceName, s.OperationName)
			draw(s.SpanID, indent+"  ")
		}
	}
	draw("", "")
	return out.String()
}

func byStartTime(a, b span) int { return cmp.Compare(a.StartTime, b.StartTime) }

func formatMicros(n int64) string { return (time.Duration(n) * time.Microsecond).String() }
