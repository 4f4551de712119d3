// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"rcgo.example/leaf"
	"rcgo.example/leaf/internal/callbacktest"
)

var (
	regions        = leaf.WithCallbacks[func(fn unsafe.Pointer, n, microseconds uintptr) uintptr]("regions", callbacktest.Regions)
	regionsOnly    = leaf.WithCallbacks[func(n uintptr) uintptr]("regions_only", callbacktest.RegionsOnly)
	inRegion       = leaf.WithCallbacks[func(fn unsafe.Pointer)]("in_region", callbacktest.InRegion)
	withMutex      = leaf.WithCallbacks[func(fn unsafe.Pointer, n uintptr) uintptr]("with_mutex", callbacktest.WithMutex)
	withPlainMutex = leaf.WithCallbacks[func(fn unsafe.Pointer, n uintptr) uintptr]("with_plain_mutex", callbacktest.WithPlainMutex)
)

func TestRegions(t *testing.T) {
	fast, _ := leaf.FastCallbacks()
	grow := leaf.CallbackOf("grow", func(i, one uintptr) uintptr {
		if i%7 == 0 {
			runtime.GC()
		}
		deep(int(i % 200))
		return i + one
	})
	defer grow.Free()
	for round := 0; round < 5; round++ {
		for _, microseconds := range []uintptr{0, 1, 500} {
			const n = 40
			got := regions(grow.Pointer(), n, microseconds)
			if uint32(got) != n*(n-1)/2+n {
				t.Errorf("a sum of %d", uint32(got))
			}
			if released := got >> 32; fast && released != n {
				t.Errorf("%d regions, fast %v", released, fast)
			}
		}
	}
	// An exported function may be called in a region, as in an ordinary cgo call: see TestRegionPanics.
	if got := callbacktest.RepeatOrdinary(grow.Pointer(), 3, 1); got != 6 {
		t.Error(got)
	}
}

// While C is in a region the world can be stopped; and the goroutine comes back although all
// processors are taken.
func TestRegionLetsTheWorldStop(t *testing.T) {
	fast, _ := leaf.FastCallbacks()
	if !fast {
		t.Skip("ordinary calls")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var done, n int32
	finished := make(chan bool)
	go func() {
		for i := 0; i < 30; i++ {
			regions(plusCallback.Pointer(), 4, 500)
		}
		atomic.StoreInt32(&done, 1)
		close(finished)
	}()
	for atomic.LoadInt32(&done) == 0 {
		runtime.GC()
		n++
		runtime.Gosched()
	}
	<-finished
	if n == 0 {
		t.Error("no collection while C was in regions")
	}
}

func TestRegionPanics(t *testing.T) {
	if builtWithASan {
		t.Skip("AddressSanitizer does not know that a panic abandons frames of C")
	}
	boom := leaf.CallbackOf("boom", func() { panic("boom") })
	exit := leaf.CallbackOf("exit", func() { runtime.Goexit() })
	defer boom.Free()
	defer exit.Free()
	for i := 0; i < 100; i++ {
		func() {
			defer func() {
				if recover() != "boom" {
					t.Error("no panic")
				}
			}()
			inRegion(boom.Pointer())
		}()
		var wg sync.WaitGroup
		wg.Add(1)
		go func() {
			defer wg.Done()
			inRegion(exit.Pointer())
			t.Error("after Goexit")
		}()
		wg.Wait()
		if repeat(plusCallback.Pointer(), 10, 1) != 55 || regions(plusCallback.Pointer(), 4, 0)&0xff != 10 {
			t.Fatal("calls after a panic in a region")
		}
	}
}

// Goroutines whose callbacks stop for collections with a lock of C, that others wait for.
func TestMutexAcrossCallbacks(t *testing.T) {
	mutexStress(t, func(cb unsafe.Pointer, n uintptr) uintptr { return withMutex(cb, n) }, leaf.Preemptible)
}

// The same with a mutex that nobody but C knows: what the callback does is short.
func TestShortWithMutex(t *testing.T) {
	mutexStress(t, func(cb unsafe.Pointer, n uintptr) uintptr { return withPlainMutex(cb, n) }, leaf.Short)
}

func mutexStress(t *testing.T, call func(cb unsafe.Pointer, n uintptr) uintptr, kind leaf.Kind) {
	var keep [8]*[64]int
	cb := leaf.CallbackOf("work", func(i, one uintptr) uintptr {
		p := new([64]int)
		p[0] = int(i)
		keep[i%8] = p
		return i
	}, kind)
	defer cb.Free()
	var wg sync.WaitGroup
	var left int32 = 4
	for g := 0; g < 4; g++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < 40; i++ {
				if got := call(cb.Pointer(), 200); got != 19900 {
					t.Errorf("a sum of %d", got)
				}
			}
			atomic.AddInt32(&left, -1)
		}()
	}
	for atomic.LoadInt32(&left) > 0 {
		runtime.GC()
	}
	wg.Wait()
}

// After Goexit in a Short callback the thread can be preempted again.
func TestShortGoexit(t *testing.T) {
	if builtWithASan {
		t.Skip("AddressSanitizer does not know that a panic abandons frames of C")
	}
	exit := leaf.CallbackOf("exit", func() { runtime.Goexit() }, leaf.Short)
	defer exit.Free()
	callVoid := leaf.WithCallbacks[func(unsafe.Pointer)]("call_void", callbacktest.CallVoid)
	for i := 0; i < 100; i++ {
		done := make(chan bool)
		go func() {
			defer func() {
				runtime.Gosched() // "schedule: holding locks" if one was left
				close(done)
			}()
			func() {
				defer runtime.Gosched()
				callVoid(exit.Pointer())
			}()
			t.Error("after Goexit")
		}()
		<-done
	}
}

// What the rules forbid ends with a report that names the callback, not with a hang.
func TestShortAgainstItsRules(t *testing.T) {
	if fast, _ := leaf.FastCallbacks(); !fast {
		t.Skip("ordinary calls may block and panic")
	}
	for name, want := range map[string]string{"short-blocks": "schedule: holding locks", "short-panics": "panic holding locks"} {
		out, err := runChild(t, name)
		if err == nil || !strings.Contains(out, want) || !strings.Contains(out, "shortThat") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func shortThatPanics(a, b uintptr) uintptr { panic("of a Short callback") }

func shortThatBlocks(a, b uintptr) uintptr {
	return <-make(chan uintptr)
}

func init() {
	blocks = func() {
		cb := leaf.CallbackOf("blocks", shortThatBlocks, leaf.Short)
		fmt.Println(repeat(cb.Pointer(), 1, 1))
		os.Exit(0)
	}
	panics = func() {
		cb := leaf.CallbackOf("panics", shortThatPanics, leaf.Short)
		defer func() { recover() }()
		fmt.Println(repeat(cb.Pointer(), 1, 1))
	}
}

func BenchmarkRegion(b *testing.B) {
	for i := 0; i < b.N; i += 1000 {
		regionsOnly(1000)
	}
}

func BenchmarkCallbackShort(b *testing.B) {
	cb := leaf.CallbackOf("short", func(i, arg uintptr) uintptr { return i + arg }, leaf.Short)
	defer cb.Free()
	b.ResetTimer()
	for i := 0; i < b.N; i += 1000 {
		repeat(cb.Pointer(), 1000, 1)
	}
}
