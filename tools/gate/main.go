// SPDX-License-Identifier: BSD-3-Clause

// Command gate checks the laws of the house (doc/design.md) on a tree: one gate a run, one line
// "ok NAME" or "not ok NAME" a check, each failure followed by lines "# file:line: what".
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
)

var gates = map[string]func(*tree){
	"names":   gateNames,
	"files":   gateFiles,
	"deps":    gateDeps,
	"symbols": gateSymbols,
	"abi":     gateABI,
	"as":      gateAS,
	"style":   gateStyle,
	"docs":    gateDocs,
}

func usage() {
	names := []string{"gofiles OS ARCH"}
	for name := range gates {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Fprintf(os.Stderr, "usage: gate NAME [ROOT]\n\nnames: %v\n", names)
	os.Exit(2)
}

func main() {
	args := os.Args[1:]
	if len(args) == 1 && args[0] == "build" {
		return // tools/gate/run has just built it
	}
	if len(args) >= 3 && len(args) <= 4 && args[0] == "gofiles" {
		t := openTree(args[3:])
		for _, name := range t.goFiles(args[1], args[2]) {
			fmt.Println(name)
		}
		os.Exit(t.exitStatus())
	}
	if len(args) < 1 || len(args) > 2 || gates[args[0]] == nil {
		usage()
	}
	t := openTree(args[1:])
	gates[args[0]](t)
	os.Exit(t.exitStatus())
}

// openTree opens the tree at args[0], or the one that this program's source lies in.
func openTree(args []string) *tree {
	root := os.Getenv("RCGO_GATE_HOME")
	if len(args) > 0 {
		root = args[0]
	}
	if root == "" {
		root = "."
	}
	root, err := filepath.Abs(root)
	if err == nil {
		root, err = filepath.EvalSymlinks(root)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gate:", err)
		os.Exit(2)
	}
	return &tree{root: root, sources: map[string]*csource{}}
}
