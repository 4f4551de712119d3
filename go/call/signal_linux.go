// SPDX-License-Identifier: BSD-3-Clause

package call

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"syscall"

	"rcgo.example/call/internal/ccalls"
)

// Signal is Do for C code that waits in system calls. When the context ends, the thread that runs fn gets a signal,
// repeatedly until fn returns, and its system call fails with EINTR. The signal is a real-time signal without
// SA_RESTART, whose handler does nothing. The goroutine stays on its thread during the call. C code that tries again
// after EINTR continues to wait, and so does Go's own code: fn should only call C. No signal arrives after Signal has
// returned.
//
// A program that passes all signals to os/signal.Notify gets this one too, until the next interrupt installs the
// handler again.
func Signal(ctx context.Context, fn func()) error {
	if ctx.Done() == nil {
		fn()
		return nil
	}
	if err := takeSignal(); err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	t := threads.Get().(*thread)
	t.tid, t.sent = syscall.Gettid(), false
	err := Do(ctx, fn, t.interrupt)
	if t.sent {
		// A signal that was sent arrives at the end of the next system call at the latest.
		_ = syscall.Gettid()
		err = ctx.Err()
	}
	threads.Put(t)
	return err
}

// A thread that can be interrupted. Its function value is stored with it.
type thread struct {
	tid       int
	sent      bool
	interrupt func()
}

var threads = sync.Pool{New: func() interface{} {
	t := new(thread)
	t.interrupt = func() {
		t.sent = true // the end of Do waits for this
		ccalls.Interrupt(t.tid)
	}
	return t
}}

var signalState struct {
	once sync.Once
	err  error
}

func takeSignal() error {
	s := &signalState
	s.once.Do(func() {
		if ccalls.TakeSignal() == 0 {
			s.err = errors.New("call: no real-time signal is free for Signal, or built without cgo on Linux")
		}
	})
	return s.err
}

// SignalNumber returns the signal that Signal sends, or 0 if there is none.
func SignalNumber() int {
	if takeSignal() != nil {
		return 0
	}
	return ccalls.TakeSignal()
}
