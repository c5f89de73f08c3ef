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

// answers is the result of verifyRounds in index.mjs, which index.d.ts describes.
type answers struct {
	OK       bool     `json:"ok"`
	Receipts []answer `json:"receipts"`
	Sequence step     `json:"sequence"`
}

// answer is the result of verify in index.mjs, for one receipt.
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

// verify takes an array of the texts of receipts, the text of what to trust or null, and the id of the game or null, and returns the answers as JSON.
func verify(_ js.Value, args []js.Value) any {
	texts := make([]string, args[0].Length())
	for i := range texts {
		texts[i] = args[0].Index(i).String()
	}
	text, err := json.Marshal(check(texts, args[1], args[2]))
	if err != nil {
		panic(fmt.Sprintf("verifier: %v", err)) // Strings and booleans always have a JSON form.
	}
	return string(text)
}

func check(texts []string, trusted, game js.Value) answers {
	var trust *receipt.Trust
	if !trusted.IsNull() { // An empty file counts as given.
		var err error
		if trust, err = receipt.ParseTrust([]byte(trusted.String())); err != nil {
			return untrusted(len(texts), err)
		}
	}
	var sequence receipt.Sequence
	if !game.IsNull() {
		sequence.Game = game.String()
	}
	out := answers{Receipts: []answer{}}
	for _, text := range texts {
		out.Receipts = append(out.Receipts, answerOf(sequence.Add([]byte(text), trust)))
	}
	out.Sequence = stepOf(sequence.Check()) // It fails if a receipt did.
	out.OK = out.Sequence.OK
	return out
}

// untrusted is the answer if what to trust can't be read: no receipt is checked.
func untrusted(receipts int, err error) answers {
	message := err.Error()
	return answers{
		Receipts: slices.Repeat([]answer{{Steps: []step{}, Error: &message}}, receipts),
		Sequence: step{Name: "sequence", Detail: "not checked: " + message},
	}
}

func answerOf(report receipt.Report) answer {
	out := answer{OK: true, Steps: []step{}}
	for _, s := range report {
		out.Steps = append(out.Steps, stepOf(s))
	}
	if err := report.Err(); err != nil {
		message := err.Error()
		out.OK, out.Error = false, &message
	}
	return out
}

func stepOf(s receipt.Step) step {
	if s.Err != nil {
		return step{s.Name, false, s.Err.Error()}
	}
	return step{s.Name, true, s.Found}
}
