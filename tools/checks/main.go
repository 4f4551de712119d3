// SPDX-License-Identifier: BSD-3-Clause

// Command checks holds a tree to the invariants of doc/design.md: one check a run, one line
// "ok NAME" or "not ok NAME" a check, each failure followed by lines "# file:line: what".
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// An invariant is one rule of the code base. Its check runs under the name GROUP/NAME.
type invariant struct {
	name string
	run  func(*tree, *check)
}

var groups = map[string]func() []invariant{
	"names":        invariantsOfNames,
	"files":        invariantsOfFiles,
	"deps":         invariantsOfDeps,
	"symbols":      invariantsOfSymbols,
	"abi":          invariantsOfABI,
	"async_safety": invariantsOfSafety,
	"style":        invariantsOfStyle,
	"docs":         invariantsOfDocs,
}

func usage() {
	var names []string
	for name := range groups {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Fprintf(os.Stderr, "usage: checks NAME[/CHECK] [ROOT]\n\nnames: %v\n", names)
	os.Exit(2)
}

func main() {
	args := os.Args[1:]
	if len(args) == 1 && args[0] == "build" {
		return // tools/checks/run has just built it
	}
	if len(args) < 1 || len(args) > 2 {
		usage()
	}
	name := strings.SplitN(args[0]+"/", "/", 3)
	if groups[name[0]] == nil {
		usage()
	}
	t := openTree(args[1:])
	ran := false
	for _, l := range groups[name[0]]() {
		if name[1] == "" || name[1] == l.name {
			c := newCheck(name[0] + "/" + l.name)
			l.run(t, c)
			t.end(c)
			ran = true
		}
	}
	if !ran {
		usage()
	}
	os.Exit(t.exitStatus())
}

// openTree opens the tree at args[0], or the one that this program's source lies in.
func openTree(args []string) *tree {
	root := os.Getenv("RCGO_CHECK_HOME")
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
		fmt.Fprintln(os.Stderr, "checks:", err)
		os.Exit(2)
	}
	return &tree{root: root, sources: map[string]*csource{}}
}
