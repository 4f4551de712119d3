// SPDX-License-Identifier: BSD-3-Clause
package main

// #include "threadsoak.h"
import "C"

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync/atomic"
)

// usage is everything that could leak.
type usage struct {
	residentKiB, mappings, threads, spare, files, keys int
	running, bound                                     C.uint64_t
}

func (u usage) String() string {
	return fmt.Sprintf("%d KiB, %d mappings, %d threads (%d for Go, %d of C bound), %d spare, %d files, %d keys left",
		u.residentKiB, u.mappings, u.threads, u.running, u.bound, u.spare, u.files, u.keys)
}

func status(field string) int {
	text, _ := os.ReadFile("/proc/self/status")
	i := bytes.Index(text, []byte(field))
	if i < 0 {
		fail("no %s in /proc/self/status", field)
		return 0
	}
	n, _ := strconv.Atoi(string(bytes.Fields(text[i+len(field):])[0]))
	return n
}

func entries(dir string) int {
	list, err := os.ReadDir(dir)
	if err != nil {
		fail("%v", err)
	}
	return len(list)
}

// spareThreads counts the pre-spawned threads, and the thread that makes them (RCGO=spare=N).
func spareThreads() int {
	n := 0
	names, _ := filepath.Glob("/proc/self/task/*/comm")
	for _, name := range names {
		if text, _ := os.ReadFile(name); string(text) == "go:0\n" {
			n++
		}
	}
	return n
}

func now() usage {
	var u usage
	debug.FreeOSMemory()
	u.residentKiB = status("VmRSS:")
	maps, _ := os.ReadFile("/proc/self/maps")
	u.mappings = bytes.Count(maps, []byte("\n"))
	u.spare = spareThreads()
	u.threads = status("Threads:") - u.spare // its list may be incomplete while threads end
	u.files = entries("/proc/self/fd")
	u.keys = int(C.soak_keys_left())
	C.soak_counted(&u.running, &u.bound)
	return u
}

// adds reports whether each thread is counted. runtime/cgo did not start the first one.
func (u usage) adds() bool {
	return u.running == 0 || int(u.running)+1 == u.threads
}

// compare checks that usage has not grown; what Go and libc keep for later varies a little, and memory by some 20 MiB
// between runs of a few seconds.
func (early usage) compare(late usage) {
	for _, x := range []struct {
		what         string
		early, late  int
		mayBeGreater int
	}{
		{"KiB of memory", early.residentKiB, late.residentKiB, 48 << 10},
		{"mappings", early.mappings, late.mappings, 60},
		{"threads", early.threads, late.threads, 8},
		{"open files", early.files, late.files, 0},
		{"pthread keys taken", -early.keys, -late.keys, 0},
	} {
		if x.late > x.early+x.mayBeGreater {
			fail("%s: %d, then %d", x.what, x.early, x.late)
		}
	}
	if late.bound != 0 {
		fail("%d C threads that have ended still have an M", late.bound)
	}
	if !late.adds() {
		fail("%d threads for Go are counted, and the kernel has %d", late.running, late.threads)
	}
	if n := atomic.LoadUint64(&callbacks); n != uint64(C.soak_calls_made()) {
		fail("C called %d times, Go was called %d times", C.soak_calls_made(), n)
	}
}
