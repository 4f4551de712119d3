// SPDX-License-Identifier: BSD-3-Clause

// Package ringtest has producers in C, for the tests of package ring: a test file cannot import "C".
package ringtest

/*
#cgo CFLAGS: -I${SRCDIR}/../../../include
#cgo LDFLAGS: -lpthread
#include "ringtest.h"
#include <stdlib.h>
*/
import "C"

import "unsafe"

// An Event is struct event.
type Event struct {
	Producer, Number uint32
	Check            uint64
}

// The ways of pushing.
const (
	ByThread  = C.BY_THREAD
	ByLane    = C.BY_LANE
	Shared    = C.SHARED
	TryShared = C.TRY_SHARED
)

// A Producer is a C thread that pushes.
type Producer struct{ p *C.struct_producer }

// Start starts a thread that pushes count events.
func Start(ring unsafe.Pointer, id, count uint32, way int) *Producer {
	p := (*C.struct_producer)(C.calloc(1, C.sizeof_struct_producer))
	p.ring, p.id, p.count, p.way = (*C.rcgo_ring)(ring), C.uint32_t(id), C.uint32_t(count), C.int32_t(way)
	if C.ringtest_start(p) != 0 {
		panic("pthread_create")
	}
	return &Producer{p}
}

// Join waits for its end and returns how many events were accepted, and the error that ended it.
func (p *Producer) Join() (uint32, int) {
	C.ringtest_join(p.p)
	return uint32(p.p.pushed), int(p.p.error)
}

// ShortThreads starts threads, one after the other, that push one event each. It returns how many failed.
func ShortThreads(ring unsafe.Pointer, n int) int {
	return int(C.ringtest_short_threads((*C.rcgo_ring)(ring), C.uint32_t(n)))
}

// Signals pushes while signals arrive whose handler pushes to the same lane.
func Signals(ring unsafe.Pointer, n int) (pushed, fromHandler int) {
	var h C.uint32_t
	pushed = int(C.ringtest_signals((*C.rcgo_ring)(ring), C.uint32_t(n), &h))
	return pushed, int(h)
}

// Fork returns the results of four functions in a forked child.
func Fork(ring unsafe.Pointer) (errors [4]int32, ok bool) {
	ok = C.ringtest_fork((*C.rcgo_ring)(ring), (*C.int32_t)(&errors[0])) == 0
	return errors, ok
}

// Offsets are the field offsets of the C structures.
func Offsets() []uintptr {
	var o [32]C.size_t
	n := C.ringtest_offsets(&o[0])
	list := make([]uintptr, n)
	for i := range list {
		list[i] = uintptr(o[i])
	}
	return list
}

// Push pushes from the calling thread.
func Push(ring unsafe.Pointer, n, way int) {
	C.ringtest_bench((*C.rcgo_ring)(ring), C.uint32_t(n), C.int(way))
}
