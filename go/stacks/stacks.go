// SPDX-License-Identifier: BSD-3-Clause

// Package stacks reports where goroutines and threads are, in Go and in C, while the program runs. "Where does my C
// library hang?" is then one HTTP request:
//
//	http.Handle("/debug/cgo/stacks", stacks.Handler())
//
// Write is Go's own dump of all goroutines (runtime.Stack), in which a goroutine in a C call also has its C frames. The
// threads that are in C follow, each with the system call in which it waits; threads that C code created are among
// them.
//
// A thread that waits in the kernel is read without being disturbed. Threads that run, or wait in a system call that
// the kernel restarts, get Go's own preemption signal, so that their goroutine has its C frames. A goroutine that waits
// in another system call, such as poll, has its C frames among the threads only, because a signal would end its wait
// with EINTR. A thread that runs C code without a Go caller has frames if the program runs with RCGO=dump=SIGNAL: it
// gets that signal. Without it, or if the thread blocks the signal, it has none; the last line counts these threads.
//
// It needs a program built by rcgo. In others Write returns Go's own dump, and Available is false.
package stacks

import (
	"io"
	"net/http"
	"runtime"
)

// The maximum size of a dump in bytes; a longer one is truncated.
const (
	firstSize = 64 << 10
	mostSize  = 64 << 20
)

// Available reports whether dumps have C frames: the program was built by rcgo, with its tracebacks.
func Available() bool { return available() }

// Write writes all goroutines and the threads that are in C to w. The goroutines are stopped only while Go's own dump
// is made.
func Write(w io.Writer) error {
	prepare()
	if _, err := w.Write(goroutines()); err != nil {
		return err
	}
	return threads(w)
}

func goroutines() []byte {
	for size := firstSize; ; size *= 2 {
		buf := make([]byte, size)
		n := runtime.Stack(buf, true)
		if n < size || size >= mostSize {
			return buf[:n]
		}
		prepare() // the dump that did not fit has used the C frames
	}
}

// Handler returns a handler that answers with Write's dump, or for "?profile=1" with Profile's. It is not registered
// anywhere: like net/http/pprof, it needs the same protection as other debugging pages.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("profile") != "" {
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Disposition", `attachment; filename="stacks"`)
			Profile(w) // the client may have disconnected
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		Write(w) // the client may have disconnected
	})
}
