// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package cheap_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"rcgo.example/cheap"
	"rcgo.example/cheap/internal/cheaptest"
)

type owner struct{ p unsafe.Pointer }

// Creates Go objects that own 1 MiB of C memory each, which a finalizer frees. Returns the maximum size of the C heap.
func churn(n int) int64 {
	var peak int64
	for i := 0; i < n; i++ {
		o := &owner{cheaptest.Allocate(cheaptest.Malloc, 1<<20, 1)}
		runtime.SetFinalizer(o, func(o *owner) { cheaptest.Release(o.p) })
		if s, _ := cheap.Read(); s.Live > peak {
			peak = s.Live
		}
		time.Sleep(time.Millisecond)
	}
	return peak
}

func TestPaceGC(t *testing.T) {
	need(t, 64<<10)
	runtime.GC()
	without := churn(400)
	stop, err := cheap.PaceGC(cheap.Pace{Percent: 100, Min: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	runtime.GC()
	time.Sleep(50 * time.Millisecond)
	with := churn(400)
	t.Logf("peak of the C heap: %d MiB without, %d MiB with PaceGC", without>>20, with>>20)
	// A busy machine collects and finalizes late.
	if without < 200<<20 || with > without/4*3 {
		t.Errorf("peak of the C heap: %d MiB without, %d MiB with PaceGC", without>>20, with>>20)
	}
}

// Memory that collections do not free does not cause further collections.
func TestPaceGCRests(t *testing.T) {
	need(t, 64<<10)
	stop, err := cheap.PaceGC(cheap.Pace{Percent: 1, Min: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var kept []unsafe.Pointer
	for i := 0; i < 500; i++ {
		kept = append(kept, cheaptest.Allocate(cheaptest.Malloc, 1<<20, 1))
		time.Sleep(2 * time.Millisecond)
	}
	runtime.ReadMemStats(&after)
	for _, p := range kept {
		cheaptest.Release(p)
	}
	if n := after.NumGC - before.NumGC; n > 12 {
		t.Errorf("%d collections in a second, and none could free anything", n)
	}
}

func TestOnLimit(t *testing.T) {
	need(t, 1)
	s := must(t)
	var calls int32
	stop, err := cheap.OnLimit(s.Live+s.Mapped+10<<20, func(now cheap.Stats) {
		if now.Live < 10<<20 {
			t.Errorf("called at %+v", now)
		}
		atomic.AddInt32(&calls, 1)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	wait := func(want int32) {
		t.Helper()
		for i := 0; i < 500 && atomic.LoadInt32(&calls) < want; i++ {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(50 * time.Millisecond)
		if n := atomic.LoadInt32(&calls); n != want {
			t.Errorf("%d calls, want %d", n, want)
		}
	}
	for round := int32(1); round <= 2; round++ {
		p := cheaptest.Allocate(cheaptest.Malloc, 1<<20, 20)
		wait(round)
		cheaptest.Release(p)
		time.Sleep(100 * time.Millisecond)
	}
}
