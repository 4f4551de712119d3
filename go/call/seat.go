// SPDX-License-Identifier: BSD-3-Clause

package call

import (
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"rcgo.example/internal/membarrier"
	"rcgo.example/internal/self"
)

// A seat is where one goroutine records which call of Do it is in. The goroutine alone writes state,
// canceller and interrupt, so it needs no locked instruction. It then loads asked. A canceller sets
// asked, makes all threads execute a barrier, and loads state. One of the two sees what the other has
// stored: either the canceller finds that the call has ended, or the call's end finds asked and waits
// for mu, which the canceller holds while it calls the interrupt.
type seat struct {
	owner     uintptr        // of self.G; set once, for its record is never freed
	state     uint32         // idle or running
	asked     uint32         // 1: the call is, or may be, interrupted
	canceller unsafe.Pointer // *canceller
	interrupt unsafe.Pointer // a func()
	mu        sync.Mutex     // held to set asked
	_         [64 - 16 - 3*unsafe.Sizeof(uintptr(0))]byte
}

const (
	seatBits = 10
	nearby   = 4 // seats that a goroutine may have
)

// seats are those of all goroutines; taken lists the ones that have an owner.
var (
	seats [1 << seatBits]seat
	taken struct {
		sync.Mutex
		n    uint32
		list [1 << seatBits]*seat
	}
)

// placeOfG spreads goroutines over 1<<bits places.
func placeOfG(g uintptr, bits uint) uint64 { return uint64(g) * 0x9e3779b97f4a7c15 >> (64 - bits) }

// seatOf gives the seat of the calling goroutine, whose self.G is g; nil when it has none.
func seatOf(g uintptr) *seat {
	i := placeOfG(g, seatBits)
	if s := &seats[i]; atomic.LoadUintptr(&s.owner) == g {
		return s
	}
	return otherSeat(g, i)
}

func otherSeat(g uintptr, i uint64) *seat {
	for n := uint64(0); n < nearby; n++ {
		s := &seats[(i+n)%(1<<seatBits)]
		switch atomic.LoadUintptr(&s.owner) {
		case g:
			return s
		case 0:
			if takeSeat(s, g) {
				return s
			}
		}
	}
	return nil
}

// takeSeat is false when another goroutine was faster, and where there is no barrier for all threads.
func takeSeat(s *seat, g uintptr) bool {
	taken.Lock()
	defer taken.Unlock()
	if s.owner != 0 || !seatsWork() {
		return false
	}
	taken.list[taken.n] = s
	atomic.StoreUint32(&taken.n, taken.n+1)
	atomic.StoreUintptr(&s.owner, g)
	return true
}

func seatsWork() bool { return self.Known && (!plainStores || membarrier.Available()) }

// barrier makes the plain stores visible that other threads have made before, and keeps their later
// loads behind it. Should the kernel refuse now, a pause is long enough for both.
func barrier() {
	if plainStores && !membarrier.All() {
		time.Sleep(time.Millisecond)
	}
}

func (c *canceller) runSeated(s *seat, fn func()) (interrupted bool) {
	storePointer(&s.canceller, unsafe.Pointer(c))
	storeWord(&s.state, running)
	defer s.end()
	// The canceller first says that it has fired and then looks at the seats.
	if atomic.LoadUint32(&c.fired) != 0 {
		return true
	}
	fn()
	return atomic.LoadUint32(&s.asked) != 0
}

// end makes sure that no interrupt of this call runs afterwards.
func (s *seat) end() {
	storeWord(&s.state, idle)
	if atomic.LoadUint32(&s.asked) != 0 {
		s.settle()
	}
	storePointer(&s.interrupt, nil)
	storePointer(&s.canceller, nil)
}

func (s *seat) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	atomic.StoreUint32(&s.asked, 0)
}

// interruptSeats calls the interrupts of the calls in seats that run; false if there is none.
func (c *canceller) interruptSeats() bool {
	any := false
	for _, s := range taken.list[:atomic.LoadUint32(&taken.n)] {
		if c.isIn(s) {
			any = c.interruptSeat(s) || any
		}
	}
	return any
}

func (c *canceller) isIn(s *seat) bool {
	return atomic.LoadUint32(&s.state) == running && atomic.LoadPointer(&s.canceller) == unsafe.Pointer(c)
}

func (c *canceller) interruptSeat(s *seat) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := atomic.LoadUint32(&s.asked)
	atomic.StoreUint32(&s.asked, 1)
	barrier()
	if !c.isIn(s) {
		atomic.StoreUint32(&s.asked, was) // 1: another canceller has interrupted the next call
		return false
	}
	p := atomic.LoadPointer(&s.interrupt)
	(*(*func())(unsafe.Pointer(&p)))()
	return true
}
