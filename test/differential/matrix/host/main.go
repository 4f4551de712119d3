// SPDX-License-Identifier: BSD-3-Clause

// Host loads the program of the matrix as a plugin: host HOW LIBRARY PLUGIN.
package main

import "C"

import (
	"fmt"
	"os"
	"plugin"
)

func main() {
	p, err := plugin.Open(os.Args[3])
	if err == nil {
		var run plugin.Symbol
		if run, err = p.Lookup("Run"); err == nil {
			os.Exit(run.(func(string, string) int)(os.Args[1], os.Args[2]))
		}
	}
	fmt.Println(err)
	os.Exit(2)
}
