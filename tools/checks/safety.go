// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"regexp"
	"strings"
)

const (
	stackBudget = 4096
)

// A promise is what a Safety: line says of a function.
type promise struct {
	file           string
	line           int
	mtSafe, asSafe bool
	keys           map[string]string
	indirect       bool // the comment says why a call through a pointer is right
	tooDeep        map[string]bool
}

func (p *promise) onSignalStack() bool {
	return p.keys["stack"] == "signal" || p.keys["stack"] == "any"
}

var (
	safetyLine = regexp.MustCompile(`(?m)^[ \t/*]*Safety: (MT-\S+) (AS-\S+) \|(.*)$`)
	indirLine  = regexp.MustCompile(`(?m)^[ \t/*]*Indirect: \S`)
	vocabulary = map[string]string{
		"stack": " any signal g0 os c ",
		"g":     " maybe-nil nil set ",
		"errno": " kept set ",
		"alloc": " no libc ",
		"lock":  "",
	}
)

// readPromise reads the Safety: line of a comment; nil when there is none.
func readPromise(c *check, src *csource, d *decl) *promise {
	m := safetyLine.FindStringSubmatch(d.comment)
	if m == nil {
		return nil
	}
	p := &promise{file: src.path, line: d.nameLine, keys: map[string]string{}, tooDeep: map[string]bool{}}
	p.mtSafe, p.asSafe = m[1] == "MT-Safe", m[2] == "AS-Safe"
	p.indirect = indirLine.MatchString(d.comment)
	if m[1] != "MT-Safe" && m[1] != "MT-Unsafe" || m[2] != "AS-Safe" && m[2] != "AS-Unsafe" {
		c.bad(src.path, d.nameLine, "%s: Safety: begins MT-Safe or MT-Unsafe, then AS-Safe or AS-Unsafe", d.name)
	}
	for _, pair := range strings.Fields(m[3]) {
		kv := strings.SplitN(pair, "=", 2)
		allowed, known := vocabulary[kv[0]]
		if !known || len(kv) != 2 || allowed != "" && !strings.Contains(allowed, " "+kv[1]+" ") {
			c.bad(src.path, d.nameLine, "%s: Safety: does not know %q (%s is one of:%s)", d.name, pair, kv[0], allowed)
			continue
		}
		p.keys[kv[0]] = kv[1]
	}
	for _, k := range []string{"stack", "g", "errno", "alloc", "lock"} {
		if p.keys[k] == "" {
			c.bad(src.path, d.nameLine, "%s: Safety: says nothing of %s=", d.name, k)
		}
	}
	if p.asSafe && (p.keys["alloc"] != "no" || p.keys["lock"] != "none") {
		c.bad(src.path, d.nameLine, "%s: AS-Safe needs alloc=no lock=none", d.name)
	}
	return p
}

// promises gathers the Safety: lines; every function that other files can call has exactly one.
func (t *tree) promises(c *check) map[string]*promise {
	out := map[string]*promise{}
	sources := t.parse(append(append(t.srcH(), t.glob("include/*.h")...), t.srcC()...))
	for _, src := range sources {
		for _, d := range src.decls {
			if d.kind != declFuncDef && d.kind != declFuncProto {
				continue
			}
			p := readPromise(c, src, d)
			if p == nil {
				continue
			}
			if old := out[d.name]; old != nil && !d.static {
				c.bad(src.path, d.nameLine, "%s has its Safety: line at %s:%d already", d.name, old.file, old.line)
			}
			out[d.name] = p
		}
	}
	for _, src := range sources {
		for _, d := range src.decls {
			switch {
			case d.static || d.name == "" || strings.HasPrefix(d.name, "__"):
			case d.kind == declFuncDef && out[d.name] == nil,
				d.kind == declFuncProto && strings.HasSuffix(src.path, ".h") && out[d.name] == nil:
				c.bad(src.path, d.nameLine, "%s has no Safety: line above its prototype (no line means unsafe)", d.name)
			case d.kind == declFuncDef && out[d.name] != nil && indirLine.MatchString(d.comment):
				out[d.name].indirect = true
			}
		}
	}
	return out
}

// staticIndirect gives the static functions whose comment says why they call through a pointer.
func (t *tree) staticIndirect() map[string]bool {
	out := map[string]bool{}
	for _, src := range t.parse(append(t.srcC(), t.srcH()...)) {
		for _, d := range src.decls {
			if d.kind == declFuncDef && indirLine.MatchString(d.comment) {
				out[src.path+":"+d.name] = true
			}
		}
	}
	return out
}

// noreturns gives the functions of which some declaration says that they do not return.
func (t *tree) noreturns() map[string]bool {
	out := map[string]bool{}
	for _, src := range t.parse(append(t.srcC(), t.srcH()...)) {
		for _, d := range src.decls {
			if d.kind != declFuncDef && d.kind != declFuncProto {
				continue
			}
			out[d.name] = out[d.name] || strings.Contains(d.head, "RCGO_NORETURN")
		}
	}
	return out
}

// A libcEntry is what tools/libc.txt says of a function.
type libcEntry struct {
	asSafe  bool
	moments map[string]bool
	line    int
}

const libcList = "tools/libc.txt"

var libcLine = regexp.MustCompile(`^(\w+)\s+(posix|safe|-)(?:\s+((?:[a-z]+ ?)+):)?(.*)$`)

// libc reads the list of the functions that our code takes from libc.
func (t *tree) libc(c *check) map[string]libcEntry {
	out := map[string]libcEntry{}
	for i, line := range strings.Split(t.read(libcList), "\n") {
		m := libcLine.FindStringSubmatch(line)
		switch {
		case line == "" || line[0] == '#':
			continue
		case m == nil || strings.TrimSpace(m[4]) == "" && (m[2] != "posix" || m[3] != ""):
			c.bad(libcList, i+1, "want: NAME posix|safe|- [MOMENT…:] REASON: %s", line)
			continue
		}
		e := libcEntry{m[2] != "-", words(m[3]), i + 1}
		for moment := range e.moments {
			if moments[moment] == nil {
				c.bad(libcList, i+1, "%s is no moment", moment)
			}
		}
		out[m[1]] = e
	}
	if len(out) == 0 {
		c.bad(libcList, 0, "lists nothing")
	}
	return out
}
