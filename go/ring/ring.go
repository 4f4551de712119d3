// SPDX-License-Identifier: BSD-3-Clause

// Package ring passes events of a fixed size from any C thread to Go, without a call of Go.
//
// A call from C to Go takes about 50 ns, and 1.5 µs the first time on a C thread. A record in a ring takes 5 ns, and Go
// need not know the thread that writes it. C includes rcgo_ring.h, which needs no library:
//
//	/*
//	#include "rcgo_ring.h"
//	struct event { uint64_t job; int32_t status; };
//	static rcgo_ring *events;
//	static void on_done(uint64_t job, int32_t status)
//	{
//		struct event e = { job, status };
//		rcgo_ring_push(events, &e, sizeof e);
//	}
//	*/
//	import "C"
//
//	r, err := ring.New[C.struct_event](ring.Options{})
//	C.events = (*C.rcgo_ring)(r.C())
//	for batch := range r.Batches(ctx) {    // before Go 1.23: r.Batches(ctx)(func(batch []C.struct_event) bool { … })
//		for i := range batch {
//			…
//		}
//	}
//
// Each producer has a lane of its own, a queue with one writer; Go reads all lanes in turn. Records of one lane arrive
// in order. rcgo_ring_push_shared writes to one queue for all threads, in one order. A batch is the memory that C wrote
// to: nothing is copied, and C may reuse it when the loop takes the next batch.
//
// A full ring makes its producer wait, drops the record and counts it, or reports an error, as Options.Full says. Close
// ends the loop and makes each push return -EPIPE; Drain lets the producers finish. C code that keeps the ring's
// address holds a reference (rcgo_ring_acquire, rcgo_lane_acquire): the memory is freed when Go and all C code have
// released theirs. In a forked child each push returns -ECHILD, without effect on the parent.
//
// The header is in the directory include of this module:
//
//	export CGO_CFLAGS="-O2 -g -I$(go list -f '{{.Dir}}' rcgo.example/include)"
//
// Rings are for Linux and need neither runtime_cgo nor cgo on the Go side.
package ring

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"

	"rcgo.example/internal/membarrier"
)

// Full says what happens to a record when the ring is full.
type Full int

const (
	Block Full = iota // the producer waits
	Drop              // the record is dropped and counted
	Fail              // push returns -EAGAIN
)

// Wake says how a producer wakes the consumer.
type Wake int

const (
	// Eventfd wakes the goroutine through the netpoller: it holds no thread while it waits. Latency about 20 µs.
	Eventfd Wake = iota
	// Futex wakes a thread that waits for this ring alone. Latency about 8 µs.
	Futex
)

// Options configure a ring. A zero field means the default in parentheses.
type Options struct {
	Lanes   int // maximum number of producers with a lane; others share a queue (64)
	Records int // of a lane, rounded up to a power of two (1024)
	Shared  int // of the shared queue, rounded up to a power of two (4096)
	Full    Full
	Wake    Wake
}

// Stats are the counters of a ring.
type Stats struct {
	Events  uint64 // records that Go has read
	Dropped uint64 // records that found the ring full, with Drop
	Full    uint64 // how often a producer found it full
	Wakes   uint64 // how often a producer woke the consumer
	Lanes   int    // lanes that have had an owner
}

// A Ring transports records of type T, whose memory layout is that of a C structure. Its methods may be called by any
// number of goroutines.
type Ring[T any] struct {
	core
	batch []T // for the shared queue, whose cells are not contiguous
}

// A core is a ring without the type of its records.
type core struct {
	plan
	h        *header
	lanes    []lane
	memory   []byte
	eventfd  *os.File
	membar   bool
	reading  int32 // a loop over batches runs
	mu       sync.Mutex
	freed    bool // Go's reference is released
	drain    int32
	events   uint64 // atomic
	finished Stats  // the final counters
}

const batchSize = 256

// New creates a ring. T has a fixed size and contains no Go memory: no strings, slices, maps, channels, interfaces or
// functions. Pointers are to C memory.
func New[T any](o Options) (*Ring[T], error) {
	t := reflect.TypeOf((*T)(nil)).Elem()
	if where := holdsGo(t); where != "" {
		return nil, fmt.Errorf("ring: %s holds Go memory (%s), which C cannot write; use numbers and C pointers", t, where)
	}
	if t.Size() == 0 || t.Size() > 1<<16 {
		return nil, fmt.Errorf("ring: %s has %d bytes; a record has 1 to 65536", t, t.Size())
	}
	for _, n := range []int{o.Lanes, o.Records, o.Shared} {
		if n < 0 {
			return nil, fmt.Errorf("ring: a negative number in %+v", o)
		}
	}
	r := &Ring[T]{batch: make([]T, batchSize)}
	return r, r.open(int(t.Size()), withDefaults(o))
}

func withDefaults(o Options) *Options {
	for _, d := range []struct {
		value *int
		or    int
	}{{&o.Lanes, 64}, {&o.Records, 1024}, {&o.Shared, 4096}} {
		if *d.value == 0 {
			*d.value = d.or
		}
	}
	return &o
}

var lastID uint64

func (r *core) open(size int, o *Options) (err error) {
	if r.plan, err = planOf(size, o); err != nil {
		return err
	}
	if r.memory, err = newMemory(r.plan.bytes); err != nil {
		return err
	}
	r.h, r.lanes = r.plan.format(unsafe.Pointer(&r.memory[0]))
	r.h.fd, r.h.pid, r.h.id = -1, int32(processID()), atomic.AddUint64(&lastID, 1)
	if r.membar = membarrier.Available(); !r.membar {
		r.h.flags |= flagFence
	}
	switch o.Full {
	case Drop:
		r.h.flags |= flagDrop
	case Fail:
		r.h.flags |= flagFail
	}
	if o.Wake == Futex {
		r.h.flags |= flagFutex
	} else {
		var fd int
		if r.eventfd, fd, err = newEventfd(); err != nil {
			freeMemory(r.memory)
			return err
		}
		r.h.fd = int32(fd)
	}
	atomic.StoreUint32(&r.h.state, stateOpen)
	watch(r)
	return nil
}

// C returns the ring's address, for C: a rcgo_ring *.
func (r *Ring[T]) C() unsafe.Pointer { return unsafe.Pointer(r.h) }

// Close makes each further push return -EPIPE, and ends the loop over batches once it has read what is in the ring. A
// record that is pushed at this moment may be lost. Without a loop the records in the ring are dropped. Closing twice
// is no error.
func (r *core) Close() error {
	r.end(stateClosed)
	return nil
}

// Drain rejects new producers. The loop over batches ends when C has released all references and every record is read:
// none is lost.
func (r *core) Drain() { r.end(stateDraining) }

func (r *core) end(state uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.freed {
		return
	}
	if atomic.LoadUint32(&r.h.state) < state {
		atomic.StoreUint32(&r.h.state, state)
	}
	if atomic.LoadInt32(&r.reading) != 0 {
		r.wakeReader()
	} else if state == stateClosed {
		r.free()
	}
	if state == stateClosed && !r.freed {
		r.wakeProducers()
	}
}

// wakeReader makes the loop over batches check its state. The caller holds mu.
func (r *core) wakeReader() {
	atomic.StoreUint32(&r.h.asleep, 0)
	if r.eventfd != nil {
		_, _ = r.eventfd.Write([]byte{0: 1, 7: 0})
	} else {
		futexWake(&r.h.asleep, 1)
	}
}

func (r *core) wakeProducers() {
	for i := range r.lanes {
		made(&r.lanes[i].room, &r.lanes[i].waiting)
	}
	made(&r.h.sharedRoom, &r.h.sharedWaiting)
}

// made tells waiting producers that there is space, or that the ring has ended.
func made(room, waiting *uint32) {
	if atomic.LoadUint32(waiting) != 0 {
		atomic.StoreUint32(waiting, 0)
		atomic.AddUint32(room, 1)
		futexWake(room, 1<<30)
	}
}

// free releases Go's reference. The caller holds mu.
func (r *core) free() {
	if r.freed {
		return
	}
	atomic.StoreUint32(&r.h.state, stateClosed)
	r.wakeProducers()
	r.finished = r.count()
	r.freed = true
	unwatch(r)
	if r.eventfd != nil {
		_ = r.eventfd.Close()
	}
	fd := r.h.fd
	if atomic.AddUint32(&r.h.refs, ^uint32(0)) == 0 {
		freeMemory(r.memory)
		if fd >= 0 {
			closeFD(int(fd))
		}
	}
}

// Stats returns the counters; after the ring's end, the final ones.
func (r *core) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.freed {
		return r.finished
	}
	return r.count()
}

func (r *core) count() Stats {
	s := Stats{
		Events:  atomic.LoadUint64(&r.events),
		Dropped: uint64(atomic.LoadUintptr(&r.h.dropped)),
		Full:    uint64(atomic.LoadUintptr(&r.h.full)),
		Wakes:   uint64(atomic.LoadUintptr(&r.h.wakes)),
		Lanes:   int(atomic.LoadUint32(&r.h.lanesUsed)),
	}
	for i := range r.lanes[:s.Lanes] {
		s.Dropped += uint64(atomic.LoadUintptr(&r.lanes[i].dropped))
		s.Full += uint64(atomic.LoadUintptr(&r.lanes[i].full))
	}
	return s
}

// ErrBusy is the panic of a second loop over the batches of a ring: a lane has one reader.
var ErrBusy = errors.New("ring: another loop reads this ring")

// Chan reads the ring in a new goroutine and sends each record. The channel has a buffer of n records and is closed at
// the end of the ring or of the context. A record costs about 50 ns, as for any channel; Batches avoids that.
func (r *Ring[T]) Chan(ctx context.Context, n int) <-chan T {
	ch := make(chan T, n)
	go func() {
		defer close(ch)
		r.each(ctx, func(batch []T) bool {
			for i := range batch {
				select {
				case ch <- batch[i]:
				case <-ctx.Done():
					return false
				}
			}
			return true
		})
	}()
	return ch
}

// holdsGo names a part of a type that is in Go memory; "" if there is none.
func holdsGo(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String, reflect.Slice, reflect.Map, reflect.Chan, reflect.Func, reflect.Interface:
		return t.String()
	case reflect.Array:
		return holdsGo(t.Elem())
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			if where := holdsGo(t.Field(i).Type); where != "" {
				return t.Field(i).Name + " " + where
			}
		}
	}
	return ""
}
