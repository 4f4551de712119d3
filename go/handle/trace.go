// SPDX-License-Identifier: BSD-3-Clause

package handle

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
)

// tracing is read once, so that the fast path has one predictable branch.
var tracing = strings.Contains(","+os.Getenv("RCGO")+",", ",handles=trace,")

// traces has the stacks that created the live handles.
var traces = tracer{by: map[number][]uintptr{}}

type tracer struct {
	mu sync.Mutex
	by map[number][]uintptr
}

func (t *tracer) add(h number) {
	pcs := make([]uintptr, 32)
	pcs = pcs[:runtime.Callers(4, pcs)]
	t.mu.Lock()
	t.by[h] = pcs
	t.mu.Unlock()
}

func (t *tracer) remove(h number) {
	t.mu.Lock()
	delete(t.by, h)
	t.mu.Unlock()
}

// WriteLeaks prints the handles that were not deleted, grouped by the place that created them, and returns their
// number. The places are known if RCGO=handles=trace is in the environment.
func WriteLeaks(w io.Writer) int {
	live := int(Count().Live)
	if !tracing {
		if live > 0 {
			fmt.Fprintf(w, "%d handles are live; RCGO=handles=trace tells where they were made\n", live)
		}
		return live
	}
	traces.mu.Lock()
	defer traces.mu.Unlock()
	places := map[string]int{}
	for _, pcs := range traces.by {
		places[place(pcs)]++
	}
	var order []string
	for p := range places {
		order = append(order, p)
	}
	sort.Slice(order, func(i, j int) bool {
		if places[order[i]] != places[order[j]] {
			return places[order[i]] > places[order[j]]
		}
		return order[i] < order[j]
	})
	for _, p := range order {
		fmt.Fprintf(w, "%d live handles made at\n%s", places[p], p)
	}
	return len(traces.by)
}

func place(pcs []uintptr) string {
	var b strings.Builder
	for frames := runtime.CallersFrames(pcs); ; {
		f, more := frames.Next()
		fmt.Fprintf(&b, "\t%s\n\t\t%s:%d\n", f.Function, f.File, f.Line)
		if !more {
			return b.String()
		}
	}
}
