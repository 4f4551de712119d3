// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf_test

import (
	"fmt"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"rcgo.example/leaf"
	"rcgo.example/leaf/internal/callbacktest"
)

var (
	repeat       = leaf.WithCallbacks[func(fn unsafe.Pointer, n, arg uintptr) uintptr]("repeat", callbacktest.Repeat)
	busy         = leaf.WithCallbacks[func(fn unsafe.Pointer, n uintptr) uintptr]("busy", callbacktest.Busy)
	void         = leaf.WithCallbacks[func(fn unsafe.Pointer)]("call_void", callbacktest.CallVoid)
	repeatWide   = leaf.WithCallbacks[func(fn unsafe.Pointer, n, arg, more, and, last uintptr) uintptr]("repeat", callbacktest.Repeat)
	passNumber   = leaf.WithCallbacks[func(p *[64]byte, fn unsafe.Pointer) uintptr]("pass", callbacktest.Pass)
	pass         = leaf.WithCallbacks[func(p *[64]byte, fn unsafe.Pointer) *[64]byte]("pass", callbacktest.Pass)
	qsortR       = leaf.WithCallbacks[func(p unsafe.Pointer, n, size uintptr, fn, arg unsafe.Pointer)]("sort", callbacktest.Sort)
	plusCallback = leaf.CallbackOf("plus", func(a, b uintptr) uintptr { return a + b })
)

func TestCallbackIsFast(t *testing.T) {
	fast, why := leaf.FastCallbacks()
	t.Logf("%s: %v %s", runtime.Version(), fast, why)
	if leafFast, _ := leaf.Fast(); leafFast && !fast {
		t.Error(why)
	}
}

func TestCallbackResults(t *testing.T) {
	if got := repeat(plusCallback.Pointer(), 1000, 7); got != 1000*999/2+7000 {
		t.Errorf("repeat: %d", got)
	}
	if got, want := busy(plusCallback.Pointer(), 100), busy(callbacktest.Plus, 100); got != want {
		t.Errorf("registers: %d, not %d", got, want)
	}
	var p byte
	many := leaf.CallbackOf("many", func(a int8, x float64, b uint16, y float32, c bool, q unsafe.Pointer, z float64, d int32, e uint64) float64 {
		if a != -1 || x != 2.5 || b != 65535 || y != 3.5 || !c || q != unsafe.Pointer(&p) || z != 4.5 || d != -6 || e != 7 {
			t.Error(a, x, b, y, c, q, z, d, e)
		}
		return 1.25
	})
	defer many.Free()
	f := leaf.WithCallbacks[func(fn unsafe.Pointer, p *byte) float64]("many", callbacktest.Many)
	if got := f(many.Pointer(), &p); got != 1.25 {
		t.Error(got)
	}
	half := leaf.CallbackOf("half", func(x float32) float32 { return x / 2 })
	defer half.Free()
	g := leaf.WithCallbacks[func(fn unsafe.Pointer, x float32) float32]("call_float", callbacktest.CallFloat)
	if got := g(half.Pointer(), 5); got != 3.5 {
		t.Error(got)
	}
	h := leaf.WithCallbacks[func(a, b float64, fn unsafe.Pointer, c float64) float64]("floats", callbacktest.Floats)
	if got := h(1, 2, plusCallback.Pointer(), 3); got != 324 {
		t.Error(got)
	}
	if got := callbacktest.RepeatOrdinary(plusCallback.Pointer(), 10, 1); got != 55 {
		t.Errorf("in an ordinary call: %d", got)
	}
	thread := leaf.WithCallbacks[func(fn unsafe.Pointer, n uintptr) uintptr]("on_thread", callbacktest.OnThread)
	done := make(chan uintptr)
	quiet := leaf.CallbackOf("quiet", func(a, b uintptr) uintptr { return a + b })
	defer quiet.Free()
	go func() { done <- callbacktest.RepeatOrdinary(quiet.Pointer(), 100, 1) }()
	if got := <-done; got != 5050 {
		t.Error(got)
	}
	_ = thread
}

func recurse(cb **leaf.Callback, depth uintptr) uintptr {
	if depth == 0 {
		return deep(200)
	}
	return repeat((*cb).Pointer(), 1, depth-1)
}

//go:noinline
func deep(n int) uintptr {
	var room [200]byte
	room[n%200] = 1
	if n == 0 {
		return uintptr(room[0])
	}
	return deep(n-1) + uintptr(room[n%200]) - 1
}

// Callbacks in callbacks, with stacks that grow at every level.
func TestCallbackRecursion(t *testing.T) {
	var cb *leaf.Callback
	cb = leaf.CallbackOf("recurse", func(_, depth uintptr) uintptr { return recurse(&cb, depth) + 1 })
	defer cb.Free()
	for depth := uintptr(0); depth < 40; depth++ {
		done := make(chan uintptr)
		go func() { done <- recurse(&cb, depth) }()
		if got := <-done; got != depth+1 {
			t.Fatalf("%d: %d", depth, got)
		}
	}
}

// A callback does everything that Go code may do.
func TestCallbackDoesAnything(t *testing.T) {
	var mu sync.Mutex
	ch := make(chan int)
	go func() {
		for i := range ch {
			_ = i
		}
	}()
	stack := make([]byte, 1<<16)
	bridge := "callClosure"
	if fast, _ := leaf.FastCallbacks(); fast {
		bridge = "callbackBridge"
	}
	i := 0
	cb := leaf.CallbackOf("anything", func(a, b uintptr) uintptr {
		i++
		switch i % 9 {
		case 0:
			runtime.Gosched()
		case 1:
			time.Sleep(time.Microsecond)
		case 2:
			mu.Lock()
			mu.Unlock()
		case 3:
			runtime.GC()
		case 4:
			s := string(stack[:runtime.Stack(stack, i%2 == 0)])
			if i%2 == 1 && (!strings.Contains(s, bridge) || !strings.Contains(s, "TestCallbackDoesAnything")) {
				t.Errorf("a stack without its ends: %s", s)
			}
		case 5:
			ch <- i
		case 6:
			if got := repeat(plusCallback.Pointer(), 10, 1); got != 55 {
				t.Error(got)
			}
		case 7:
			if got := callbacktest.RepeatOrdinary(plusCallback.Pointer(), 10, 1); got != 55 {
				t.Error(got)
			}
		case 8:
			if got := callbacktest.RepeatOrdinary(callbacktest.Export, 10, 1); got != 55 {
				t.Error(got)
			}
		}
		return deep(i%100) + a + b
	})
	defer cb.Free()
	for r := uintptr(0); r < 3; r++ {
		if got := repeat(cb.Pointer(), 90, r); got != 90*89/2+90*r+90 {
			t.Errorf("%d: %d", r, got)
		}
	}
	close(ch)
}

// Panics and Goexit pass C frames, and the thread is as before: not locked, g0's stack free again.
func TestCallbackPanics(t *testing.T) {
	if builtWithASan {
		t.Skip("C frames that a panic abandons stay poisoned, whoever called C")
	}
	boom := leaf.CallbackOf("boom", func(i, at uintptr) uintptr {
		if i == at {
			panic(fmt.Sprint("boom ", i))
		}
		return 1
	})
	defer boom.Free()
	nested := leaf.CallbackOf("nested", func(i, at uintptr) uintptr {
		defer func() {
			if i%2 == 1 {
				recover()
			}
		}()
		return repeat(boom.Pointer(), 5, 2)
	})
	defer nested.Free()
	exit := leaf.CallbackOf("exit", func(i, at uintptr) uintptr { runtime.Goexit(); return 0 })
	defer exit.Free()
	for i := 0; i < 2000; i++ {
		func() {
			defer func() {
				if r := recover(); r != "boom 3" {
					t.Fatal(r)
				}
			}()
			if i%2 == 0 { // calls of few words and of many go different ways
				repeat(boom.Pointer(), 10, 3)
			} else {
				repeatWide(boom.Pointer(), 10, 3, 4, 5, 6)
			}
		}()
		func() {
			defer func() {
				if r := recover(); r != "boom 2" {
					t.Fatal(r)
				}
			}()
			repeat(nested.Pointer(), 10, 0)
		}()
		if i%20 == 0 {
			var wg sync.WaitGroup
			wg.Add(1)
			go func() {
				defer wg.Done()
				repeat(exit.Pointer(), 1, 0)
				t.Error("Goexit did not exit")
			}()
			wg.Wait()
		}
		if got := repeat(plusCallback.Pointer(), 3, 0); got != 3 {
			t.Fatal(got)
		}
	}
}

// What C has a pointer to lives until the call returns, without any other reference.
func TestCallbackKeepsPointers(t *testing.T) {
	collect := leaf.CallbackOf("collect", func() {
		runtime.GC()
		for i := 0; i < 100; i++ {
			sink = new([64]byte)
		}
		runtime.GC()
	})
	defer collect.Free()
	for i := 0; i < 20; i++ {
		collected := make(chan bool, 1)
		p := new([64]byte)
		p[5] = byte(i)
		runtime.SetFinalizer(p, func(*[64]byte) { collected <- true })
		q := pass(p, collect.Pointer())
		p = nil
		select {
		case <-collected:
			t.Fatal("collected while C had it")
		default:
		}
		if q[5] != byte(i) {
			t.Fatalf("%d, not %d", q[5], i)
		}
		runtime.SetFinalizer(q, nil)
	}
}

// The same where the result is a number: after the call nothing keeps it, so the finalizer looks.
func TestCallbackKeepsPointersOfShortCalls(t *testing.T) {
	var inC, lost int32 // inC: which call's callback runs
	round := int32(0)
	collect := leaf.CallbackOf("collect", func() {
		atomic.StoreInt32(&inC, round)
		for i := 0; i < 3; i++ {
			runtime.GC()
			sink = new([64]byte)
		}
		atomic.StoreInt32(&inC, 0)
	})
	defer collect.Free()
	for round = 1; round <= 20; round++ {
		mine := round
		p := new([64]byte)
		runtime.SetFinalizer(p, func(*[64]byte) {
			if atomic.LoadInt32(&inC) == mine {
				atomic.AddInt32(&lost, 1)
			}
		})
		passNumber(p, collect.Pointer())
	}
	if n := atomic.LoadInt32(&lost); n != 0 {
		t.Errorf("%d of 20 collected while C had them", n)
	}
}

var sink *[64]byte

func TestCallbackSort(t *testing.T) {
	list := make([]int32, 5000)
	for i := range list {
		list[i] = int32(i*7919%5003) - 2500
	}
	less := leaf.CallbackOf("compare", func(a, b *int32, arg unsafe.Pointer) int32 { return *a - *b })
	defer less.Free()
	qsortR(unsafe.Pointer(&list[0]), uintptr(len(list)), 4, less.Pointer(), nil)
	if !sort.SliceIsSorted(list, func(i, j int) bool { return list[i] < list[j] }) {
		t.Error("not sorted")
	}
}

func TestCallbackRefusals(t *testing.T) {
	for _, fn := range []interface{}{3, (func())(nil), func(string) {}, func(...int) {}, func() (int, int) { return 0, 0 },
		func(a, b, c, d, e, f, g int) {}, func() string { return "" }} {
		if c, err := leaf.NewCallback("bad", fn); err == nil || c != nil {
			t.Errorf("%T is taken", fn)
		}
	}
	cb := leaf.CallbackOf("freed", func() {})
	address := cb.Pointer()
	cb.Free()
	cb.Free()
	func() {
		defer func() {
			if r := fmt.Sprint(recover()); !strings.Contains(r, "after its Free") {
				t.Error(r)
			}
		}()
		if builtWithASan {
			panic("after its Free")
		}
		void(address)
	}()
	var all []*leaf.Callback
	for {
		c, err := leaf.NewCallback("many", func() {})
		if err != nil {
			if !strings.Contains(err.Error(), "in use") {
				t.Error(err)
			}
			break
		}
		all = append(all, c)
	}
	if len(all) < 900 {
		t.Errorf("%d callbacks", len(all))
	}
	for _, c := range all {
		void(c.Pointer())
		c.Free()
	}
}

func BenchmarkCallback(b *testing.B) {
	for i := 0; i < b.N; i += 1000 {
		repeat(plusCallback.Pointer(), 1000, 1)
	}
}

func BenchmarkCallbackC(b *testing.B) {
	for i := 0; i < b.N; i += 1000 {
		repeat(callbacktest.Plus, 1000, 1)
	}
}

func BenchmarkCallbackStock(b *testing.B) {
	for i := 0; i < b.N; i += 1000 {
		callbacktest.RepeatOrdinary(callbacktest.Export, 1000, 1)
	}
}

func BenchmarkCallWithOne(b *testing.B) {
	for i := 0; i < b.N; i++ {
		repeat(plusCallback.Pointer(), 1, 1)
	}
}

func BenchmarkCallWithOneStock(b *testing.B) {
	for i := 0; i < b.N; i++ {
		callbacktest.RepeatOrdinary(callbacktest.Export, 1, 1)
	}
}

func init() {
	checkedCallbacks = func() {
		sleepy := leaf.CallbackOf("sleepy", func(i, arg uintptr) uintptr {
			time.Sleep(2 * time.Millisecond)
			for end := time.Now().Add(time.Millisecond); time.Now().Before(end); {
			}
			return callbacktest.RepeatOrdinary(plusCallback.Pointer(), 2, 1)
		})
		leaf.SetLimit(500 * time.Microsecond)
		repeat(sleepy.Pointer(), 3, 0)
		leaf.WithCallbacks[func(fn unsafe.Pointer, n uintptr) uintptr]("locked", callbacktest.Locked)(plusCallback.Pointer(), 2)
		leaf.WithCallbacks[func(fn unsafe.Pointer, n uintptr) uintptr]("slow", callbacktest.Slow)(plusCallback.Pointer(), 1<<23)
		regionsFn := leaf.WithCallbacks[func(fn unsafe.Pointer, n, microseconds uintptr) uintptr]("regions_repeat", callbacktest.Regions)
		regionsFn(plusCallback.Pointer(), 4, 2000)
		mutexFn := leaf.WithCallbacks[func(fn unsafe.Pointer, n uintptr) uintptr]("mutex_repeat", callbacktest.WithMutex)
		mutexFn(plusCallback.Pointer(), 3)
		counted := false
		for _, f := range leaf.Findings() {
			counted = counted || f.Locks > 0
			fmt.Printf("%s cpu=%v blocked=%v go=%v locks=%d\n", f.Name, f.CPU > 0, f.Blocked, f.CalledGo, f.Locks)
		}
		fmt.Printf("counted=%v\n", counted)
	}
}
