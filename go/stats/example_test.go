// SPDX-License-Identifier: BSD-3-Clause

package stats_test

import (
	"expvar"
	"fmt"

	"rcgo.example/stats"
)

// The counters on /debug/vars of every server that uses expvar.
func ExampleVar() {
	expvar.Publish("rcgo", stats.Var{})

	fmt.Println(expvar.Get("rcgo") != nil)
	// Output: true
}

// Prints each counter for an exporter, such as one for Prometheus.
func ExampleMetrics() {
	for _, m := range stats.Metrics() {
		if m.Name == "/rcgo/threads/running:threads" && m.Value == 0 {
			fmt.Println("no thread runs this")
		}
	}
	// Output:
}

// Reports whether a limit delays the start of threads.
func ExampleRead() {
	s, ok := stats.Read()
	if ok && s.StartRetries > 0 {
		fmt.Println(s.StartRetries, "starts of threads had to wait")
	}
	// Output:
}
