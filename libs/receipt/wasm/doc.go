// Program wasm is the verifier of receipts for browsers and phones: package receipt as WebAssembly. What JavaScript sees of
// it is in clients/verifier, and `make verifier` puts both together.
package main
