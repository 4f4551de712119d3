// SPDX-License-Identifier: BSD-3-Clause

package stacks_test

import (
	"net/http"
	"os"

	"rcgo.example/stacks"
)

// A page next to those of net/http/pprof.
func ExampleHandler() {
	mux := http.NewServeMux()
	mux.Handle("/debug/cgo/stacks", stacks.Handler())
	// Output:
}

// Writes what the program does now to its log.
func ExampleWrite() {
	if stacks.Available() {
		stacks.Write(os.Stderr)
	}
	// Output:
}
