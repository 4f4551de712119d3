// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package call

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rcgo.example/internal/membarrier"
	"rcgo.example/internal/self"
)

func TestSeatIsTheGoroutines(t *testing.T) {
	if !seatsWork() {
		t.Skip("no seats here")
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	all := map[*seat]bool{}
	hold := make(chan bool)
	for i := 0; i < 50; i++ {
		wg.Add(1)
		go func() {
			s := seatOf(self.G())
			mu.Lock()
			if s != nil {
				if all[s] || s != seatOf(self.G()) {
					t.Error("a seat has two owners, or a goroutine has two seats")
				}
				all[s] = true
			}
			mu.Unlock()
			wg.Done()
			<-hold
		}()
	}
	wg.Wait()
	close(hold)
	if len(all) == 0 {
		t.Error("nobody has a seat")
	}
}

// A call within a call, with the same context and with another: each has its own interrupt.
func TestDoWithinDo(t *testing.T) {
	for _, forbid := range []bool{false, true} {
		membarrier.Forbid(forbid)
		for _, same := range []bool{true, false} {
			outer, endOuter := context.WithCancel(context.Background())
			inner, endInner := outer, endOuter
			if !same {
				inner, endInner = context.WithCancel(context.Background())
			}
			var byOuter, byInner int32
			err := Do(outer, func() {
				innerErr := Do(inner, func() {
					endInner()
					wait(t, &byInner)
				}, func() { atomic.AddInt32(&byInner, 1) })
				if innerErr != context.Canceled {
					t.Errorf("the inner call: %v", innerErr)
				}
				if !same && atomic.LoadInt32(&byOuter) != 0 {
					t.Error("the outer call is interrupted by the inner context")
				}
				endOuter()
				wait(t, &byOuter)
			}, func() { atomic.AddInt32(&byOuter, 1) })
			if err != context.Canceled {
				t.Errorf("the outer call: %v", err)
			}
			was := atomic.LoadInt32(&byInner)
			if err := Do(context.Background(), func() {}, nil); err != nil || atomic.LoadInt32(&byInner) != was {
				t.Error(err)
			}
		}
	}
	membarrier.Forbid(false)
}

func wait(t *testing.T, n *int32) {
	for end := time.Now().Add(20 * time.Second); atomic.LoadInt32(n) == 0; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("no interrupt came")
		}
	}
}

// What a call is interrupted by is not kept longer than the call.
func TestInterruptIsForgotten(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	gone := make(chan bool, 1)
	func() {
		big := new([1 << 16]byte)
		runtime.SetFinalizer(big, func(*[1 << 16]byte) { gone <- true })
		if err := Do(ctx, func() {}, func() { big[0]++ }); err != nil {
			t.Error(err)
		}
	}()
	for i := 0; i < 200; i++ {
		runtime.GC()
		select {
		case <-gone:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Error("the interrupt of a call that has ended is still alive")
}

// With more goroutines than seats near one, and goroutines that end: every call is interrupted once
// its context ends, and none afterwards.
func TestManyGoroutines(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var started int32
	const n = 300
	for i := 0; i < n; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var interrupted, over int32
			err := Do(ctx, func() {
				atomic.AddInt32(&started, 1)
				wait(t, &interrupted)
			}, func() {
				if atomic.LoadInt32(&over) != 0 {
					t.Error("an interrupt after the end")
				}
				atomic.StoreInt32(&interrupted, 1)
			})
			atomic.StoreInt32(&over, 1)
			if err != context.Canceled {
				t.Error(err)
			}
		}()
	}
	for atomic.LoadInt32(&started) != n {
		time.Sleep(time.Millisecond)
	}
	cancel()
	wg.Wait()
}
