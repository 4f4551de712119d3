// SPDX-License-Identifier: BSD-3-Clause

package ring

import (
	"fmt"
	"unsafe"
)

const lineSize = 64

// The constants of rcgo_ring.h.
const (
	stateOpen = 1 + iota
	stateDraining
	stateClosed
)

const (
	laneFree = iota
	laneOwned
	laneReleased
)

const (
	flagFence = 1 << iota
	flagFutex
	flagDrop
	flagFail
)

// A header mirrors struct rcgo_ring.
type header struct {
	state, flags, size, lanes uint32
	fd, pid                   int32
	id                        uint64
	bytes, lanesAt            uintptr
	sharedAt, sharedMask      uintptr
	_                         [lineSize - 32 - 4*unsafe.Sizeof(uintptr(0))]byte

	asleep uint32
	_      [lineSize - 4]byte

	refs, lanesUsed      uint32
	wakes, dropped, full uintptr
	_                    [lineSize - 8 - 3*unsafe.Sizeof(uintptr(0))]byte

	sharedTail uintptr
	_          [lineSize - unsafe.Sizeof(uintptr(0))]byte

	sharedHead                uintptr
	sharedRoom, sharedWaiting uint32
	_                         [lineSize - 8 - unsafe.Sizeof(uintptr(0))]byte
}

// A lane mirrors struct rcgo_lane.
type lane struct {
	ring, cells unsafe.Pointer
	mask        uintptr
	size, state uint32
	owner       int32
	_           [lineSize - 12 - 3*unsafe.Sizeof(uintptr(0))]byte

	tail, headSeen, dropped, full uintptr
	busy                          uint32
	_                             [lineSize - 4 - 4*unsafe.Sizeof(uintptr(0))]byte

	head          uintptr
	room, waiting uint32
	_             [lineSize - 8 - unsafe.Sizeof(uintptr(0))]byte
}

// A plan is the layout of a ring's memory.
type plan struct {
	size, lanes                int
	cells, shared              int // powers of two
	lanesAt, cellsAt, sharedAt uintptr
	bytes                      uintptr
}

const maxBytes = 1 << 32

func planOf(size int, o *Options) (plan, error) {
	p := plan{size: size, lanes: o.Lanes, cells: powerOfTwo(o.Records), shared: powerOfTwo(o.Shared)}
	if o.Lanes > 1<<16 || o.Records > 1<<30 || o.Shared > 1<<30 {
		return p, fmt.Errorf("ring: %d lanes of %d records, %d shared: at most 65536 and 1073741824 each", o.Lanes, o.Records, o.Shared)
	}
	up := func(n uint64) uint64 { return (n + lineSize - 1) &^ (lineSize - 1) }
	lanesAt := uint64(unsafe.Sizeof(header{}))
	cellsAt := lanesAt + uint64(p.lanes)*uint64(unsafe.Sizeof(lane{}))
	sharedAt := cellsAt + uint64(p.lanes)*up(uint64(p.cells)*uint64(size))
	bytes := sharedAt + uint64(p.shared)*uint64(p.stride())
	if bytes > maxBytes || bytes > uint64(^uintptr(0)>>1) {
		return p, fmt.Errorf("ring: %d lanes of %d records of %d bytes take %d MB; a ring has at most %d",
			o.Lanes, p.cells, size, bytes>>20, maxBytes>>20)
	}
	p.lanesAt, p.cellsAt, p.sharedAt = uintptr(lanesAt), uintptr(cellsAt), uintptr(sharedAt)
	p.bytes = uintptr(bytes)
	return p, nil
}

// stride is the distance between cells in the shared queue.
func (p *plan) stride() uintptr {
	word := unsafe.Sizeof(uintptr(0))
	return word + (uintptr(p.size)+word-1)&^(word-1)
}

// laneBytes is the distance between the cells of two lanes.
func (p *plan) laneBytes() uintptr {
	return (uintptr(p.cells)*uintptr(p.size) + lineSize - 1) &^ (lineSize - 1)
}

func powerOfTwo(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

// format writes header, lanes and sequence numbers into fresh memory.
func (p *plan) format(base unsafe.Pointer) (*header, []lane) {
	h := (*header)(base)
	h.size, h.lanes = uint32(p.size), uint32(p.lanes)
	h.bytes, h.lanesAt, h.sharedAt = p.bytes, p.lanesAt, p.sharedAt
	h.sharedMask = uintptr(p.shared - 1)
	h.refs = 1
	lanes := unsafe.Slice((*lane)(unsafe.Add(base, p.lanesAt)), p.lanes)
	for i := range lanes {
		l := &lanes[i]
		l.ring, l.size, l.mask = base, uint32(p.size), uintptr(p.cells-1)
		l.cells = unsafe.Add(base, p.cellsAt+uintptr(i)*p.laneBytes())
	}
	for i := 0; i < p.shared; i++ {
		*(*uintptr)(p.cell(base, uintptr(i))) = uintptr(i)
	}
	return h, lanes
}

// cell returns a cell of the shared queue: its sequence number, followed by the record.
func (p *plan) cell(base unsafe.Pointer, position uintptr) unsafe.Pointer {
	return unsafe.Add(base, p.sharedAt+(position&uintptr(p.shared-1))*p.stride())
}
