package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// event is what happened, for people and for programs.
type event struct {
	// Seconds have passed since the start.
	Seconds float64 `json:"seconds"`
	Step    string  `json:"step"`
	Text    string  `json:"text"`
	Data    any     `json:"data,omitempty"`
}

// reporter is told of events.
type reporter interface {
	// event says what happened in a step. data is for programs; where it has a text of its own, people see it too.
	event(step, text string, data any)
}

// printer writes each event.
type printer struct {
	mu    sync.Mutex
	begin time.Time
	write func(event)
}

func (p *printer) event(step, text string, data any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write(event{Seconds: time.Since(p.begin).Seconds(), Step: step, Text: text, Data: data})
}

// human is a reporter for the terminal.
func human(out io.Writer) reporter {
	return &printer{begin: time.Now(), write: func(e event) {
		fmt.Fprintf(out, "%6.1fs  %-10s %s\n", e.Seconds, e.Step, e.Text)
		if long, ok := e.Data.(fmt.Stringer); ok {
			fmt.Fprintf(out, "\n%s\n", long)
		}
	}}
}

// lines is a reporter for programs: a JSON object on each line.
func lines(out io.Writer) reporter {
	encoder := json.NewEncoder(out)
	return &printer{begin: time.Now(), write: func(e event) { _ = encoder.Encode(e) }} // Who reads may be gone.
}
