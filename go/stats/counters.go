// SPDX-License-Identifier: BSD-3-Clause

// Package stats reads the counters that runtime_cgo keeps about threads: those that Go started, C threads that have
// called Go, starts that a limit delayed, and calls on every thread.
//
//	if s, ok := stats.Read(); ok && s.StartRetries > 0 {
//		log.Printf("threads start late: %d times", s.StartRetries)
//	}
//
// Counting costs a few additions in the life of a thread. Calls from C to Go are counted only in a program that runs
// with RCGO=stats=on in its environment.
//
// Var is for package expvar. This package does not import expvar, because that imports net/http:
//
//	expvar.Publish("rcgo", stats.Var{})
//
// Metrics returns the same with names in the style of package runtime/metrics, for exporters.
//
// It needs a program built with runtime_cgo (rcgo build). In others Read and Metrics report that there are no counters.
package stats

import (
	"strconv"
	"strings"

	"rcgo.example/internal/metrics"
)

// Stats are the counters since Go started. All but ThreadsPeak are exact.
type Stats struct {
	ThreadsStarted      uint64 // threads that were started for Go
	ThreadsRunning      uint64
	ThreadsPeak         uint64
	ForeignBound        uint64 // C threads that keep an M of Go now; before Go 1.21 none does
	ForeignSeen         uint64 // C threads that ever kept one
	StartRetries        uint64 // starts that a limit delayed
	StacksSmaller       uint64 // starts with a smaller stack, because memory was short
	AllThreadsCalls     uint64
	AllThreadsGivenUp   uint64 // calls that were not made, because a thread could not be stopped
	StartFailures       uint64 // starts that failed for good
	Waits               uint64 // C threads that had to wait until Go was initialized
	Callbacks           uint64 // calls from C to Go, if they are counted
	CallbacksAreCounted bool   // the program runs with RCGO=stats=on
	ThreadStackBytes    uint64 // address space of the C stacks of threads for Go; a part of it is in use
}

// Read returns the current counters; false if there are none.
func Read() (Stats, bool) { return read() }

// Build returns one line that identifies the runtime/cgo of the program: its version, the hash of its sources, the Go
// version and the features; "" for the stock one. `rcgo version FILE` prints the same.
func Build() string { return build() }

// A Metric is one counter.
type Metric struct {
	Name        string // "/rcgo/threads/started:threads": a path and a unit, as in runtime/metrics
	Description string
	Cumulative  bool // it only grows
	Value       uint64
}

// counters has the properties of each counter except its value.
var counters = []struct {
	Metric
	json  string
	value func(*Stats) *uint64
}{
	{Metric{Name: "/rcgo/threads/started:threads", Description: "Threads that were started for Go.", Cumulative: true},
		"threads_started", func(s *Stats) *uint64 { return &s.ThreadsStarted }},
	{Metric{Name: "/rcgo/threads/running:threads", Description: "Threads for Go that run now."},
		"threads_running", func(s *Stats) *uint64 { return &s.ThreadsRunning }},
	{Metric{Name: "/rcgo/threads/peak:threads", Description: "The most threads for Go at a time, about."},
		"threads_peak", func(s *Stats) *uint64 { return &s.ThreadsPeak }},
	{Metric{Name: "/rcgo/foreign/bound:threads", Description: "C threads that have an M of Go now."},
		"foreign_bound", func(s *Stats) *uint64 { return &s.ForeignBound }},
	{Metric{Name: "/rcgo/foreign/seen:threads", Description: "C threads that have ever had an M of Go.", Cumulative: true},
		"foreign_seen", func(s *Stats) *uint64 { return &s.ForeignSeen }},
	{Metric{Name: "/rcgo/threads/start-retries:events", Description: "Thread starts that a limit delayed.", Cumulative: true},
		"start_retries", func(s *Stats) *uint64 { return &s.StartRetries }},
	{Metric{Name: "/rcgo/threads/smaller-stacks:events", Description: "Thread starts that took a smaller stack, for memory had run out.", Cumulative: true},
		"stacks_smaller", func(s *Stats) *uint64 { return &s.StacksSmaller }},
	{Metric{Name: "/rcgo/all-threads/calls:calls", Description: "System calls that were made on every thread.", Cumulative: true},
		"all_threads_calls", func(s *Stats) *uint64 { return &s.AllThreadsCalls }},
	{Metric{Name: "/rcgo/all-threads/given-up:calls", Description: "System calls that were not made, for a thread could not be stopped.", Cumulative: true},
		"all_threads_given_up", func(s *Stats) *uint64 { return &s.AllThreadsGivenUp }},
	{Metric{Name: "/rcgo/threads/start-failures:events", Description: "Thread starts that failed for good.", Cumulative: true},
		"start_failures", func(s *Stats) *uint64 { return &s.StartFailures }},
	{Metric{Name: "/rcgo/foreign/waits:events", Description: "C threads that had to wait for Go to be up.", Cumulative: true},
		"waits", func(s *Stats) *uint64 { return &s.Waits }},
	{Metric{Name: "/rcgo/callbacks:calls", Description: "Calls from C to Go.", Cumulative: true},
		"callbacks", func(s *Stats) *uint64 { return &s.Callbacks }},
	{Metric{Name: "/rcgo/threads/stacks:bytes", Description: "Address space of the C stacks of threads for Go."},
		"thread_stack_bytes", func(s *Stats) *uint64 { return &s.ThreadStackBytes }},
}

// Metrics returns each counter with its name; none if there are no counters. Calls from C to Go are omitted if they are
// not counted. The counters of package ring and of call.Limiter are included, in programs that use them, with the stock
// runtime/cgo too.
func Metrics() []Metric {
	var all []Metric
	for _, m := range metrics.Read() {
		all = append(all, Metric(m))
	}
	s, ok := read()
	if !ok {
		return all
	}
	for _, m := range counters {
		value := m.value(&s)
		if value == &s.Callbacks && !s.CallbacksAreCounted {
			continue
		}
		one := m.Metric
		one.Value = *value
		all = append(all, one)
	}
	return all
}

// Var exports the counters to package expvar.
type Var struct{}

// String returns the counters as a JSON object with the names of rcgo top -json and of the C structure rcgo_stats; null
// if there are none.
func (Var) String() string {
	s, ok := read()
	if !ok {
		return "null"
	}
	var fields []string
	for _, m := range counters {
		value := m.value(&s)
		text := strconv.FormatUint(*value, 10)
		if value == &s.Callbacks && !s.CallbacksAreCounted {
			text = "null"
		}
		fields = append(fields, strconv.Quote(m.json)+": "+text)
	}
	return "{" + strings.Join(fields, ", ") + "}"
}
