// SPDX-License-Identifier: BSD-3-Clause

package main

import (
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

// A touch is a function of libc at a moment.
type touch struct{ moment, name string }

// checkMoments: what our code takes from libc at each moment is in the list, with the reason. A new
// entry point, such as one of the loader or of malloc, is a difference from stock until it is known.
func checkMoments(t *tree, c *check, p platform) {
	units, ok := t.separateUnits(c, p)
	if !ok {
		return
	}
	g, err := readGraph(t.root, withoutInterposers(units))
	if err != nil {
		c.bad("", 0, "%v", err)
		return
	}
	touched, listed := g.touches(), t.libc(c)
	for at, way := range touched {
		if !listed[at.name].moments[at.moment] {
			c.bad(libcList, 0, "%s: %s is not listed. If stock's runtime/cgo does without it, so should ours; else add the line with the reason: %s",
				at.moment, at.name, way)
		}
	}
	for name, e := range listed {
		for moment := range e.moments {
			if touched[touch{moment, name}] == "" {
				c.bad(libcList, e.line, "%s: %s is not reached any more", moment, name)
			}
		}
	}
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
				} else if !strings.HasPrefix(callee.name, "__builtin_") && !strings.HasPrefix(callee.name, "__aarch64_") &&
					!strings.HasPrefix(callee.name, "rcgo__") { // assembly
					out[touch{moment, callee.name}] = way[key]
				}
			}
			keys = keys[1:]
		}
	}
	return out
}
