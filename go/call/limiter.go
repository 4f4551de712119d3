// SPDX-License-Identifier: BSD-3-Clause

package call

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"rcgo.example/internal/metrics"
	"rcgo.example/internal/self"
)

// A Limiter limits how many calls run at a time. Further calls wait in order, as goroutines, without a
// thread. Entering and leaving cost about 8 ns for a goroutine that does it repeatedly below the limit,
// and 19 ns otherwise.
type Limiter struct {
	limit uint64
	// state counts the places that are taken, those of them that are lent, and the calls that wait.
	state uint64
	calm  uint32 // calls since one had to wait; need not be right

	mu       sync.Mutex
	patience uint32    // how many such calls it takes to lend a place
	queue    []*waiter // in order
	stats    LimiterStats
	loans    [1 << loanBits]loan
}

// The parts of a Limiter's state.
const (
	oneLent   = 1 << 24
	oneWaits  = 1 << 32
	takenMask = oneLent - 1
	lentMask  = oneWaits - oneLent
	maxPlaces = takenMask / 2
)

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

// NewLimiter makes a limiter for n calls at a time, at least one.
func NewLimiter(n int) *Limiter {
	if n < 1 || n > 1<<30 {
		panic(fmt.Sprintf("call: a limiter of %d calls", n))
	}
	l := &Limiter{limit: uint64(n), patience: leastPatience}
	if l.limit > maxPlaces { // more threads than any system has
		l.limit = maxPlaces
	}
	limiters.Lock()
	defer limiters.Unlock()
	limiters.list = append(limiters.list, l)
	return l
}

// Do waits for a place and runs fn. It returns the context's error, without running fn, when
// the context ends before that. A panic of fn passes through and frees its place.
func (l *Limiter) Do(ctx context.Context, fn func()) error {
	if err := l.Enter(ctx); err != nil {
		return err
	}
	defer l.Leave()
	fn()
	return nil
}

// Enter waits for a place, or for the end of the context. Each Enter that returns nil needs a Leave,
// which another goroutine may call.
func (l *Limiter) Enter(ctx context.Context) error {
	s := atomic.LoadUint64(&l.state)
	if s&lentMask != 0 {
		if p := l.loanOf(self.G()); p != nil && atomic.LoadUint32(&p.inside) == outside && atomic.LoadUint32(&p.stop) == goOn {
			storeWord(&p.inside, entering)
			if atomic.LoadUint32(&p.stop) == goOn {
				storeWord(&p.inside, inACall)
				return nil
			}
			storeWord(&p.inside, outside)
			l.giveBack(p)
		}
	}
	return l.enter(ctx)
}

func (l *Limiter) enter(ctx context.Context) error {
	// No place is free while others wait, whose number is in the upper half.
	s := atomic.LoadUint64(&l.state)
	if s < oneWaits && s&takenMask < l.limit && atomic.CompareAndSwapUint64(&l.state, s, s+1) {
		if calm := atomic.LoadUint32(&l.calm) + 1; calm < leastPatience {
			storeWord(&l.calm, calm)
		} else {
			l.lend(calm)
		}
		return nil
	}
	return l.wait(ctx)
}

// Leave gives a place back.
func (l *Limiter) Leave() {
	if atomic.LoadUint64(&l.state)&lentMask != 0 {
		if p := l.loanOf(self.G()); p != nil && atomic.LoadUint32(&p.inside) != outside {
			storeWord(&p.inside, outside)
			if atomic.LoadUint32(&p.stop) == goOn || l.giveBack(p) {
				return
			}
		}
	}
	if s := atomic.AddUint64(&l.state, ^uint64(0)); s >= oneLent {
		l.left(s)
	}
}

// left is for those who give a place back while others wait, or are lent one.
func (l *Limiter) left(s uint64) {
	taken, lent := placesOf(s)
	if taken >= lent && s < oneWaits {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	isMisuse := taken < lent && !l.leaveForOwner()
	l.handOn()
	if isMisuse {
		panic("call: Leave without Enter")
	}
}

// placesOf gives the places that are taken and those of them that are lent. More are lent than taken
// while a Leave has not found yet for whom it is.
func placesOf(s uint64) (taken, lent int32) {
	taken = int32(s<<8) >> 8
	return taken, int32((s - uint64(taken)) & lentMask / oneLent)
}

// handOn gives free places to those that wait longest. While any waits, Enter takes none. l.mu is held.
func (l *Limiter) handOn() {
	for len(l.queue) > 0 {
		s := atomic.LoadUint64(&l.state)
		if s&takenMask >= l.limit {
			return
		}
		if atomic.CompareAndSwapUint64(&l.state, s, s+1-oneWaits) {
			close(l.queue[0].ready)
			l.queue = l.queue[1:]
		}
	}
}

func (l *Limiter) wait(ctx context.Context) error {
	l.mu.Lock()
	storeWord(&l.calm, 0)
	for { // while no call waits, a place may have become free
		s := atomic.LoadUint64(&l.state)
		if s < oneWaits && s&takenMask < l.limit {
			if atomic.CompareAndSwapUint64(&l.state, s, s+1) {
				l.mu.Unlock()
				return nil
			}
		} else if s&lentMask != 0 && l.recall() {
			continue
		} else if atomic.CompareAndSwapUint64(&l.state, s, s+oneWaits) {
			break
		}
	}
	w := &waiter{ready: make(chan struct{})}
	l.queue = append(l.queue, w)
	l.stats.Waited++
	l.handOn() // a place that was given back since
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
	s.Running, s.Waiting = int(state&takenMask)-l.lentAndFree(), int(state/oneWaits)
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
