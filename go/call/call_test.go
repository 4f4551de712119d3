// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package call

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rcgo.example/call/internal/calltest"
	"rcgo.example/internal/metrics"
)

func TestDo(t *testing.T) {
	calltest.ClearFlag()
	ran := false
	if err := Do(context.Background(), func() { ran = true }, nil); err != nil || !ran {
		t.Errorf("%v %v", err, ran)
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := 0
	if err := Do(ctx, func() { result = calltest.Work(1) }, calltest.SetFlag); err != nil || result != -1 {
		t.Errorf("%v %d", err, result)
	}
	start := time.Now()
	err := Do(ctx, func() {
		time.AfterFunc(20*time.Millisecond, cancel)
		result = calltest.Work(20000)
	}, calltest.SetFlag)
	if err != context.Canceled || result < 0 || time.Since(start) > 10*time.Second {
		t.Errorf("%v %d %v", err, result, time.Since(start))
	}
	// If the context has already ended, fn does not run, and nothing is interrupted.
	calltest.ClearFlag()
	err = Do(ctx, func() { t.Error("ran") }, calltest.SetFlag)
	if err != context.Canceled || calltest.Flag() {
		t.Errorf("%v, flag %v", err, calltest.Flag())
	}
	deadline, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := Do(deadline, func() { calltest.Work(20000) }, calltest.SetFlag); err != context.DeadlineExceeded {
		t.Error(err)
	}
}

// A library that forgets the first interrupts is interrupted again.
func TestInterruptAgain(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancelled := make(chan bool)
	var n int32
	err := Do(ctx, func() { cancel(); <-cancelled }, func() {
		if atomic.AddInt32(&n, 1) == 5 {
			close(cancelled)
		}
	})
	if err != context.Canceled || atomic.LoadInt32(&n) < 5 {
		t.Errorf("%v after %d", err, n)
	}
}

// No interrupt runs once Do has returned, whenever the context ends; and each call that is running when the context
// ends is interrupted.
func TestNeverAfterwards(t *testing.T) {
	rounds := 3000
	if testing.Short() {
		rounds = 500
	}
	var wg sync.WaitGroup
	for g := 0; g < 4; g++ {
		wg.Add(1)
		go func(g int) {
			defer wg.Done()
			for i := 0; i < rounds; i++ {
				neverAfterwards(t, g+i)
			}
		}(g)
	}
	wg.Wait()
	left := 0
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		left = 0
		cancellers.Range(func(interface{}, interface{}) bool { left++; return true })
		if left == 0 {
			break
		}
	}
	if left != 0 {
		t.Errorf("%d cancellers are left", left)
	}
}

func neverAfterwards(t *testing.T, seed int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		for i := 0; i < seed%50; i++ {
			runtime.Gosched()
		}
		cancel()
	}()
	var wg sync.WaitGroup
	for k := 0; k < 3+seed%10; k++ { // sometimes more than there are slots
		wg.Add(1)
		go func() {
			defer wg.Done()
			var inside, interrupted int32
			interrupt := func() {
				if atomic.LoadInt32(&inside) == 2 {
					t.Error("an interrupt after the end")
				}
				atomic.StoreInt32(&interrupted, 1)
			}
			err := Do(ctx, func() {
				atomic.StoreInt32(&inside, 1)
				for i := 0; atomic.LoadInt32(&interrupted) == 0; i++ {
					runtime.Gosched()
				}
			}, interrupt)
			atomic.StoreInt32(&inside, 2)
			if err == nil {
				t.Error("ended without an interrupt")
			}
		}()
	}
	wg.Wait()
}

func TestPanic(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	func() {
		defer func() {
			if recover() != "x" {
				t.Error("no panic")
			}
		}()
		Do(ctx, func() { panic("x") }, func() { t.Error("interrupted") })
	}()
	cancel()
	time.Sleep(20 * time.Millisecond)
	l := NewLimiter(1)
	func() {
		defer func() { recover() }()
		l.Do(context.Background(), func() { panic("x") })
	}()
	if s := l.Stats(); s.Running != 0 {
		t.Errorf("%+v", s)
	}
}

// A thread that is blocked in read returns, each time, and no other thread is disturbed.
func TestSignal(t *testing.T) {
	if strings.Contains(os.Getenv("RCGO_TEST_EXEC"), "qemu") && SignalNumber() == 0 {
		t.Skip("the emulator keeps all real-time signals")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	fd := int(r.Fd()) // blocking
	other := make(chan int)
	go func() { other <- calltest.Read(fd) }()
	for i := 0; i < 50; i++ {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Duration(i%5)*time.Millisecond, cancel)
		errno := -1
		if err := Signal(ctx, func() { errno = calltest.Read(fd) }); err != context.Canceled || i%5 != 0 && errno != int(syscall.EINTR) {
			t.Fatalf("%d: %v, errno %d", i, err, errno)
		}
		cancel()
	}
	select {
	case errno := <-other:
		t.Errorf("another thread came back with %v", syscall.Errno(errno))
	default:
	}
	w.Write([]byte{1})
	if errno := <-other; errno != 0 {
		t.Error(errno)
	}
	w.Write([]byte{1})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	errno := -1
	if err := Signal(ctx, func() { errno = calltest.Read(fd) }); err != nil || errno != 0 {
		t.Errorf("%v %d", err, errno)
	}
}

func TestLimiter(t *testing.T) {
	const limit, goroutines = 3, 50
	l := NewLimiter(limit)
	var now, most int32
	var wg sync.WaitGroup
	for g := 0; g < goroutines; g++ {
		wg.Add(1)
		go func(g int) {
			defer wg.Done()
			for i := 0; i < 200; i++ {
				ctx, cancel := context.Background(), context.CancelFunc(func() {})
				if g%5 == 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Duration(i)*10*time.Microsecond)
				}
				err := l.Do(ctx, func() {
					n := atomic.AddInt32(&now, 1)
					for m := atomic.LoadInt32(&most); n > m && !atomic.CompareAndSwapInt32(&most, m, n); m = atomic.LoadInt32(&most) {
					}
					if i%20 == 0 {
						calltest.Work(1)
					}
					runtime.Gosched()
					atomic.AddInt32(&now, -1)
				})
				if err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				cancel()
			}
		}(g)
	}
	wg.Wait()
	s := l.Stats()
	if most != limit || s.Running != 0 || s.Waiting != 0 || s.Waited == 0 || s.LongestWait == 0 {
		t.Errorf("at most %d at a time; %+v", most, s)
	}
	waited := false
	for _, m := range metrics.Read() {
		waited = waited || m.Name == "/rcgo/limiters/waited:calls" && m.Value >= s.Waited
	}
	if !waited {
		t.Errorf("%v", metrics.Read())
	}
}

// Waiting calls are served in order, and one that gives up is skipped.
func TestLimiterOrder(t *testing.T) {
	l := NewLimiter(1)
	l.Enter(context.Background())
	ctx, cancel := context.WithCancel(context.Background())
	order := make(chan int, 8)
	for i := 0; i < 5; i++ {
		c := context.Background()
		if i == 2 {
			c = ctx
		}
		go func(i int) {
			if l.Enter(c) != nil {
				i = -1
			}
			order <- i
		}(i)
		for l.Stats().Waiting != i+1 {
			time.Sleep(time.Millisecond)
		}
	}
	cancel()
	if i := <-order; i != -1 {
		t.Error(i)
	}
	for _, want := range []int{0, 1, 3, 4} {
		l.Leave()
		if i := <-order; i != want {
			t.Errorf("%d came before %d", i, want)
		}
	}
	l.Leave()
	if s := l.Stats(); s.GaveUp != 1 || s.Running != 0 {
		t.Errorf("%+v", s)
	}
	defer func() {
		if recover() == nil {
			t.Error("Leave without Enter")
		}
	}()
	l.Leave()
}

func TestBatch(t *testing.T) {
	b, err := NewBatch(64)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Free()
	for round := 0; round < 3; round++ {
		for i := 0; !b.Full(); i++ {
			if i%2 == 0 {
				b.Add(calltest.FnAdd, uintptr(i), uintptr(round))
			} else {
				b.Add(calltest.FnSix, 1, 2, 3, 4, 5, uintptr(i))
			}
		}
		b.Run()
		for i := 0; i < 64; i++ {
			want := uintptr(i + round)
			if i%2 != 0 {
				want = uintptr(54321 + 100000*i)
			}
			if got := b.Result(i); got != want {
				t.Errorf("%d: %d, not %d", i, got, want)
			}
		}
	}
	b.Run() // does nothing
	if _, err := NewBatch(0); err == nil {
		t.Error("no calls")
	}
}

// The same by a value that grows as a slice does.
func TestCalls(t *testing.T) {
	b, err := NewBatch(10)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Free()
	for round := 0; round < 3; round++ {
		calls := b.Calls()
		for len(calls) < cap(calls) {
			switch n := uintptr(len(calls)); n % 3 {
			case 0:
				calls = calls.Add(calltest.FnAdd, n, uintptr(round))
			case 1:
				calls = calls.Add(calltest.FnSix, 1, 2, 3, 4, 5, n)
			case 2:
				calls = calls.Add(calltest.FnNothing)
			}
		}
		b.RunCalls(calls[:len(calls)-round])
		for i := 0; i < 10-round; i++ {
			want := [...]uintptr{uintptr(i + round), uintptr(54321 + 100000*i), b.Result(i)}[i%3]
			if got := b.Result(i); got != want {
				t.Errorf("%d: %d, not %d", i, got, want)
			}
		}
		for _, wrong := range []func(){
			func() { calls.Add(calltest.FnNothing) },
			func() { b.Calls().Add(calltest.FnNothing, 1, 2, 3, 4, 5, 6, 7) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Error("no panic")
					}
				}()
				wrong()
			}()
		}
	}
	b.RunCalls(b.Calls()) // nothing
}

func BenchmarkCall(b *testing.B) {
	for i := 0; i < b.N; i++ {
		calltest.Nothing()
	}
}

func BenchmarkDo(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for i := 0; i < b.N; i++ {
		if Do(ctx, calltest.Nothing, calltest.SetFlag) != nil {
			b.Fatal("interrupted")
		}
	}
}

func BenchmarkSignal(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for i := 0; i < b.N; i++ {
		if Signal(ctx, calltest.Nothing) != nil {
			b.Fatal("interrupted")
		}
	}
}

func BenchmarkLimiter(b *testing.B) {
	l := NewLimiter(4)
	for i := 0; i < b.N; i++ {
		l.Enter(context.Background())
		l.Leave()
	}
}

const benchCalls = 64

func newBenchBatch(b *testing.B) *Batch {
	batch, err := NewBatch(benchCalls)
	if err != nil {
		b.Fatal(err)
	}
	return batch
}

func fillCalls(batch *Batch) Calls {
	calls := batch.Calls()
	for k := 0; k < benchCalls; k++ {
		calls = calls.Add(calltest.FnNothing)
	}
	return calls
}

func BenchmarkCalls(b *testing.B) {
	batch := newBenchBatch(b)
	for i := 0; i < b.N; i += benchCalls {
		batch.RunCalls(fillCalls(batch))
	}
}

// The parts of BenchmarkCalls: writing the records in Go, and the crossing with the calls in C.
func BenchmarkCallsFill(b *testing.B) {
	batch := newBenchBatch(b)
	for i := 0; i < b.N; i += benchCalls {
		fillCalls(batch)
	}
}

func BenchmarkCallsRun(b *testing.B) {
	batch := newBenchBatch(b)
	calls := fillCalls(batch)
	for i := 0; i < b.N; i += benchCalls {
		batch.RunCalls(calls)
	}
}

func BenchmarkBatch(b *testing.B) {
	batch, err := NewBatch(64)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i < b.N; i++ {
		batch.Add(calltest.FnNothing)
		if batch.Full() {
			batch.Run()
		}
	}
}
