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
)

// calmly enters and leaves until the calling goroutine has a place on loan.
func calmly(t *testing.T, l *Limiter) {
	t.Helper()
	for i := 0; i < 2*mostPatience; i++ {
		if err := l.Enter(context.Background()); err != nil {
			t.Fatal(err)
		}
		l.Leave()
	}
	if seatsWork() && atomic.LoadUint64(&l.state)&lentMask == 0 {
		t.Error("no place is lent")
	}
	if s := l.Stats(); s.Running != 0 || s.Waiting != 0 {
		t.Errorf("nobody is in a call: %+v", s)
	}
}

// A place on loan is no place less for the others.
func TestLoanIsCalledBack(t *testing.T) {
	l := NewLimiter(2)
	calmly(t, l)
	for i := 0; i < 2; i++ { // both places
		done := make(chan error)
		go func() { done <- l.Enter(context.Background()) }()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if s := l.Stats(); s.Running != 2 {
		t.Errorf("%+v", s)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if l.Enter(ended) == nil {
		t.Error("a third place")
	}
	l.Leave()
	l.Leave()
	if s := l.Stats(); s.Running != 0 {
		t.Errorf("%+v", s)
	}
	mustPanic(t, l)
}

// The owner is in a call when its place is called back: it hands on when it leaves, in order.
func TestLoanIsHandedOn(t *testing.T) {
	l := NewLimiter(1)
	calmly(t, l)
	if l.Enter(context.Background()) != nil {
		t.Fatal("no place")
	}
	order := make(chan int)
	for i := 0; i < 3; i++ {
		go func(i int) {
			if l.Enter(context.Background()) != nil {
				i = -1
			}
			order <- i
			l.Leave()
		}(i)
		for l.Stats().Waiting != i+1 {
			time.Sleep(time.Millisecond)
		}
	}
	l.Leave()
	for i := 0; i < 3; i++ {
		if got := <-order; got != i {
			t.Errorf("%d came before %d", got, i)
		}
	}
	for l.Stats().Running != 0 {
		time.Sleep(time.Millisecond)
	}
	mustPanic(t, l)
}

// Another goroutine may leave for the one that entered, with its loan or without.
func TestLeaveForAnother(t *testing.T) {
	l := NewLimiter(3)
	for round := 0; round < 200; round++ {
		if round%50 == 0 {
			calmly(t, l)
		}
		nested := round%3 + 1
		for i := 0; i < nested; i++ {
			if l.Enter(context.Background()) != nil {
				t.Fatal("no place")
			}
		}
		if s := l.Stats(); s.Running != nested {
			t.Fatalf("%d entered: %+v", nested, s)
		}
		var wg sync.WaitGroup
		for i := 0; i < nested; i++ {
			wg.Add(1)
			go func() {
				l.Leave()
				wg.Done()
			}()
		}
		wg.Wait()
		if s := l.Stats(); s.Running != 0 {
			t.Fatalf("all have left: %+v", s)
		}
	}
	mustPanic(t, l)
	if l.Enter(context.Background()) != nil || l.Stats().Running != 1 {
		t.Error("the limiter does not work after a misuse")
	}
}

func mustPanic(t *testing.T, l *Limiter) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("Leave without Enter")
		}
	}()
	l.Leave()
}

// Never more than the limit, while loans come and go; and all places are free at the end.
func TestLoanStress(t *testing.T) {
	const limit = 3
	l := NewLimiter(limit)
	var now, most int32
	var wg sync.WaitGroup
	inside := func(g, i int) {
		n := atomic.AddInt32(&now, 1)
		for m := atomic.LoadInt32(&most); n > m && !atomic.CompareAndSwapInt32(&most, m, n); m = atomic.LoadInt32(&most) {
		}
		if (g+i)%64 == 0 {
			runtime.Gosched()
		}
		atomic.AddInt32(&now, -1)
	}
	for g := 0; g < 6; g++ {
		wg.Add(1)
		go func(g int) {
			defer wg.Done()
			for i := 0; i < 60000; i++ {
				ctx, cancel := context.Background(), context.CancelFunc(nil)
				if i%97 == 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Duration(i%7)*100*time.Microsecond)
				}
				if l.Enter(ctx) == nil {
					inside(g, i)
					if i%1000 == 7 {
						left := make(chan bool)
						go func() {
							l.Leave()
							close(left)
						}()
						<-left
					} else {
						l.Leave()
					}
				}
				if cancel != nil {
					cancel()
				}
				if i%20000 == 19999 { // calm times, one after another
					time.Sleep(time.Duration(g) * time.Millisecond)
				}
			}
		}(g)
	}
	wg.Wait()
	if most > limit {
		t.Errorf("%d calls at a time, not %d", most, limit)
	}
	if s := l.Stats(); s.Running != 0 || s.Waiting != 0 {
		t.Errorf("%+v", s)
	}
	for i := 0; i < limit; i++ {
		if l.Enter(context.Background()) != nil {
			t.Error("a place is lost")
		}
	}
	if s := l.Stats(); s.Running != limit {
		t.Errorf("%+v", s)
	}
}
