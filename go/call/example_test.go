// SPDX-License-Identifier: BSD-3-Clause

package call_test

import (
	"context"
	"fmt"
	"time"

	"rcgo.example/call"
)

// The channel stands for a call of C that runs until it is interrupted.
func ExampleDo() {
	interrupted := make(chan bool, 1)
	query := func() { <-interrupted } // C.duckdb_query(db, …)
	interrupt := func() {             // C.duckdb_interrupt(db): may run several times, and never waits
		select {
		case interrupted <- true:
		default:
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	fmt.Println(call.Do(ctx, query, interrupt))
	// Output: context deadline exceeded
}

func ExampleLimiter() {
	inC := call.NewLimiter(2) // the maximum number of calls in C at a time
	err := inC.Do(context.Background(), func() { fmt.Println("in C") })
	fmt.Println(err, inC.Stats().Running)
	// Output:
	// in C
	// <nil> 0
}
