// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// A moment is when Go or the kernel runs our code in a program that has asked for nothing: the
// functions that run first.
var moments = map[string]map[string]bool{
	"start":  words("x_cgo_init x_cgo_sys_thread_create x_cgo_notify_runtime_init_done x_cgo_default_start"),
	"thread": words("x_cgo_thread_start thread_entry x_cgo_getstackbound x_cgo_bindm thread_ended"),
	"signal": words("rcgo__callers_collect rcgo__trampoline_enter rcgo__signal_chain_inspect x_cgo_sigaction default_for_signals"),
	"call":   words("_cgo_wait_runtime_init_done _cgo_release_context"),
}

const momentsList = "tools/libc_by_moment.txt"

// A touch is a function of libc at a moment.
type touch struct{ moment, name string }

// checkMoments: what our code takes from libc at each moment is in the list, with the reason. A new
// entry point, such as one of the loader or of malloc, is a difference from stock until it is known.
func checkMoments(t *tree, c *check, p platform) {
	units, ok := t.graphUnits(c, p)
	if !ok {
		return
	}
	g, err := readGraph(t.root, withoutInterposers(units))
	if err != nil {
		c.bad("", 0, "%v", err)
		return
	}
	listed, lines := readMoments(t, c)
	touched := g.touches()
	for at, way := range touched {
		if listed[at] == 0 {
			c.bad(momentsList, 0, "%s: %s is not listed. If stock's runtime/cgo does without it, so should ours; else add the line with the reason: %s",
				at.moment, at.name, way)
		}
	}
	for at, line := range listed {
		if touched[at] == "" && !lines[at] {
			c.bad(momentsList, line, "%s: %s is not reached any more", at.moment, at.name)
		}
	}
}

// readMoments reads lines of MOMENT NAME REASON. The second map has those of one CPU only.
func readMoments(t *tree, c *check) (map[touch]int, map[touch]bool) {
	listed, some := map[touch]int{}, map[touch]bool{}
	data, err := os.ReadFile(filepath.Join(t.root, momentsList))
	if err != nil {
		c.bad(momentsList, 0, "%v", err)
	}
	for i, line := range strings.Split(string(data), "\n") {
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(f) < 3 || moments[f[0]] == nil {
			c.bad(momentsList, i+1, "want: MOMENT NAME REASON")
			continue
		}
		listed[touch{f[0], f[1]}] = i + 1
		some[touch{f[0], f[1]}] = strings.HasPrefix(f[2], "(")
	}
	return listed, some
}

// touches gives what is reached at each moment outside of our code, each with the way there.
func (g *graph) touches() map[touch]string {
	out := map[touch]string{}
	for moment, first := range moments {
		var keys []string
		way := map[string]string{}
		for key, f := range g.fns {
			if f.ours && first[f.name] {
				keys = append(keys, key)
				way[key] = f.name
			}
		}
		sort.Strings(keys)
		for len(keys) > 0 {
			f := g.fns[keys[0]]
			for _, key := range f.callees() {
				callee := g.fns[key]
				if way[key] != "" {
					continue
				}
				way[key] = way[keys[0]] + " -> " + callee.name
				if callee.ours {
					keys = append(keys, key)
				} else if !strings.HasPrefix(callee.name, "__builtin_") && !strings.HasPrefix(callee.name, "__aarch64_") {
					out[touch{moment, callee.name}] = way[key]
				}
			}
			keys = keys[1:]
		}
	}
	return out
}
