// SPDX-License-Identifier: BSD-3-Clause

// Command checks holds a tree to the invariants of doc/design.md. Each check prints one line "ok GROUP/NAME" or
// "not ok GROUP/NAME", and each failure lines "# file:line: what" below it.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
)

// An invariant is one rule of the code base. Its check runs under the name GROUP/NAME.
type invariant struct {
	name string
	run  func(*tree, *check)
}

// The slow ones come first, so that both workers end at about the same time.
var groups = []struct {
	name       string
	invariants func() []invariant
}{
	{"style", invariantsOfStyle}, {"symbols", invariantsOfSymbols}, {"async_safety", invariantsOfSafety},
	{"deps", invariantsOfDeps}, {"abi", invariantsOfABI}, {"names", invariantsOfNames}, {"files", invariantsOfFiles},
	{"docs", invariantsOfDocs},
}

// A finding is one thing that is wrong. line is 0 when it is about a whole file, file is "" when
// it is about the tree.
type finding struct {
	file string
	line int
	text string
}

// A check gathers the findings of one invariant and prints its verdict.
type check struct {
	name string
	list []finding
	seen map[finding]bool
	skip string // why there is no verdict here
}

func newCheck(name string) *check { return &check{name: name, seen: map[finding]bool{}} }

func (c *check) bad(file string, line int, format string, args ...interface{}) {
	f := finding{file, line, fmt.Sprintf(format, args...)}
	if !c.seen[f] {
		c.seen[f] = true
		c.list = append(c.list, f)
	}
}

// print prints the verdict.
func (c *check) print(w io.Writer) {
	switch {
	case len(c.list) > 0:
		fmt.Fprintln(w, "not ok", c.name)
	case c.skip != "":
		fmt.Fprintf(w, "skip %s: %s\n", c.name, c.skip)
	default:
		fmt.Fprintln(w, "ok", c.name)
	}
	sort.SliceStable(c.list, func(i, j int) bool {
		a, b := c.list[i], c.list[j]
		return a.file < b.file || a.file == b.file && a.line < b.line
	})
	for _, f := range c.list {
		where := f.file + ": "
		if f.file == "" {
			where = ""
		} else if f.line != 0 {
			where = fmt.Sprintf("%s:%d: ", f.file, f.line)
		}
		fmt.Fprintf(w, "# %s%s\n", where, strings.ReplaceAll(strings.TrimRight(f.text, "\n"), "\n", "\n#   "))
	}
}

// runGroup runs the checks that the names select: GROUP, GROUP/NAME, or all without a name.
func runGroup(t *tree, w io.Writer, group string, list []invariant, names []string) (ran int, counts [3]int) {
	for _, l := range list {
		name := group + "/" + l.name
		if len(names) > 0 && !contains(names, group) && !contains(names, name) {
			continue
		}
		c := newCheck(name)
		func() {
			defer func() {
				if why := recover(); why != nil {
					c.bad("", 0, "the check itself broke: %v", why)
				}
			}()
			l.run(t, c)
		}()
		c.print(w)
		ran++
		switch {
		case len(c.list) > 0:
			counts[1]++
		case c.skip != "":
			counts[2]++
		default:
			counts[0]++
		}
	}
	return ran, counts
}

func main() {
	root, err := filepath.EvalSymlinks(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "checks:", err)
		os.Exit(2)
	}
	t := &tree{root: root, sources: map[string]*csource{}}
	out := make([]bytes.Buffer, len(groups))
	ran, counts := 0, [3]int{}
	var mu sync.Mutex
	var workers sync.WaitGroup
	two := make(chan bool, 2)
	for i, g := range groups {
		i, g := i, g
		workers.Add(1)
		two <- true
		go func() {
			defer workers.Done()
			n, more := runGroup(t, &out[i], g.name, g.invariants(), os.Args[2:])
			mu.Lock()
			defer mu.Unlock()
			ran += n
			for k := range counts {
				counts[k] += more[k]
			}
			<-two
		}()
	}
	workers.Wait()
	for i := range out {
		os.Stdout.Write(out[i].Bytes())
	}
	if ran == 0 {
		fmt.Fprintln(os.Stderr, "usage: tools/check [GROUP | GROUP/NAME]…, where a GROUP is one of:")
		for _, g := range groups {
			fmt.Fprintln(os.Stderr, " ", g.name)
		}
		os.Exit(2)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", counts[0], counts[1], counts[2])
	if counts[1] > 0 {
		os.Exit(1)
	}
}
