// SPDX-License-Identifier: BSD-3-Clause
// Plughost opens the plugin that its argument names.
package main

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
	back, err := p.Lookup("Back")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := 0; i < 100; i++ {
		if got := back.(func(int) int)(i); got != i+1 {
			fmt.Println("wrong:", got)
			os.Exit(1)
		}
	}
	fmt.Println("plugin ok")
}
