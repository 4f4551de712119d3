// SPDX-License-Identifier: BSD-3-Clause

package call

import (
	"errors"
	"fmt"
	"unsafe"

	"rcgo.example/call/internal/ccalls"
)

// A Batch makes many calls of C functions in one crossing: 2.3 to 2.7 ns for each call, in a batch of 64. The functions
// take up to six integers or pointers and return an integer, a pointer or nothing.
//
//	b, err := call.NewBatch(64)
//	defer b.Free()
//	i := b.Add(unsafe.Pointer(C.set_pixel), x, y, colour)
//	…
//	b.Run()
//	if b.Result(i) != 0 { … }
//
// The calls are made in order, on one thread, as by one ordinary cgo call. Arguments are numbers, so the garbage
// collector does not know them: a pointer must be to C memory, or to Go memory that is pinned until Run returns. A
// Batch may be used by one goroutine at a time.
type Batch struct {
	records []ccalls.Record // in C memory: cgo need not check them
	n       int
}

// NewBatch returns a batch with capacity for n calls. It fails in a program without cgo.
func NewBatch(n int) (*Batch, error) {
	if n < 1 || n > 1<<24 {
		return nil, fmt.Errorf("call: a batch of %d calls", n)
	}
	p := ccalls.NewRecords(n)
	if p == nil {
		return nil, errors.New("call: no memory for a batch, or built without cgo")
	}
	return &Batch{records: unsafe.Slice((*ccalls.Record)(p), n)}, nil
}

// Add adds a call to the batch and returns the index of its result. It panics if the batch is full.
func (b *Batch) Add(fn unsafe.Pointer, args ...uintptr) int {
	r := &b.records[b.n]
	r.Set(fn, args)
	b.n++
	return b.n - 1
}

// Calls is a batch that is being filled. Like a slice under append, it has its length in a register, where the Add of a
// Batch has to load and store it: 2 ns a call.
//
//	calls := b.Calls()
//	for _, p := range pixels {
//		calls = calls.Add(setPixel, p.x, p.y, p.colour)
//	}
//	b.RunCalls(calls)
type Calls []ccalls.Record

// Calls empties the batch and returns its calls, of which there are none yet.
func (b *Batch) Calls() Calls { return Calls(b.records[:0]) }

// Add adds a call. The index of its result is len(c). It panics if the batch is full, when len(c) is cap(c).
func (c Calls) Add(fn unsafe.Pointer, args ...uintptr) Calls {
	c = c[:len(c)+1]
	c[len(c)-1].Set(fn, args)
	return c
}

// RunCalls makes the calls, which must be of the last b.Calls(). Their results are valid until the next Run or
// RunCalls.
func (b *Batch) RunCalls(calls Calls) {
	b.n = len(calls)
	b.Run()
}

// Full reports whether the batch has no capacity for another call.
func (b *Batch) Full() bool { return b.n == len(b.records) }

// Run makes the calls and empties the batch. The results are valid until the next Run.
func (b *Batch) Run() {
	if b.n > 0 {
		ccalls.Run(unsafe.Pointer(&b.records[0]), b.n)
		b.n = 0
	}
}

// Result returns the result of a call of the last Run. If the function's result is narrower than 64 bits, only its own
// bits are defined.
func (b *Batch) Result(i int) uintptr { return b.records[i].Result }

// Free frees the batch's memory.
func (b *Batch) Free() {
	if b.records != nil {
		ccalls.FreeRecords(unsafe.Pointer(&b.records[0]))
		b.records, b.n = nil, 0
	}
}
