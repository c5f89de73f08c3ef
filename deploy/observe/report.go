package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// event is something that happened, as text and as data.
type event struct {
	// Seconds is the time since the start.
	Seconds float64 `json:"seconds"`
	Step    string  `json:"step"`
	Text    string  `json:"text"`
	Data    any     `json:"data,omitempty"`
}

// reporter writes each event with a function.
type reporter struct {
	mu    sync.Mutex
	begin time.Time
	write func(event)
}

// event reports what happened in a step. data is for programs; a text reporter also prints it if it is a fmt.Stringer.
func (r *reporter) event(step, text string, data any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.write(event{Seconds: time.Since(r.begin).Seconds(), Step: step, Text: text, Data: data})
}

// textReporter returns a reporter for the terminal.
func textReporter(out io.Writer) *reporter {
	return &reporter{begin: time.Now(), write: func(e event) {
		fmt.Fprintf(out, "%6.1fs  %-10s %s\n", e.Seconds, e.Step, e.Text)
		if long, ok := e.Data.(fmt.Stringer); ok {
			fmt.Fprintf(out, "\n%s\n", long)
		}
	}}
}

// jsonReporter returns a reporter for programs: one JSON object per line.
func jsonReporter(out io.Writer) *reporter {
	encoder := json.NewEncoder(out)
	return &reporter{begin: time.Now(), write: func(e event) { _ = encoder.Encode(e) }} // The reader may be gone.
}
