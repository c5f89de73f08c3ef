//go:build js && wasm

// Program wasm is the verifier of receipts for browsers and phones: package receipt compiled to WebAssembly. Its JavaScript interface is
// in clients/verifier; `make verifier` packages both.
package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"syscall/js"

	"github.com/bitcraps/bitcraps/libs/receipt"
)

// ready is the name of the JavaScript function that receives the verifier once it can be called.
const ready = "bitcrapsVerifierReady"

func main() {
	js.Global().Call(ready, js.FuncOf(verify))
	select {} // The verifier lives as long as the page.
}

// answer is the result of verify in index.mjs, which index.d.ts describes.
type answer struct {
	OK    bool    `json:"ok"`
	Steps []step  `json:"steps"`
	Error *string `json:"error"`
}

type step struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// verify takes an array of the texts of receipts and the text of what to trust, or null, and returns the answers as JSON.
func verify(_ js.Value, args []js.Value) any {
	texts := make([]string, args[0].Length())
	for i := range texts {
		texts[i] = args[0].Index(i).String()
	}
	text, err := json.Marshal(check(texts, args[1]))
	if err != nil {
		panic(fmt.Sprintf("verifier: %v", err)) // Strings and booleans always have a JSON form.
	}
	return string(text)
}

func check(texts []string, trusted js.Value) answers {
	var trust *receipt.Trust
	if !trusted.IsNull() { // An empty file counts as given.
		var err error
		if trust, err = receipt.ParseTrust([]byte(trusted.String())); err != nil {
			return untrusted(len(texts), err)
		}
	}
	report := receipt.Verify([]byte(text), trust)
	for _, s := range report {
		detail := s.Found
		if s.Err != nil {
			detail = s.Err.Error()
		}
		out.Steps = append(out.Steps, step{s.Name, s.Err == nil, detail})
	}
	if err := report.Err(); err != nil {
		return fail(err)
	}
	return out
}

func stepOf(s receipt.Step) step {
	if s.Err != nil {
		return step{s.Name, false, s.Err.Error()}
	}
	return step{s.Name, true, s.Found}
}
