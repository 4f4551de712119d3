// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"path/filepath"
	"sort"
	"strings"
)

// checkCircles: a file can be read after the files that it calls, so no two files call each other, be
// it through others.
func checkCircles(t *tree, c *check, p platform) {
	units, ok := t.graphUnits(c, p, "-O0")
	if !ok {
		return
	}
	inLibcsPlace := map[string]bool{} // a call of sigaction is meant for libc's
	for _, s := range t.contract(newCheck("")) {
		inLibcsPlace[s.name] = s.forC()
	}
	home, needs := map[string]string{}, map[string][]string{}
	for _, u := range units {
		syms, err := objSymbols(u.stem + ".o")
		if err != nil {
			c.bad(u.src, 0, "%v", err)
		}
		for _, s := range syms {
			if s.defined && !inLibcsPlace[s.name] {
				home[s.name] = u.src
			} else if !s.defined {
				needs[u.src] = append(needs[u.src], s.name)
			}
		}
	}
	calls := map[string][]string{}
	for file, names := range needs {
		for _, name := range names {
			if to := home[name]; to != "" && to != file {
				calls[file] = append(calls[file], to)
			}
		}
	}
	for _, group := range circles(calls) {
		var names []string
		for _, file := range group {
			names = append(names, filepath.Base(file))
		}
		c.bad(group[0], 0, "%s call each other: move what both need to a file below them", strings.Join(names, ", "))
	}
}

// circles returns the strongly connected components with more than one file, each sorted.
func circles(calls map[string][]string) [][]string {
	var files []string
	for file := range calls {
		files = append(files, file)
	}
	sort.Strings(files)
	reach := map[string]map[string]bool{}
	for _, file := range files {
		reach[file] = reachable(calls, file)
	}
	var out [][]string
	seen := map[string]bool{}
	for _, file := range files {
		if seen[file] || !reach[file][file] {
			continue
		}
		var group []string
		for _, other := range files {
			if reach[file][other] && reach[other][file] {
				group = append(group, other)
				seen[other] = true
			}
		}
		out = append(out, group)
	}
	return out
}

// reachable returns the files that file calls, directly or through others.
func reachable(calls map[string][]string, file string) map[string]bool {
	found := map[string]bool{}
	todo := []string{file}
	for len(todo) > 0 {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, to := range calls[next] {
			if !found[to] {
				found[to] = true
				todo = append(todo, to)
			}
		}
	}
	return found
}
