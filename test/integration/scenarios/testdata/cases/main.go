// SPDX-License-Identifier: BSD-3-Clause
// Cases is one program with many small scenarios: cases NAME [ARGS] runs one of them.
package main

import (
	"fmt"
	"os"
	"sort"
)

// cases is filled in by the other files.
var cases = map[string]func(args []string) error{}

func main() {
	if len(os.Args) > 1 {
		if run, ok := cases[os.Args[1]]; ok {
			if err := run(os.Args[2:]); err != nil {
				fmt.Printf("failed %s: %v\n", os.Args[1], err)
				os.Exit(1)
			}
			fmt.Println("done", os.Args[1])
			return
		}
	}
	fmt.Fprintln(os.Stderr, "usage: cases NAME [ARGS]")
	var names []string
	for name := range cases {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Fprintln(os.Stderr, names)
	os.Exit(2)
}
