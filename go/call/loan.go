// SPDX-License-Identifier: BSD-3-Clause

package call

import (
	"sync/atomic"
	"time"
	"unsafe"

	"rcgo.example/internal/self"
)

// A loan is a place of a Limiter that one goroutine keeps while it is not in a call, so that entering
// and leaving need no locked instruction. The goroutine alone writes inside, and then loads stop.
// A call that needs the place holds the limiter's mu, sets stop, makes all threads execute a barrier, and
// loads inside: either the place is free, or its goroutine finds stop and gives the place back.
type loan struct {
	owner   uintptr // of self.G; set once
	inside  uint32  // outside, entering or inACall
	stop    uint32  // goOn, giveItBack or notLent
	lent    bool    // with mu, as the next one
	leftFor bool    // another goroutine's Leave has taken the place of the call that is under way
	_       [64 - 10 - unsafe.Sizeof(uintptr(0))]byte
}

const (
	outside = iota
	inACall
	entering // inACall or, if stop is set, outside in a moment
)

const (
	goOn = iota
	giveItBack
	notLent
)

const (
	loanBits      = 5
	leastPatience = 64
	mostPatience  = 1 << 14
)

// loanOf gives the loan of the calling goroutine, whose self.G is g; nil when it never had one.
func (l *Limiter) loanOf(g uintptr) *loan {
	if p := &l.loans[placeOfG(g, loanBits)]; atomic.LoadUintptr(&p.owner) == g {
		return p
	}
	return nil
}

// lend lets the calling goroutine keep the place that it has taken, if no call has had to wait for a
// number of calls (patience). The number doubles each time that a place is called back.
func (l *Limiter) lend(calm uint32) {
	if calm < atomic.LoadUint32(&l.patience) {
		storeWord(&l.calm, calm)
		return
	}
	storeWord(&l.calm, 0)
	g := self.G()
	p := &l.loans[placeOfG(g, loanBits)]
	if o := atomic.LoadUintptr(&p.owner); !seatsWork() || o != 0 && o != g {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.owner != 0 && p.owner != g || p.lent || len(l.queue) != 0 {
		return
	}
	p.lent, p.leftFor = true, false
	storeWord(&p.inside, inACall)
	atomic.StoreUint32(&p.stop, goOn)
	atomic.StoreUintptr(&p.owner, g)
	atomic.AddUint64(&l.state, oneLent)
}

// recall calls all loans back, and takes those whose goroutines are in no call; false if there is
// none. The others give theirs back when their call ends. l.mu is held.
func (l *Limiter) recall() bool {
	stopped := false
	for i := range l.loans {
		if p := &l.loans[i]; p.lent && p.stop == goOn {
			atomic.StoreUint32(&p.stop, giveItBack)
			stopped = true
		}
	}
	if stopped {
		if l.patience < mostPatience {
			atomic.StoreUint32(&l.patience, 2*l.patience)
		}
		barrier()
	}
	any := false
	for i := range l.loans {
		if p := &l.loans[i]; p.lent && atomic.LoadUint32(&p.inside) == outside {
			l.end(p)
			any = true
		}
	}
	return any
}

// end makes a lent place a free one. l.mu is held.
func (l *Limiter) end(p *loan) {
	p.lent = false
	atomic.StoreUint32(&p.stop, notLent)
	atomic.AddUint64(&l.state, ^uint64(oneLent)) // less oneLent and 1
}

// giveBack ends the loan of the calling goroutine, which is outside. False: the place of its call is
// not a lent one any more.
func (l *Limiter) giveBack(p *loan) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !p.lent {
		return !p.leftFor // or else recall has found that the call had ended
	}
	l.end(p)
	l.handOn()
	return true
}

// leaveForOwner is for a Leave by another goroutine than the one that entered with its loan: the loan
// of some goroutine that is in a call ends. The caller has taken its place off already. False: there
// is none, so there was no Enter, and the place is there again. l.mu is held.
func (l *Limiter) leaveForOwner() bool {
	l.recall()
	for i := range l.loans {
		p := &l.loans[i]
		for p.lent && atomic.LoadUint32(&p.inside) == entering {
			time.Sleep(10 * time.Microsecond)
		}
		if p.lent && atomic.LoadUint32(&p.inside) == outside {
			l.end(p)
		}
	}
	if taken, lent := placesOf(atomic.LoadUint64(&l.state)); taken >= lent {
		return true // another Leave has ended a loan meanwhile
	}
	for i := range l.loans {
		if p := &l.loans[i]; p.lent {
			p.lent, p.leftFor = false, true
			atomic.StoreUint32(&p.stop, notLent)
			atomic.AddUint64(&l.state, ^uint64(oneLent-1))
			return true
		}
	}
	atomic.AddUint64(&l.state, 1)
	return false
}

// lentAndFree counts the lent places whose goroutines are in no call. l.mu is held.
func (l *Limiter) lentAndFree() int {
	n := 0
	for i := range l.loans {
		if p := &l.loans[i]; p.lent && atomic.LoadUint32(&p.inside) == outside {
			n++
		}
	}
	return n
}
