// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf_test

import (
	"bytes"
	"io"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"rcgo.example/internal/stresstest"
	"rcgo.example/leaf"
	"rcgo.example/leaf/internal/callbacktest"
)

// A stress is one goroutine in calls with callbacks, while the world is stopped, stacks grow and profiles run.
type stress struct {
	t     *testing.T
	mu    sync.Mutex
	cb    *leaf.Callback
	boom  *leaf.Callback
	short *leaf.Callback
	rands uint32
	calls int64
}

func (s *stress) rand(n uint32) uint32 {
	return (atomic.AddUint32(&s.rands, 2654435761) >> 16) % n
}

// callback does something at random; depth bounds how deep Go and C alternate.
func (s *stress) callback(depth, arg uintptr) uintptr {
	atomic.AddInt64(&s.calls, 1)
	switch s.rand(40) {
	case 0:
		runtime.Gosched()
	case 1:
		if s.rand(50) == 0 {
			runtime.GC()
		}
	case 2:
		time.Sleep(time.Microsecond)
	case 3:
		s.mu.Lock()
		deep(20)
		s.mu.Unlock()
	case 4:
		deep(int(s.rand(300)))
	case 5:
		if builtWithASan { // C frames that a panic abandons stay poisoned, whoever called C
			break
		}
		func() {
			defer func() { recover() }()
			repeat(s.boom.Pointer(), 3, 1)
			s.t.Error("no panic")
		}()
	case 6:
		callbacktest.RepeatOrdinary(plusCallback.Pointer(), 3, 1)
	case 7:
		callbacktest.RepeatOrdinary(callbacktest.Export, 3, 1)
	case 8:
		var pcs [32]uintptr
		if runtime.Callers(0, pcs[:]) < 4 {
			s.t.Error("a stack of less than four frames")
		}
	case 9:
		var text [4096]byte
		runtime.Stack(text[:], false)
	case 10, 11, 12, 13:
		if depth > 0 {
			if got := repeat(s.cb.Pointer(), 2, depth-1); got != 2*(depth-1)+1 {
				s.t.Errorf("nested: %d", got)
			}
		}
	case 14:
		p := new([64]byte)
		p[9] = byte(arg)
		if q := pass(p, emptyCallback.Pointer()); q[9] != byte(arg) {
			s.t.Error("another object")
		}
	case 16: // a callback in each region, and one between them
		if depth > 0 {
			if got := uint32(regions(s.cb.Pointer(), 2, uintptr(s.rand(2))*20)); got != 3 {
				s.t.Errorf("in regions: %d", got)
			}
		}
	case 18:
		if leaf.MayCallExports() {
			s.exports(arg % 2)
		}
	case 17:
		if got := repeat(s.short.Pointer(), 3, arg%2); got != 3+3*(arg%2) {
			s.t.Errorf("short: %d", got)
		}
	case 15:
		atomic.StorePointer(&garbage, unsafe.Pointer(new([64]byte)))
	}
	return depth + arg
}

// exports has C call an exported Go function, which panics one time in four.
func (s *stress) exports(one uintptr) {
	if s.rand(4) != 0 || builtWithASan {
		if got := repeat(callbacktest.Export, 3, one); got != 3+3*one {
			s.t.Errorf("exported: %d", got)
		}
		return
	}
	defer func() { recover() }()
	repeat(callbacktest.Export, 3, panicsOn)
	s.t.Error("no panic in an exported function")
}

const panicsOn = 77

// onExport is what the exported function does in a stress test.
func (s *stress) onExport(a, b uintptr) uintptr {
	if b == panicsOn && a == 1 {
		panic("exported")
	}
	switch s.rand(8) {
	case 0:
		runtime.Gosched()
	case 1:
		time.Sleep(time.Microsecond)
	case 2:
		deep(int(s.rand(300)))
	case 3:
		if got := repeat(plusCallback.Pointer(), 3, 1); got != 6 {
			s.t.Errorf("in an exported function: %d", got)
		}
	case 4:
		atomic.StorePointer(&garbage, unsafe.Pointer(new([64]byte)))
	case 5:
		var text [4096]byte
		runtime.Stack(text[:], false)
	}
	return a + b
}

var garbage unsafe.Pointer

var emptyCallback = leaf.CallbackOf("empty", func() {})

func TestStressCallbacks(t *testing.T) {
	s := &stress{t: t}
	// The first argument counts calls, the second is the depth.
	s.cb = leaf.CallbackOf("stress", func(i, depth uintptr) uintptr { return s.callback(depth, i) })
	defer s.cb.Free()
	s.boom = leaf.CallbackOf("boom", func(i, at uintptr) uintptr {
		if i == at {
			panic("boom")
		}
		return 0
	})
	defer s.boom.Free()
	s.short = leaf.CallbackOf("short", func(i, one uintptr) uintptr {
		atomic.StorePointer(&garbage, unsafe.Pointer(new([64]byte)))
		deep(int(s.rand(30)))
		return i + one
	}, leaf.Short)
	defer s.short.Free()
	defer func(f func(a, b uintptr) uintptr) { callbacktest.OnExport = f }(callbacktest.OnExport)
	callbacktest.OnExport = s.onExport
	stop := make(chan bool)
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		disturb(stop)
	}()
	stresstest.Run(t, func(i int) {
		for depth := uintptr(0); depth < 4; depth++ {
			if got := repeat(s.cb.Pointer(), 5, depth); got != 10+5*depth {
				t.Errorf("%d at depth %d", got, depth)
			}
		}
		list := []int32{5, 3, int32(i), 1, -2}
		qsortR(unsafe.Pointer(&list[0]), uintptr(len(list)), 4, compare.Pointer(), nil)
		for k := 1; k < len(list); k++ {
			if list[k-1] > list[k] {
				t.Errorf("not sorted: %v", list)
			}
		}
	})
	close(stop)
	wg.Wait()
	t.Logf("%d callbacks", s.calls)
}

var compare = leaf.CallbackOf("compare", func(a, b *int32, _ unsafe.Pointer) int32 { return *a - *b })

// disturb makes dumps of all goroutines, changes GOMAXPROCS, reads statistics, and keeps an execution
// trace and the block and mutex profiles on.
func disturb(stop chan bool) {
	runtime.SetBlockProfileRate(1000)
	runtime.SetMutexProfileFraction(10)
	defer runtime.SetBlockProfileRate(0)
	defer runtime.SetMutexProfileFraction(0)
	procs := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(procs)
	text := make([]byte, 1<<20)
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-time.After(20 * time.Millisecond):
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		runtime.GOMAXPROCS(1 + i%(procs+2))
		text = text[:cap(text)]
		n := runtime.Stack(text, true)
		if bytes.Contains(text[:n], []byte("unexpected")) {
			panic(string(text[:n]))
		}
		switch i % 8 {
		case 1:
			if trace.Start(io.Discard) == nil {
				time.Sleep(50 * time.Millisecond)
				trace.Stop()
			}
		case 3:
			pprof.Lookup("goroutine").WriteTo(io.Discard, 2)
		case 5:
			pprof.Lookup("mutex").WriteTo(io.Discard, 1)
			pprof.Lookup("block").WriteTo(io.Discard, 1)
		}
	}
}
