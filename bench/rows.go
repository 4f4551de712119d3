// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// A row is one quantity of the table. once measures it on one side. round counts from 0.
type row struct {
	what   string
	unit   string
	rounds int // 0: as many as requested
	once   func(s *side, round int) (float64, error)
}

// runPath measures a path in a new process, because the addresses of code, and their effects,
// differ between processes.
func runPath(s *side, program, name string, env []string, cfg config) (float64, error) {
	args := append(append([]string(nil), cfg.pin...), s.path(program), name, cfg.runs, cfg.millis)
	out, _, err := s.run(env, args[0], args[1:]...)
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(out, 64)
}

func pathRow(what, name string, cfg config) row {
	return row{what: what, unit: "ns", once: func(s *side, _ int) (float64, error) {
		return runPath(s, "paths", name, nil, cfg)
	}}
}

// plainRow measures a path of a program without traceback functions of its own. knobs are options
// of our runtime/cgo. The stock side runs the path that is named for it, if any.
func plainRow(what, name, knobs, stock string, cfg config) row {
	return row{what: what, unit: "ns", once: func(s *side, _ int) (float64, error) {
		if s.name == "stock" && stock != "" {
			return runPath(s, "paths", stock, nil, cfg)
		}
		return runPath(s, "paths-plain", name, []string{"RCGO=" + knobs}, cfg)
	}}
}

// pairRow measures a different path on each side: with cgo alone, and with the Go module in go/.
func pairRow(what, stock, ours string, cfg config) row {
	rows := map[string]row{"stock": pathRow(what, stock, cfg), "ours": pathRow(what, ours, cfg)}
	return row{what: what, unit: "ns", once: func(s *side, round int) (float64, error) {
		return rows[s.name].once(s, round)
	}}
}

// startRow measures the time from fork to exit, averaged over several starts.
func startRow(what, program string, args []string, cfg config) row {
	return row{what: what, unit: "µs", once: func(s *side, _ int) (float64, error) {
		least := time.Hour
		for i := 0; i < cfg.starts; i++ {
			words := append(append([]string(nil), cfg.pin...), s.path(program))
			words = append(words, args...)
			_, took, err := s.run(nil, words[0], words[1:]...)
			if err != nil {
				return 0, err
			}
			if took < least {
				least = took
			}
		}
		return float64(least) / 1e3, nil
	}}
}

// buildRow measures a build after prepare has removed the outputs that must be built again.
func buildRow(what string, cfg config, once func(s *side, round int) (time.Duration, error)) row {
	return row{what: what, unit: "ms", rounds: cfg.buildRounds, once: func(s *side, round int) (float64, error) {
		took, err := once(s, round)
		return float64(took) / 1e6, err
	}}
}

// sizeRow measures the size of a file. One round is enough.
func sizeRow(what, file string) row {
	return row{what: what, unit: "bytes", rounds: 1, once: func(s *side, _ int) (float64, error) {
		info, err := os.Stat(s.path(file))
		if err != nil {
			return 0, err
		}
		return float64(info.Size()), nil
	}}
}

// coldFlags returns CGO_CFLAGS that no earlier round has used. The go command then compiles every
// package with C again, also runtime/cgo, while all others stay cached.
func coldFlags(round int) []string {
	return []string{fmt.Sprintf("CGO_CFLAGS=-O2 -g -DRCGO_BENCH_ROUND=%d_%d", os.Getpid(), round)}
}

// remove deletes the output, because the go command may skip linking if it exists.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// puregoMod is the go.mod of the purego benchmark.
const puregoMod = "-modfile=peers.mod"

// puregoRows compare purego, in the place of stock, with our runtime/cgo.
func puregoRows(cfg config) []row {
	return []row{
		pairRow("purego and leaf, no arguments", "purego", "leaf", cfg),
		pairRow("purego and leaf, two integers", "purego-2", "leaf-2", cfg),
		pairRow("purego.SyscallN and leaf", "purego-syscalln", "leaf", cfg),
		pairRow("callback: purego and cgo", "purego-callback", "c-go", cfg),
	}
}

func rows(cfg config) []row {
	list := []row{
		pathRow("Go → C call", "go-c", cfg),
		pathRow("C → Go call, on a thread of Go", "c-go", cfg),
		plainRow("the same, RCGO=contexts=on", "c-go", "contexts=on", "", cfg),
		pathRow("the same with a context function", "c-go-context", cfg),
		pathRow("C → Go call, on a C thread", "thread-go", cfg),
		pathRow("the same, all pthread keys taken", "thread-go-no-keys", cfg),
		pathRow("C thread: life and first call", "thread-first-go", cfg),
		pathRow("C thread: first call", "thread-first-call", cfg),
		pathRow("C thread: life alone (no Go)", "thread-alone", cfg),
		pathRow("thread of Go: start and end", "thread-start", cfg),
		pathRow("signal.Ignore + signal.Reset", "sigaction", cfg),
		pathRow("SIGPROF in C, traceback function set", "sigprof-in-c", cfg),
		pathRow("SIGURG in C, traceback function set", "sigurg-in-c", cfg),
		plainRow("SIGPROF 30 calls deep in C: unwound by libgcc, by us", "sample", "", "sample-libgcc", cfg),
		plainRow("the same: not unwound, unwound by us", "sample", "", "", cfg),
		pathRow("signal to C's handler, SA_ONSTACK", "handler-onstack", cfg),
		pairRow("signal: SA_ONSTACK, and moved to C", "handler-onstack", "handler-bare", cfg),
		pathRow("signal to Go's handler, in C", "handler-go", cfg),
		pathRow("SIGPROF in C", "handler-prof", cfg),
		pathRow("SIGURG in C", "handler-urg", cfg),
		pathRow("signal from C to signal.Notify", "notify", cfg),
		pathRow("nil dereference, recovered", "nil", cfg),
		pathRow("sigaction by C, SA_ONSTACK", "c-sigaction-onstack", cfg),
		pathRow("sigaction by C, without", "c-sigaction", cfg),
		pathRow("os.Setenv", "setenv", cfg),
		pathRow("os.Setenv + os.Unsetenv", "unsetenv", cfg),
		pathRow("syscall.Setgid", "setgid", cfg),
		pathRow("C: a call by pointer through one", "c-indirect", cfg),
		pairRow("leaf call, no arguments", "go-c", "leaf", cfg),
		pairRow("leaf call, two integers", "go-c-2", "leaf-2", cfg),
		pairRow("handle: new, value, delete", "handle-stock", "handle", cfg),
		pairRow("the same on all CPUs", "handle-stock-cpus", "handle-cpus", cfg),
		pairRow("40 bytes to strlen and back", "string-stock", "string", cfg),
		pairRow("the same, arena kept", "string-stock", "string-held", cfg),
		pairRow("1,000 strings as char **", "strings-stock", "strings", cfg),
		pairRow("callback in a call of 1,000", "callback-stock", "callback", cfg),
		pairRow("call with one callback", "one-callback-stock", "one-callback", cfg),
		pairRow("C → Go call, in a program with such callbacks", "c-go", "c-go-beside-callbacks", cfg),
		pairRow("call of C, and a region in one", "call", "region", cfg),
		pairRow("event: callback, and ring by lane", "callback-stock", "event-lane", cfg),
		pairRow("event: callback, and ring shared", "callback-stock", "event-shared", cfg),
		pairRow("cancellable call: goroutine, and call.Do", "call-watched", "call-do", cfg),
		pairRow("call, and call.Do", "call", "call-do", cfg),
		pairRow("bounded call: channel, and call.Limiter", "call-semaphore", "call-limited", cfg),
		pairRow("call, and call in a batch of 64", "call", "batch", cfg),
		startRow("program start to end", "hello", nil, cfg),
		buildRow("go build runtime/cgo, cold", cfg, func(s *side, round int) (time.Duration, error) {
			_, took, err := s.run(coldFlags(round), s.command, "build", "runtime/cgo")
			return took, err
		}),
		buildRow("build of hello, runtime/cgo cold", cfg, func(s *side, round int) (time.Duration, error) {
			if err := remove(s.path("hello-cold")); err != nil {
				return 0, err
			}
			return s.build(coldFlags(1000+round), "hello-cold", "./hello")
		}),
		buildRow("build of hello, link only", cfg, func(s *side, _ int) (time.Duration, error) {
			if err := remove(s.path("hello-warm")); err != nil {
				return 0, err
			}
			return s.build(nil, "hello-warm", "./hello")
		}),
		{what: "rcgo list (go list fmt)", unit: "ms", once: func(s *side, _ int) (float64, error) {
			_, took, err := s.run(nil, s.command, "list", "fmt")
			return float64(took) / 1e6, err
		}},
		sizeRow("size of hello", "hello"),
		sizeRow("size of hello, -s -w", "hello-stripped"),
		sizeRow("size of hello, static", "hello-static"),
	}
	if cfg.purego {
		list = append(list, puregoRows(cfg)...)
	}
	return list
}

// prepare builds the programs of the rows on one side, and warms the build cache.
func prepare(s *side, cfg config) error {
	var puregoFlags []string
	if cfg.purego {
		puregoFlags = []string{"-tags=purego", puregoMod}
	}
	for _, b := range []struct {
		output, pkg string
		flags       []string
	}{
		{"paths", "./paths", puregoFlags},
		{"paths-plain", "./paths", []string{"-tags=plain"}},
		{"hello", "./hello", nil},
		{"hello-stripped", "./hello", []string{"-ldflags=-s -w"}},
		{"hello-static", "./hello", []string{"-ldflags=-linkmode=external -extldflags=-static"}},
	} {
		if _, err := s.build(nil, b.output, b.pkg, b.flags...); err != nil {
			return err
		}
	}
	_, _, err := s.run(nil, s.command, "list", "fmt")
	return err
}

// settle makes the kernel write the build outputs to disk, so that it does not do so while
// measuring.
func settle() { syscall.Sync() }
