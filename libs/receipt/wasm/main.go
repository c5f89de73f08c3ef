//go:build js && wasm

// Program wasm is the verifier of receipts for browsers and phones: package receipt as WebAssembly. What JavaScript sees of
// it is in clients/verifier, and `make verifier` puts both together.
package main

import (
	"encoding/json"
	"fmt"
	"syscall/js"

	"github.com/bitcraps/bitcraps/libs/receipt"
)

// ready is the name of the JavaScript function that is given the verifier, once it can be called.
const ready = "bitcrapsVerifierReady"

func main() {
	js.Global().Call(ready, js.FuncOf(verify))
	select {} // The verifier lives as long as the page.
}

// answer is what verify of index.mjs returns, and index.d.ts describes.
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

// verify takes the texts of a receipt and of what to trust, or null, and returns the answer as JSON.
func verify(_ js.Value, args []js.Value) any {
	text, err := json.Marshal(check(args[0].String(), args[1]))
	if err != nil {
		panic(fmt.Sprintf("verifier: %v", err)) // Strings and booleans always have a JSON form.
	}
	return string(text)
}

func check(text string, trusted js.Value) answer {
	out := answer{OK: true, Steps: []step{}}
	fail := func(err error) answer {
		message := err.Error()
		out.OK, out.Error = false, &message
		return out
	}
	var trust *receipt.Trust
	if !trusted.IsNull() { // An empty file is not nothing.
		var err error
		if trust, err = receipt.ParseTrust([]byte(trusted.String())); err != nil {
			return fail(err)
		}
	}
	account := receipt.Verify([]byte(text), trust)
	for _, s := range account {
		detail := s.Found
		if s.Err != nil {
			detail = s.Err.Error()
		}
		out.Steps = append(out.Steps, step{s.Name, s.Err == nil, detail})
	}
	if err := account.Err(); err != nil {
		return fail(err)
	}
	return out
}
