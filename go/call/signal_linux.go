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

// Signal is Do for C that waits in system calls: when the context ends, the thread that runs fn gets
// a signal, again and again until fn returns, and its system call fails with EINTR. The signal is a
// real-time one without SA_RESTART, whose handler does nothing. The goroutine stays on its thread
// meanwhile. C that tries again after EINTR goes on to wait, and so does Go's own code: fn should do
// no more than call C. No signal comes after Signal has returned.
//
// A program that gives all signals to os/signal.Notify gets this one too, as long as it is not taken
// back: each interrupt takes it.
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
		// A signal that is under way comes at the end of the next system call at the latest.
		_ = syscall.Gettid()
		err = ctx.Err()
	}
	threads.Put(t)
	return err
}

// A thread can be interrupted. Its function value is kept with it.
type thread struct {
	tid       int
	sent      bool
	interrupt func()
}

var threads = sync.Pool{New: func() interface{} {
	t := new(thread)
	t.interrupt = func() {
		t.sent = true // Do's end waits for this
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

// SignalNumber is the signal that Signal sends, for programs that want to know; 0 when there is none.
func SignalNumber() int {
	if takeSignal() != nil {
		return 0
	}
	return ccalls.TakeSignal()
}
