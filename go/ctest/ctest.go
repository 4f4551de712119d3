// SPDX-License-Identifier: BSD-3-Clause

// Package ctest finds leaks of C memory in tests.
//
//	func TestParse(t *testing.T) {
//		ctest.NoLeaks(t, func() {
//			doc := Parse("…")
//			doc.Close()
//		})
//	}
//
// A lost C.CString, C.malloc or object of a C library fails the test. The message has the C and Go lines that allocated
// it. Nothing needs to be compiled with a sanitizer, but the test binary must have heap profiling:
//
//	rcgo test --with=heap ./...
//
// With plain go test, the function runs once, and then the test is skipped.
package ctest

import (
	"fmt"
	"runtime"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"rcgo.example/internal/heap"
)

// An Option changes what NoLeaks reports.
type Option struct{ allow string }

// Allow accepts leaks whose stack has a function of this name, or of a name that ends in it after a dot or a slash:
// "libfoo_init", "main.cached".
func Allow(function string) Option { return Option{function} }

// runs is how often f runs after the warm-up. Memory that stays once is a cache; memory that stays each time is a leak.
const runs = 3

// NoLeaks runs f four times. The first run warms up: it fills the caches of C libraries. The test fails if each of the
// other three runs leaves C memory behind that was allocated at the same place and is not freed after two garbage
// collections. Memory that Go objects free by finalizers and cleanups is no leak.
//
// Every C allocation of the process is recorded during the runs. If parallel tests are in NoLeaks at the same time,
// each counts only what its own goroutine allocates; otherwise a test also counts what other goroutines and C threads
// allocate.
func NoLeaks(t testing.TB, f func(), options ...Option) {
	t.Helper()
	if !heap.Built() {
		f()
		t.Skip("ctest: leaks of C memory are not looked for: run the test with rcgo test --with=heap")
	}
	s := enter(t)
	defer s.leave()
	f()
	collect()
	n, _ := heap.Read()
	for i := 0; i < runs; i++ {
		f()
	}
	collect()
	for _, leak := range s.find(n.Seq, options) {
		t.Error(leak)
	}
}

// The tests that are in NoLeaks.
var current struct {
	sync.Mutex
	scopes map[*scope]bool
	rate   uint64 // before the first of them
}

type scope struct {
	goroutine uint64
	shared    bool // another test was in NoLeaks at the same time
}

func enter(t testing.TB) *scope {
	t.Helper()
	s := &scope{}
	current.Lock()
	defer current.Unlock()
	if len(current.scopes) == 0 {
		n, _ := heap.Read()
		current.rate = n.Rate
		current.scopes = map[*scope]bool{}
		if err := heap.SetRate(1); err != nil {
			t.Fatalf("ctest: cannot record C memory: %v", err)
		}
	}
	for other := range current.scopes {
		other.shared, s.shared = true, true
	}
	current.scopes[s] = true
	s.goroutine = goroutine()
	return s
}

func (s *scope) leave() {
	current.Lock()
	defer current.Unlock()
	delete(current.scopes, s)
	if len(current.scopes) == 0 {
		heap.SetRate(current.rate)
	}
}

// goroutine returns the name of the calling goroutine in the tables, where it is the one that allocates a block.
func goroutine() uint64 {
	p := allocate()
	defer release(p)
	s, err := heap.Take()
	if err != nil {
		return 0
	}
	for i := range s.Entries {
		if s.Entries[i].Address == uint64(uintptr(p)) {
			return s.Entries[i].Goroutine
		}
	}
	return 0
}

// collect runs the collector, so that finalizers and cleanups free their memory.
func collect() {
	for i := 0; i < 2; i++ {
		done := make(chan bool)
		sentinel := &struct{ p *int }{new(int)}
		runtime.SetFinalizer(sentinel, func(interface{}) { close(done) })
		sentinel = nil
		runtime.GC()
		select {
		case <-done:
		case <-time.After(time.Second):
		}
		// Finalizers of the same collection may run on other goroutines.
		settle()
	}
}

// settle waits until C memory stops shrinking for a moment.
func settle() {
	least, _ := heap.Read()
	for quiet := 0; quiet < 5; quiet++ {
		time.Sleep(time.Millisecond)
		now, _ := heap.Read()
		if now.LiveBytes+float64(now.MappedBytes) < least.LiveBytes+float64(least.MappedBytes) {
			least, quiet = now, 0
		}
	}
}

// A leak is the memory that one stack has left.
type leak struct {
	blocks  int
	bytes   uint64
	mapping bool
}

// find describes what was allocated after sample seq, at least once in each run.
func (s *scope) find(seq uint64, options []Option) []string {
	snapshot, err := heap.Take()
	if err != nil {
		return []string{"ctest: " + err.Error()}
	}
	current.Lock()
	shared := s.shared
	current.Unlock()
	leaks := map[uint32]*leak{}
	add := func(stack uint32, bytes uint64, mapping bool) {
		if leaks[stack] == nil {
			leaks[stack] = &leak{}
		}
		leaks[stack].blocks++
		leaks[stack].bytes += bytes
		leaks[stack].mapping = mapping
	}
	for i := range snapshot.Entries {
		e := &snapshot.Entries[i]
		if e.Seq > seq && (e.Goroutine == s.goroutine || !shared) {
			add(e.Stack, e.Size, false)
		}
	}
	for i := range snapshot.Mappings {
		if m := &snapshot.Mappings[i]; m.Seq > seq && !shared && m.State < heap.Reserved {
			add(m.Stack, m.Size, true)
		}
	}
	names := heap.NewNames(snapshot)
	var found []uint32
	for stack, l := range leaks {
		if l.blocks >= runs && !allowed(names.All(&snapshot.Stacks[stack]), options) {
			found = append(found, stack)
		}
	}
	sort.Slice(found, func(i, j int) bool {
		a, b := leaks[found[i]], leaks[found[j]]
		return a.bytes > b.bytes || a.bytes == b.bytes && found[i] < found[j]
	})
	var out []string
	for _, stack := range found {
		out = append(out, describe(leaks[stack], names.All(&snapshot.Stacks[stack])))
	}
	if snapshot.Lost > 0 && len(out) == 0 {
		out = append(out, fmt.Sprintf("ctest: %d allocations could not be recorded, so leaks may be hidden", snapshot.Lost))
	}
	return out
}

func allowed(frames []heap.Frame, options []Option) bool {
	for _, f := range frames {
		for _, o := range options {
			if f.Function == o.allow || strings.HasSuffix(f.Function, "."+o.allow) || strings.HasSuffix(f.Function, "/"+o.allow) {
				return true
			}
		}
	}
	return false
}

func describe(l *leak, frames []heap.Frame) string {
	var text strings.Builder
	what := "blocks"
	if l.mapping {
		what = "mappings"
	}
	fmt.Fprintf(&text, "C memory is lost: %d %s, %d bytes in %d runs, from", l.blocks, what, l.bytes, runs)
	for _, f := range frames {
		if strings.HasPrefix(f.Function, "testing.") {
			break
		}
		lang := "Go"
		if f.C {
			lang = "C "
		}
		fmt.Fprintf(&text, "\n    %s  %s", lang, f.Function)
		if f.File != "" {
			fmt.Fprintf(&text, "\n            %s:%d", f.File, f.Line)
		}
	}
	return text.String()
}
