// SPDX-License-Identifier: BSD-3-Clause

package cheap

import (
	"runtime"
	"sync"
	"time"

	"rcgo.example/internal/heap"
)

// A Pace says when PaceGC runs the garbage collector.
type Pace struct {
	Percent int   // how much the C heap may grow since the last collection, in percent, like GOGC; 0 means 100
	Min     int64 // no collection while the C heap is smaller than this, in bytes; 0 means 4 MiB
}

const (
	paceTick  = 5 * time.Millisecond
	paceShare = 4                // our collections take at most this fraction of the time: one in paceShare
	paceRest  = 10 * time.Second // the longest pause after collections that freed no C memory
)

// PaceGC runs garbage collections as the C heap grows, until the returned function is called. Go starts a collection
// when the Go heap has grown. Go objects that hold C memory and free it by a finalizer or runtime.AddCleanup are small,
// so their C memory can fill the machine before Go collects.
//
// If a collection frees no C memory, the pause before the next one doubles. Reading the C heap's size costs nothing; it
// is an estimate at the current rate, which PaceGC sets to 512 KiB if it is 0.
func PaceGC(p Pace) (stop func(), err error) {
	if !heap.Built() {
		return func() {}, ErrNotBuilt
	}
	if n, _ := heap.Read(); n.Rate == 0 {
		if err := SetRate(512 << 10); err != nil {
			return func() {}, err
		}
	}
	if p.Percent <= 0 {
		p.Percent = 100
	}
	if p.Min <= 0 {
		p.Min = 4 << 20
	}
	return ticker(paceTick, (&pacer{Pace: p, size: size, gc: runtime.GC, rest: paceTick}).tick), nil
}

// size returns the bytes of the C heap.
func size() int64 {
	n, _ := heap.Read()
	return int64(n.LiveBytes) + int64(n.MappedBytes)
}

// A pacer decides at each tick.
type pacer struct {
	Pace
	size  func() int64
	gc    func()
	base  int64 // the least size since the last collection, or since the first tick
	begun bool  // base is set
	last  int64 // the size when the last collection began
	since time.Time
	rest  time.Duration // until the next collection may begin
}

func (p *pacer) tick(now time.Time) {
	live := p.size()
	if live < p.base || !p.begun {
		p.base, p.begun = live, true
	}
	goal := p.base + p.base/100*int64(p.Percent)
	if goal < p.Min {
		goal = p.Min
	}
	if live < goal || now.Sub(p.since) < p.rest {
		return
	}
	// The effect of the last collection is known by now: its finalizers have run.
	if !p.since.IsZero() && p.base > p.last-p.last/20 {
		p.rest *= 2
		if p.rest < 100*time.Millisecond {
			p.rest = 100 * time.Millisecond
		}
	} else {
		p.rest = paceTick
	}
	if p.rest > paceRest {
		p.rest = paceRest
	}
	p.last = live
	start := time.Now()
	p.gc()
	took := time.Since(start)
	if p.rest < took*(paceShare-1) {
		p.rest = took * (paceShare - 1)
	}
	p.base = p.size()
	p.since = now.Add(took)
}

// OnLimit calls f in a new goroutine when the C heap has grown above the limit in bytes. The heap must fall 5 % below
// the limit before f is called again. Calling the returned function ends it.
func OnLimit(bytes int64, f func(Stats)) (stop func(), err error) {
	if !heap.Built() {
		return func() {}, ErrNotBuilt
	}
	l := &limiter{limit: bytes, size: size, f: func() {
		s, _ := Read()
		go f(s)
	}}
	return ticker(10*time.Millisecond, l.tick), nil
}

type limiter struct {
	limit int64
	above bool
	size  func() int64
	f     func()
}

func (l *limiter) tick(time.Time) {
	live := l.size()
	switch {
	case !l.above && live > l.limit:
		l.above = true
		l.f()
	case l.above && live < l.limit-l.limit/20:
		l.above = false
	}
}

// ticker calls tick at intervals, until it is stopped.
func ticker(every time.Duration, tick func(time.Time)) (stop func()) {
	t, done := time.NewTicker(every), make(chan bool)
	go func() {
		for {
			select {
			case now := <-t.C:
				tick(now)
			case <-done:
				return
			}
		}
	}()
	var once sync.Once
	return func() {
		once.Do(func() {
			t.Stop()
			close(done)
		})
	}
}
