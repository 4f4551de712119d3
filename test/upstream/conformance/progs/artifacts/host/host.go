// SPDX-License-Identifier: BSD-3-Clause
// Opens the plugin named on its command line and prints what it answers.
package main

import "C"

import (
	"fmt"
	"os"
	"plugin"
)

func main() {
	p, err := plugin.Open(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	f, err := p.Lookup("Twice")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(f.(func(int) int)(21))
}
