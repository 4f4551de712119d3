// SPDX-License-Identifier: BSD-3-Clause
package main

/*
#include "calls.h"

extern uintptr_t calls_export(uintptr_t, uintptr_t);
static void *export_fn(void) { return calls_export; }
static void *repeat_fn(void) { return calls_repeat; }
static void *nothing_fn(void) { return calls_nothing; }
static void *regions_fn(void) { return calls_regions; }
*/
import "C"

import (
	gocontext "context"
	"errors"
	"sync/atomic"
	"unsafe"

	"rcgo.example/call"
	"rcgo.example/leaf"
	"rcgo.example/ring"
)

var (
	// Made by prepareCallbacks, because the first of these makes all calls from C to Go slower.
	repeat   func(fn unsafe.Pointer, n, arg uintptr) uintptr
	regions  func(n uintptr)
	callback *leaf.Callback

	errSum    = errors.New("the callbacks were not made")
	errEvents = errors.New("events are missing")
)

//export calls_export
func calls_export(a, b C.uintptr_t) C.uintptr_t { return a + b }

// callbacks makes n callbacks, up to most in each call of C.
func callbacks(most int, call func(n uintptr) uintptr) func(n int) error {
	return func(n int) error {
		for left := n; left > 0; {
			each := most
			if each > left {
				each = left
			}
			if call(uintptr(each)) != uintptr(each*(each-1)/2+each) {
				return errSum
			}
			left -= each
		}
		return nil
	}
}

func stockRepeat(n uintptr) uintptr {
	return uintptr(C.calls_repeat((C.calls_fn)(C.export_fn()), C.uintptr_t(n), 1))
}

func ourRepeat(n uintptr) uintptr { return repeat(callback.Pointer(), n, 1) }

func prepareCallbacks() error {
	repeat = leaf.WithCallbacks[func(fn unsafe.Pointer, n, arg uintptr) uintptr]("calls_repeat", C.repeat_fn())
	regions = leaf.WithCallbacks[func(n uintptr)]("calls_regions", C.regions_fn())
	callback = leaf.CallbackOf("add", func(a, b uintptr) uintptr { return a + b })
	return nil
}

// events pushes n events to a ring that a goroutine reads.
func events(shared C.int) path {
	var r *ring.Ring[C.struct_calls_event]
	var read, pushed uint64
	return path{
		prepare: func() (err error) {
			if r, err = ring.New[C.struct_calls_event](ring.Options{Records: 1 << 14, Shared: 1 << 14, Lanes: 1}); err != nil {
				return err
			}
			loop := r.Batches(gocontext.Background())
			go loop(func(batch []C.struct_calls_event) bool {
				atomic.AddUint64(&read, uint64(len(batch)))
				return true
			})
			return nil
		},
		run: func(n int) error {
			C.calls_push((*C.rcgo_ring)(r.C()), C.uintptr_t(n), shared)
			pushed += uint64(n)
			return nil
		},
		check: func() error {
			for i := 0; i < 1000 && atomic.LoadUint64(&read) != pushed; i++ {
				C.usleep(1000)
			}
			if atomic.LoadUint64(&read) != pushed {
				return errEvents
			}
			return nil
		},
	}
}

// withContext runs f n times with a context that is not cancelled.
func withContext(f func(ctx gocontext.Context)) path {
	ctx, cancel := gocontext.WithCancel(gocontext.Background())
	_ = cancel
	return path{run: func(n int) error {
		for i := 0; i < n; i++ {
			f(ctx)
		}
		return nil
	}}
}

func plain(f func()) path {
	return path{run: func(n int) error {
		for i := 0; i < n; i++ {
			f()
		}
		return nil
	}}
}

func nothing() { C.calls_nothing() }

func init() {
	paths["callback-stock"] = path{run: callbacks(1000, stockRepeat)}
	paths["callback"] = path{prepare: prepareCallbacks, run: callbacks(1000, ourRepeat)}
	paths["one-callback-stock"] = path{run: callbacks(1, stockRepeat)}
	paths["one-callback"] = path{prepare: prepareCallbacks, run: callbacks(1, ourRepeat)}
	cgo := paths["c-go"]
	paths["c-go-beside-callbacks"] = path{prepare: prepareCallbacks, run: cgo.run, check: cgo.check}
	paths["region"] = path{prepare: prepareCallbacks, run: func(n int) error {
		for left := n; left > 0; left -= 1000 {
			regions(1000)
		}
		return nil
	}}
	paths["event-lane"] = events(0)
	paths["event-shared"] = events(1)
	paths["call"] = plain(nothing)
	paths["call-watched"] = withContext(func(ctx gocontext.Context) {
		done := make(chan struct{})
		go func() {
			select {
			case <-ctx.Done():
			case <-done:
			}
		}()
		nothing()
		close(done)
	})
	paths["call-do"] = withContext(func(ctx gocontext.Context) { _ = call.Do(ctx, nothing, nothing) })
	places := make(chan struct{}, 4)
	paths["call-semaphore"] = plain(func() {
		places <- struct{}{}
		nothing()
		<-places
	})
	limiter := call.NewLimiter(4)
	paths["call-limited"] = plain(func() {
		_ = limiter.Enter(gocontext.Background())
		nothing()
		limiter.Leave()
	})
	paths["batch"] = path{run: func(n int) error {
		b, err := call.NewBatch(64)
		if err != nil {
			return err
		}
		defer b.Free()
		fn := C.nothing_fn()
		for i := 0; i < n; i += 64 {
			calls := b.Calls()
			for k := 0; k < 64; k++ {
				calls = calls.Add(fn)
			}
			b.RunCalls(calls)
		}
		return nil
	}}
}
