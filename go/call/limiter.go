// SPDX-License-Identifier: BSD-3-Clause

package call

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"rcgo.example/internal/metrics"
)

// A Limiter bounds how many calls run at a time. Those that find no place wait in the order in which
// they came, as goroutines, without a thread. Entering and leaving cost 18 ns.
type Limiter struct {
	limit uint64
	// state has the calls that run in its lower half and those that wait in the upper.
	state uint64

	mu    sync.Mutex
	queue []*waiter // in order
	stats LimiterStats
}

// LimiterStats is what a Limiter has counted.
type LimiterStats struct {
	Running, Waiting int
	Waited           uint64        // calls that have had to wait
	GaveUp           uint64        // calls whose context ended while they waited
	WaitTime         time.Duration // of all that have waited, summed
	LongestWait      time.Duration
}

type waiter struct {
	ready chan struct{}
}

const oneWaits = 1 << 32

// NewLimiter makes a limiter for n calls at a time, at least one.
func NewLimiter(n int) *Limiter {
	if n < 1 || n > 1<<30 {
		panic(fmt.Sprintf("call: a limiter of %d calls", n))
	}
	l := &Limiter{limit: uint64(n)}
	limiters.Lock()
	defer limiters.Unlock()
	limiters.list = append(limiters.list, l)
	return l
}

// Do runs fn when there is a place for it. It returns the context's error, without running fn, when
// the context ends before that. A panic of fn passes through and frees its place.
func (l *Limiter) Do(ctx context.Context, fn func()) error {
	if err := l.Enter(ctx); err != nil {
		return err
	}
	defer l.Leave()
	fn()
	return nil
}

// Enter waits for a place, or for the end of the context. Each Enter that returns nil needs a Leave.
func (l *Limiter) Enter(ctx context.Context) error {
	// No place is free while others wait, whose number is in the upper half.
	if s := atomic.LoadUint64(&l.state); s < l.limit && atomic.CompareAndSwapUint64(&l.state, s, s+1) {
		return nil
	}
	return l.wait(ctx)
}

// Leave gives a place back.
func (l *Limiter) Leave() {
	if s := atomic.AddUint64(&l.state, ^uint64(0)); s >= oneWaits {
		l.left(s)
	}
}

func (l *Limiter) left(s uint64) {
	if uint32(s) == ^uint32(0) {
		panic("call: Leave without Enter")
	}
	l.handOn()
}

// handOn gives a free place to the first that waits. While any does, Enter takes none.
func (l *Limiter) handOn() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue) > 0 {
		s := atomic.LoadUint64(&l.state)
		if uint64(uint32(s)) >= l.limit {
			return
		}
		if atomic.CompareAndSwapUint64(&l.state, s, s+1-oneWaits) {
			close(l.queue[0].ready)
			l.queue = l.queue[1:]
			return
		}
	}
}

func (l *Limiter) wait(ctx context.Context) error {
	l.mu.Lock()
	for { // while nobody waits a place may have become free
		s := atomic.LoadUint64(&l.state)
		if s < l.limit { // so nobody waits
			if atomic.CompareAndSwapUint64(&l.state, s, s+1) {
				l.mu.Unlock()
				return nil
			}
		} else if atomic.CompareAndSwapUint64(&l.state, s, s+oneWaits) {
			break
		}
	}
	w := &waiter{ready: make(chan struct{})}
	l.queue = append(l.queue, w)
	l.stats.Waited++
	l.mu.Unlock()
	start := time.Now()
	select {
	case <-w.ready:
		l.waited(time.Since(start))
		return nil
	case <-ctx.Done():
	}
	if l.giveUp(w) {
		return ctx.Err()
	}
	<-w.ready // the place came at the same moment
	l.waited(time.Since(start))
	return nil
}

func (l *Limiter) waited(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.WaitTime += d
	if d > l.stats.LongestWait {
		l.stats.LongestWait = d
	}
}

// giveUp takes a waiter out of the queue; false when it is no longer there.
func (l *Limiter) giveUp(w *waiter) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, other := range l.queue {
		if other == w {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			atomic.AddUint64(&l.state, ^uint64(oneWaits-1))
			l.stats.GaveUp++
			return true
		}
	}
	return false
}

// Stats gives what the limiter has counted so far.
func (l *Limiter) Stats() LimiterStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	state := atomic.LoadUint64(&l.state)
	s.Running, s.Waiting = int(uint32(state)), int(state>>32)
	return s
}

// limiters are the ones that package stats sums up. They are few and live as long as the program.
var limiters struct {
	sync.Mutex
	list []*Limiter
}

func init() { metrics.Register(readMetrics) }

func readMetrics() []metrics.Metric {
	limiters.Lock()
	list := limiters.list
	limiters.Unlock()
	if len(list) == 0 {
		return nil
	}
	var sum LimiterStats
	for _, l := range list {
		s := l.Stats()
		sum.Running += s.Running
		sum.Waiting += s.Waiting
		sum.Waited += s.Waited
		sum.GaveUp += s.GaveUp
		sum.WaitTime += s.WaitTime
	}
	return []metrics.Metric{
		{Name: "/rcgo/limiters/running:calls", Description: "Calls that run under a limiter.", Value: uint64(sum.Running)},
		{Name: "/rcgo/limiters/waiting:calls", Description: "Calls that wait for a place.", Value: uint64(sum.Waiting)},
		{Name: "/rcgo/limiters/waited:calls", Description: "Calls that had to wait for a place.", Cumulative: true, Value: sum.Waited},
		{Name: "/rcgo/limiters/gave-up:calls", Description: "Calls whose context ended while they waited.", Cumulative: true, Value: sum.GaveUp},
		{Name: "/rcgo/limiters/wait:nanoseconds", Description: "How long calls have waited.", Cumulative: true, Value: uint64(sum.WaitTime)},
	}
}
