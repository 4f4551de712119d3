// SPDX-License-Identifier: BSD-3-Clause
// Plughost opens the plugin that its first argument names, and runs the case of the second.
package main

import (
	"fmt"
	"os"
	"plugin"
)

func back(f func(int) int) {
	for i := 0; i < 100; i++ {
		if got := f(i); got != i+1 {
			fmt.Println("wrong:", got)
			os.Exit(1)
		}
	}
	fmt.Println("plugin ok")
}

func main() {
	p, err := plugin.Open(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	f, err := p.Lookup(os.Args[2])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	switch f := f.(type) {
	case func(int) int:
		back(f)
	case func() bool:
		fmt.Println(f())
	}
}
