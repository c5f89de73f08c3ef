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
	SpanID        string `json:"spanID"`
	OperationName string `json:"operationName"`
	References    []struct {
		RefType string `json:"refType"`
		SpanID  string `json:"spanID"`
	} `json:"references"`
	StartTime int64  `json:"startTime"` // Microseconds.
	Duration  int64  `json:"duration"`  // Microseconds.
	ProcessID string `json:"processID"`
}

// trace is one that Jaeger keeps.
type trace struct {
	TraceID   string `json:"traceID"`
	Spans     []span `json:"spans"`
	Processes map[string]struct {
		ServiceName string `json:"serviceName"`
	} `json:"processes"`
}

// find waits until Jaeger has a trace with spans of all services.
func find(ctx context.Context, jaeger, id string, services ...string) (*trace, error) {
	var found *trace
	err := poll(ctx, func() error {
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
		return nil
	})
	return found, err
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
	known := map[string]bool{}
	for _, s := range t.Spans {
		known[s.SpanID] = true
	}
	children := map[string][]span{} // Those without a parent that is known are below "".
	for _, s := range t.Spans {
		parent := ""
		for _, ref := range s.References {
			if ref.RefType == "CHILD_OF" && known[ref.SpanID] {
				parent = ref.SpanID
			}
		}
		children[parent] = append(children[parent], s)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "  trace %s\n%12s %12s\n", t.TraceID, "took", "began at")
	begin := slices.MinFunc(t.Spans, earlier).StartTime
	var print func(parent, indent string)
	print = func(parent, indent string) {
		slices.SortStableFunc(children[parent], earlier)
		for _, s := range children[parent] {
			fmt.Fprintf(&out, "%12s %12s  %s%s: %s\n", micros(s.Duration), micros(s.StartTime-begin), indent, t.Processes[s.ProcessID].ServiceName, s.OperationName)
			print(s.SpanID, indent+"  ")
		}
	}
	print("", "")
	return out.String()
}

func earlier(a, b span) int { return cmp.Compare(a.StartTime, b.StartTime) }

func micros(n int64) string { return (time.Duration(n) * time.Microsecond).String() }
