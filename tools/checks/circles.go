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
	units, ok := t.separateUnits(c, p)
	if !ok {
		return
	}
	all, home := t.symbolsOf(c, units)
	calls := map[string][]string{}
	for file, syms := range all {
		for _, s := range syms {
			if to := home[s.name]; !s.defined && to != "" && to != file {
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

// circles returns the nodes that reach each other, each group sorted; a node alone only if it calls itself.
func circles(calls map[string][]string) [][]string {
	index, low, open := map[string]int{}, map[string]int{}, map[string]bool{}
	var stack []string
	var out [][]string
	var visit func(string)
	visit = func(node string) { // Tarjan's algorithm
		index[node] = len(index) + 1
		low[node] = index[node]
		stack, open[node] = append(stack, node), true
		for _, to := range calls[node] {
			if index[to] == 0 {
				visit(to)
				low[node] = min(low[node], low[to])
			} else if open[to] {
				low[node] = min(low[node], index[to])
			}
		}
		if low[node] < index[node] {
			return
		}
		var group []string
		for last := ""; last != node; {
			last = stack[len(stack)-1]
			stack, open[last] = stack[:len(stack)-1], false
			group = append(group, last)
		}
		sort.Strings(group)
		if len(group) > 1 || contains(calls[node], node) {
			out = append(out, group)
		}
	}
	for _, node := range sortedKeys(calls) {
		if index[node] == 0 {
			visit(node)
		}
	}
	return out
}

func sortedKeys(m map[string][]string) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
