// SPDX-License-Identifier: BSD-3-Clause

// Package call makes calls of C that can be cancelled, bounds how many run at a time, and makes many
// small calls in one.
//
// Do runs a function that calls C, and interrupts it when a context ends. Most libraries have a
// function for that:
//
//	err := call.Do(ctx, func() { rc = C.sqlite3_step(stmt) }, func() { C.sqlite3_interrupt(db) })
//
// The interrupt runs on another goroutine, for the first time when the context ends, then again
// after a while until the function returns, for a library may forget an interrupt that comes before
// it has begun. It never runs once Do has returned, so the next query on the same connection is safe.
// A call costs 9 ns more than without; a goroutine that watches the context costs 300.
//
// Where a library has no such function but waits in system calls, Signal interrupts exactly the
// thread that runs the call: its system call returns EINTR. Code that then tries again, as getline
// does, cannot be interrupted.
//
// A Limiter bounds how many goroutines are in C at a time. Each blocked call of C holds a thread, and
// a burst of a thousand calls makes a thousand threads. A Batch makes many calls of C functions in
// one crossing.
package call

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"rcgo.example/internal/self"
)

// Do runs fn, and calls interrupt from another goroutine when the context ends before fn does: once,
// then again with pauses of 1 to 50 ms until fn has returned. It returns nil if there was no reason
// to interrupt, and else the context's error; fn does not run at all if the context has ended before.
// A panic of fn passes through. interrupt must not wait for fn, nor call Do. Make the function value
// once, for each connection, say: a closure that is made for each call costs its allocation.
func Do(ctx context.Context, fn, interrupt func()) error {
	done := ctx.Done()
	if done == nil {
		fn()
		return nil
	}
	place := placeOf(done)
	c := (*canceller)(atomic.LoadPointer(place))
	if c == nil || c.done != done {
		if c = cancellerFor(ctx, done, place); c == nil {
			return ctx.Err()
		}
	}
	if self.Known {
		if s := seatOf(self.G()); s != nil && atomic.LoadUint32(&s.state) == idle {
			storePointer(&s.interrupt, *(*unsafe.Pointer)(unsafe.Pointer(&interrupt)))
			if c.runSeated(s, fn) {
				return ctx.Err()
			}
			return nil
		}
	}
	return c.doWithout(ctx, done, fn, interrupt)
}

// doWithout is for a goroutine that has no seat, or is in a call already.
func (c *canceller) doWithout(ctx context.Context, done <-chan struct{}, fn, interrupt func()) error {
	// Goroutines begin at different slots, so that they do not share a line of the cache.
	s := &c.slots[uintptr(unsafe.Pointer(&done))>>12%slots]
	if !atomic.CompareAndSwapUint32(&s.state, idle, running) {
		return c.doElsewhere(ctx, fn, interrupt)
	}
	return c.run(ctx, s, fn, interrupt)
}

// doElsewhere is for a call whose slot is taken.
func (c *canceller) doElsewhere(ctx context.Context, fn, interrupt func()) error {
	s := c.otherSlot()
	defer c.remove(s)
	return c.run(ctx, s, fn, interrupt)
}

func (c *canceller) run(ctx context.Context, s *slot, fn, interrupt func()) error {
	atomic.StorePointer(&s.interrupt, *(*unsafe.Pointer)(unsafe.Pointer(&interrupt)))
	defer c.end(s)
	// The canceller first says that it has fired and then looks at the slots.
	if atomic.LoadUint32(&c.fired) != 0 {
		return ctx.Err()
	}
	fn()
	if atomic.LoadUint32(&s.state) != running {
		return ctx.Err()
	}
	return nil
}

func (c *canceller) otherSlot() *slot {
	for i := range c.slots {
		if s := &c.slots[i]; atomic.CompareAndSwapUint32(&s.state, idle, running) {
			return s
		}
	}
	s := &slot{state: running}
	c.more.Lock()
	defer c.more.Unlock()
	c.more.list = append(c.more.list, s)
	return s
}

const slots = 8

// The states of a slot.
const (
	idle = iota
	running
	cancelling // the interrupt may be called, by who holds firing
)

// A slot is a call under way.
type slot struct {
	state     uint32
	interrupt unsafe.Pointer // a func(); nil until the call has said which
	_         [64 - 4 - 2*unsafe.Sizeof(uintptr(0))]byte
}

// A canceller interrupts the calls that run with one context. It lives as long as that.
type canceller struct {
	done  <-chan struct{}
	place *unsafe.Pointer // in recent
	fired uint32
	// firing is held while interrupts are called, and by a call that ends meanwhile.
	firing sync.Mutex
	slots  [slots]slot
	more   struct { // calls beyond those
		sync.Mutex
		list []*slot
	}
}

// end makes sure that no interrupt of this call runs afterwards.
func (c *canceller) end(s *slot) {
	atomic.StorePointer(&s.interrupt, nil)
	if !atomic.CompareAndSwapUint32(&s.state, running, idle) {
		c.firing.Lock()
		atomic.StoreUint32(&s.state, idle)
		c.firing.Unlock()
	}
}

// remove takes a slot that otherSlot has made off the list; others are not there.
func (c *canceller) remove(s *slot) {
	c.more.Lock()
	defer c.more.Unlock()
	for i, other := range c.more.list {
		if other == s {
			c.more.list = append(c.more.list[:i], c.more.list[i+1:]...)
			return
		}
	}
}

// fire is called when the context has ended, in a goroutine of its own.
func (c *canceller) fire() {
	atomic.StoreUint32(&c.fired, 1)
	cancellers.Delete(c.done)
	atomic.CompareAndSwapPointer(c.place, unsafe.Pointer(c), nil)
	barrier() // a call either sees fired or is seen below
	for pause := time.Millisecond; c.interruptAll(); {
		time.Sleep(pause)
		if pause *= 2; pause > 50*time.Millisecond {
			pause = 50 * time.Millisecond
		}
	}
}

// interruptAll calls the interrupts of the calls that run; false if there is none.
func (c *canceller) interruptAll() bool {
	c.more.Lock()
	all := append([]*slot(nil), c.more.list...)
	c.more.Unlock()
	for i := range c.slots {
		all = append(all, &c.slots[i])
	}
	any := c.interruptSeats()
	for _, s := range all {
		any = c.interruptOne(s) || any
	}
	return any
}

func (c *canceller) interruptOne(s *slot) bool {
	c.firing.Lock()
	defer c.firing.Unlock()
	state := atomic.LoadUint32(&s.state)
	if state == running && !atomic.CompareAndSwapUint32(&s.state, running, cancelling) || state == idle {
		return false
	}
	// A call that has not said yet what interrupts it, or that is about to end, is asked again.
	if p := atomic.LoadPointer(&s.interrupt); p != nil {
		(*(*func())(unsafe.Pointer(&p)))()
	}
	return true
}

// cancellers finds the canceller of a context by its channel; recent holds some of them.
var (
	cancellers sync.Map // <-chan struct{} → *canceller
	recent     [64]unsafe.Pointer
)

// placeOf is where the canceller of a context is if it is one of the recent.
func placeOf(done <-chan struct{}) *unsafe.Pointer {
	address := uintptr(*(*unsafe.Pointer)(unsafe.Pointer(&done)))
	return &recent[(address>>5^address>>11)%uintptr(len(recent))]
}

// cancellerFor gives nil when the context has ended.
func cancellerFor(ctx context.Context, done <-chan struct{}, place *unsafe.Pointer) *canceller {
	if ctx.Err() != nil {
		return nil
	}
	found, ok := cancellers.Load(done)
	if !ok {
		c := &canceller{done: done, place: place}
		if found, ok = cancellers.LoadOrStore(done, c); !ok {
			atomic.StorePointer(place, unsafe.Pointer(c))
			afterEnd(ctx, c.fire)
			return c
		}
	}
	c := found.(*canceller)
	atomic.StorePointer(place, unsafe.Pointer(c))
	if atomic.LoadUint32(&c.fired) != 0 { // and it has looked at its place already
		atomic.CompareAndSwapPointer(place, unsafe.Pointer(c), nil)
	}
	return c
}
