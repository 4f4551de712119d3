// SPDX-License-Identifier: BSD-3-Clause

// Command clash has C code that defines every name that the stock runtime/cgo of some Go version
// exports besides its contract. With that version it does not link (fatalf and threadentry are
// common names in C programs); with the drop-in it links and runs.
package main

/*
int clash_sum(void);
int clash_count(void);
*/
import "C"

import "fmt"

//export clashFromC
func clashFromC(n C.int) C.int { return n }

func main() {
	fmt.Printf("own names: %d of %d\n", C.clash_sum(), C.clash_count())
}
