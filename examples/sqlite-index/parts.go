// SPDX-License-Identifier: BSD-3-Clause

package main

// #include <unistd.h>
// #include <stdlib.h>
// #include "index.h"
import "C"

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

func init() {
	C.trace_init()
	runtime.SetCgoTraceback(0, C.trace_callers, C.trace_context, C.trace_symbol)
}

// calls counts the calls between the languages, and what was observed at them.
type calls struct {
	goToC           int64 // Go's own count
	onGo, onC       int64 // C to Go, on threads that Go or C created
	threadsByGo     int   // Go's own count
	threadsByC      int64
	taken, released int64 // contexts
	samples, frames int64 // tracebacks in a signal handler, and the C frames in them
	symbols         int64
}

func countCalls() calls {
	var s C.struct_stats
	C.stats_get(&s)
	return calls{
		goToC: runtime.NumCgoCall(),
		onGo:  int64(s.on_go_thread), onC: int64(s.on_c_thread),
		threadsByGo: pprof.Lookup("threadcreate").Count(), threadsByC: int64(s.threads),
		taken: int64(s.taken), released: int64(s.released),
		samples: int64(s.signals), frames: int64(s.frames),
		symbols: int64(s.symbols),
	}
}

// part is one of the five parts, with the evidence that the program used it.
type part struct {
	name  string
	ok    bool
	facts []string
}

// tryParts uses what the index itself did not need, then collects the evidence. The counts of the
// first part include the calls that were made for the others.
func tryParts(ix *index) []part {
	signals, threads := trySignals(ix), tryThreads(ix)
	system := trySystemCalls()
	return []part{tryContext(), signals, tryTraceback(ix), threads, system}
}

func tryContext() part {
	c := countCalls()
	return part{"context", c.taken == c.onGo+c.onC && c.taken == c.released,
		[]string{fmt.Sprintf("%s entries from C into Go: %s contexts taken, %s released",
			group(c.onGo+c.onC), group(c.taken), group(c.released))}}
}

func trySignals(ix *index) part {
	arrived := make(chan os.Signal, 1)
	signal.Notify(arrived, syscall.SIGUSR2)
	defer signal.Stop(arrived)
	var altstack, recovered C.int
	handled := C.probe_handler(C.int(syscall.SIGUSR2), &altstack) != 0
	rc := C.probe_thread(C.uintptr_t(ix.handle), C.int(syscall.SIGUSR2), &recovered)
	came := false
	if rc == 0 {
		select {
		case <-arrived:
			came = true
		case <-time.After(10 * time.Second):
		}
	}
	return part{"signal", handled && altstack != 0 && recovered == 1 && came,
		[]string{
			fmt.Sprintf("libc has Go's handler of SIGUSR2: %v, on the signal stack: %v",
				handled, altstack != 0),
			fmt.Sprintf("SIGUSR2 raised by C came to Go: %v", came),
			fmt.Sprintf("nil dereference on a C thread, recovered by Go: %v", recovered == 1),
		}}
}

func tryTraceback(ix *index) part {
	c := countCalls()
	joined := false
	for _, name := range ix.stack {
		joined = joined || name == "pool_main"
	}
	return part{"traceback", joined && c.frames > 0,
		[]string{
			fmt.Sprintf("%s profile samples taken in C, with %s C frames; %s frames named",
				group(c.samples), group(c.frames), group(c.symbols)),
			"a Go stack goes on in C: " + strings.Join(ix.stack, " < "),
		}}
}

// profiled runs the work under the CPU profiler, which asks runtime/cgo for C
// frames at each sample.
func profiled(path string, work func() error) error {
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		return err
	}
	err := work()
	if err == nil {
		C.probe_sampled(10)
	}
	pprof.StopCPUProfile()
	if err == nil && path != "" {
		err = os.WriteFile(path, profile.Bytes(), 0o666)
	}
	return err
}

// tryThreads uses this many threads at once, so that Go must start some.
func tryThreads(ix *index) part {
	const party = 8
	var met atomic.Int64
	var all sync.WaitGroup
	for i := 0; i < party; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			met.Add(int64(C.probe_meet(party)))
		}()
	}
	all.Wait()
	c := countCalls()
	return part{"thread", met.Load() == party && c.threadsByC > int64(ix.threads),
		[]string{
			fmt.Sprintf("%d threads started for Go; %d were in C at the same time",
				c.threadsByGo, met.Load()),
			fmt.Sprintf("%d threads made by C called Go and ended", c.threadsByC),
		}}
}

func trySystemCalls() part {
	// Makes libc set the group on every thread to its current value.
	gid := syscall.Getgid()
	err := syscall.Setgid(gid)
	same := err == nil && int(C.getgid()) == gid
	set := envReachesC("SQLITE_INDEX_PROBE", fmt.Sprint("pid ", os.Getpid()))
	facts := []string{
		fmt.Sprintf("setgid(%d) on all threads through libc: %v", gid, same),
		fmt.Sprintf("what Go sets in the environment is seen by C: %v", set),
	}
	if err != nil {
		facts = append(facts, err.Error())
	}
	return part{"syscall", same && set, facts}
}

// envReachesC sets a variable, reads it from C, and removes it.
func envReachesC(name, value string) bool {
	cname, cvalue := C.CString(name), C.CString(value)
	defer C.free(unsafe.Pointer(cname))
	defer C.free(unsafe.Pointer(cvalue))
	if os.Setenv(name, value) != nil || C.probe_env_is(cname, cvalue) == 0 {
		return false
	}
	return os.Unsetenv(name) == nil && C.probe_env_is(cname, cvalue) == 0
}
