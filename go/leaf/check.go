// SPDX-License-Identifier: BSD-3-Clause

package leaf

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rcgo.example/leaf/internal/ccall"
)

// limit is the CPU time in nanoseconds above which a checked leaf is reported.
var limit = int64(20 * time.Microsecond)

// SetLimit sets the CPU time above which a checked leaf is reported. The default is 20 µs: a microsecond, and a margin
// for interruptions by the machine.
func SetLimit(d time.Duration) { atomic.StoreInt64(&limit, int64(d)) }

// A Finding says which rules one leaf has broken.
type Finding struct {
	Name     string        // of the leaf
	Calls    int           // number of calls that broke a rule
	CPU      time.Duration // the longest CPU time of a call that took more than the limit
	Blocked  bool          // a call waited
	CalledGo bool          // a call entered Go
	Locks    int           // the most locks of C that were held across a callback (tag rcgo_leafcheck)
}

var checked struct {
	sync.Mutex
	by        map[string]*Finding
	callsBack map[string]bool // the functions of WithCallbacks
	out       io.Writer
}

// checkCallbacks records that a function may call back: then the code between callbacks is checked.
func checkCallbacks(name string) {
	checked.Lock()
	defer checked.Unlock()
	if checked.callsBack == nil {
		checked.callsBack = map[string]bool{}
	}
	checked.callsBack[name] = true
}

func callsBack(name string) bool {
	checked.Lock()
	defer checked.Unlock()
	return checked.callsBack[name]
}

// checkOn is computed once, because all bindings must be of one kind.
var checkOn = builtToCheck || optionIs(os.Getenv("RCGO"), "leafcheck", "on")

func checking() bool { return checkOn }

// watchingHangs reports whether a program whose goroutines do not run shall end with a report.
func watchingHangs() bool { return optionIs(os.Getenv("RCGO"), "leafcheck", "hangs") }

// optionIs looks a value up in NAME=VALUE,NAME=VALUE; the last one counts.
func optionIs(options, name, value string) bool {
	is := false
	for _, word := range strings.Split(options, ",") {
		if strings.HasPrefix(word, name+"=") {
			is = word == name+"="+value
		}
	}
	return is
}

func check(name string, call *ccall.Call) {
	g, offset := schedSP()
	callbacks := callsBack(name)
	f := ccall.RunChecked(call, g, offset, callbacks)
	long := int64(f.CPU) > atomic.LoadInt64(&limit)
	if !long && f.Blocked == 0 && f.CalledGo == 0 && f.Locks <= 0 {
		return
	}
	checked.Lock()
	defer checked.Unlock()
	if checked.by == nil {
		checked.by = map[string]*Finding{}
	}
	known := checked.by[name]
	if known == nil {
		known = &Finding{Name: name}
		checked.by[name] = known
	}
	known.Calls++
	// One line for each rule that a function breaks, not for each call.
	if long && known.CPU == 0 {
		if callbacks {
			report("leaf: %s took %v of CPU time between two callbacks, and no collection can begin meanwhile; if that is usual, call it by cgo (C.%s)",
				name, time.Duration(f.CPU), name)
		} else {
			report("leaf: %s took %v of CPU time; a leaf may take about a microsecond", name, time.Duration(f.CPU))
		}
	}
	if f.Blocked > 0 && !known.Blocked {
		report("leaf: %s waited %v; a leaf may not block", name, time.Duration(f.Wall-f.CPU))
	}
	if int(f.Locks) > known.Locks {
		report("leaf: %s held %d locks across a callback: if another leaf or call with callbacks waits for one, both hang; "+
			"lock it with rcgo_mutex_lock (rcgo_leaf.h), let one goroutine at a time use it, make the callback leaf.Short, or call %s by cgo", name, f.Locks, name)
		known.Locks = int(f.Locks)
	}
	if f.CalledGo != 0 && !known.CalledGo {
		report("leaf: %s called Go; unchecked this ends the program", name)
	}
	if long && time.Duration(f.CPU) > known.CPU {
		known.CPU = time.Duration(f.CPU)
	}
	known.Blocked = known.Blocked || f.Blocked > 0
	known.CalledGo = known.CalledGo || f.CalledGo != 0
}

func report(format string, args ...interface{}) {
	out := checked.out
	if out == nil {
		out = os.Stderr
	}
	fmt.Fprintf(out, format+"\n", args...)
}

// Findings returns which rules checked leaves have broken so far. Leaves are checked if the environment has
// RCGO=leafcheck=on, or if built with the tag rcgo_leafcheck.
func Findings() []Finding {
	checked.Lock()
	defer checked.Unlock()
	var list []Finding
	for _, f := range checked.by {
		list = append(list, *f)
	}
	return list
}
