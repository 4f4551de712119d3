// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// A fn is a function in the call graph.
type fn struct {
	key     string // unique: statics carry the file that they are compiled in
	name    string
	file    string // where it is written, from the root
	line    int
	stack   int
	dynamic bool // its stack has no bound known to the compiler
	ours    bool
	indir   []string // where it calls through a pointer
	calls   map[string]string
}

// A graph is what gcc's -fcallgraph-info=su says about a set of compiled files.
type graph struct{ fns map[string]*fn }

var (
	nodeLine = regexp.MustCompile(`^node: \{ title: "([^"]+)" label: "([^"]*)"(.*)\}$`)
	edgeLine = regexp.MustCompile(`^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]*)")?`)
	stackOf  = regexp.MustCompile(`^(\d+) bytes \((.*)\)$`)
)

const indirectCall = "__indirect_call"

// plainName strips what gcc adds: the file of a static, and .part.0, .constprop.0, .cold.
func plainName(title string) string {
	name := title[strings.LastIndexByte(title, ':')+1:]
	if i := strings.IndexByte(name, '.'); i > 0 {
		name = name[:i]
	}
	return name
}

func readGraph(root string, units []unit) (*graph, error) {
	g := &graph{fns: map[string]*fn{}}
	for _, u := range units {
		data, err := os.ReadFile(filepath.Join(root, u.stem+".ci"))
		if err != nil {
			return nil, err
		}
		g.addUnit(u.src, string(data))
	}
	return g, nil
}

func (g *graph) get(key, title string) *fn {
	f := g.fns[key]
	if f == nil {
		f = &fn{key: key, name: plainName(title), calls: map[string]string{}}
		g.fns[key] = f
	}
	return f
}

func (g *graph) addUnit(src, text string) {
	key := func(title string) string {
		if strings.ContainsRune(title, ':') || strings.ContainsRune(title, '.') {
			return src + "|" + title
		}
		return title
	}
	for _, line := range strings.Split(text, "\n") {
		if m := nodeLine.FindStringSubmatch(line); m != nil {
			g.addNode(key(m[1]), m[1], m[2], m[3])
		} else if m := edgeLine.FindStringSubmatch(line); m != nil {
			from := g.get(key(m[1]), m[1])
			if m[2] == indirectCall {
				from.indir = append(from.indir, m[3])
				continue
			}
			to := g.get(key(m[2]), m[2])
			if from.calls[to.key] == "" {
				from.calls[to.key] = m[3] + " "
			}
		}
	}
}

func (g *graph) addNode(key, title, label, rest string) {
	if title == indirectCall {
		return
	}
	f := g.get(key, title)
	if strings.Contains(rest, "ellipse") {
		return // declared only
	}
	parts := strings.Split(label, `\n`)
	f.ours = true
	if len(parts) > 1 {
		pos := strings.Split(parts[1], ":")
		f.file = pos[0]
		if len(pos) > 1 {
			f.line, _ = strconv.Atoi(pos[1])
		}
	}
	for _, p := range parts {
		if m := stackOf.FindStringSubmatch(p); m != nil {
			f.stack, _ = strconv.Atoi(m[1])
			f.dynamic = m[2] == "dynamic"
		}
	}
}

// callees gives the keys that a function calls, sorted.
func (f *fn) callees() []string {
	var out []string
	for k := range f.calls {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// deepest gives the most stack that a chain from key takes, and the chain.
func (g *graph) deepest(key string, busy map[string]bool) (int, []string) {
	f := g.fns[key]
	if f == nil || !f.ours || busy[key] {
		return 0, nil
	}
	busy[key] = true
	defer delete(busy, key)
	most, chain := 0, []string(nil)
	for _, k := range f.callees() {
		if n, names := g.deepest(k, busy); n > most {
			most, chain = n, names
		}
	}
	return most + f.stack, append([]string{f.name + " " + strconv.Itoa(f.stack)}, chain...)
}
