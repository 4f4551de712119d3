// SPDX-License-Identifier: BSD-3-Clause

package handle

// #include "table.h"
import "C"

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// A handle is 1 (bit 63) | generation (37 bits) | index of its slot (26 bits).
//
// The word of a slot is the handle while that is valid. Free it is the last handle without bit 63,
// and 0 at first; so its generation says how many handles the slot has had. In between, while the
// value is written, it is busy: the handle without bit 63, with the index inverted. A slot whose
// generations are used up stays busy for ever.
const (
	indexBits = 26
	indexMask = 1<<indexBits - 1
	liveBit   = 1 << 63
	one       = 1 << indexBits // a step of the generation
	lastGen   = 1<<37 - 1

	chunkBits = 8 // slots of one chunk
	chunkSize = 1 << chunkBits
	shards    = 64
	nearby    = 32 // slots that add looks at before it looks for another chunk
)

// none is no index: the hint of a shard without a chunk.
const none = 0

func busy(w uint64) uint64 { return w&^liveBit ^ indexMask }

// free says whether a word that was read at index i belongs to a free slot.
func free(w uint64, i uint64) bool { return w == 0 || w&(liveBit|indexMask) == i }

// A chunk is the Go side of some slots: their values. It never moves and is never given back.
type chunk struct {
	values [chunkSize]any
	shard  *shard
	first  uint64 // index of its first slot
}

// A shard is where some goroutines make their handles. Any goroutine may delete them.
type shard struct {
	hint   uint64 // index of a slot that is likely free; slot 0 is never given out
	_      [56]byte
	mu     sync.Mutex // of what follows
	chunks []*chunk
	next   int // the chunk to look at first
	_      [16]byte
}

// The table. What New, Value and Delete need is in variables of its own: each step from one to the
// next costs a load.
var (
	words   *[1 << indexBits]uint64 // in C memory, as many as limit
	limit   uint64
	chunks  unsafe.Pointer // *[n]*chunk, replaced when it grows
	homes   [shards]shard
	misuses uint64

	growing sync.Mutex // of what follows, and of changes of chunks
	list    []*chunk
)

func init() {
	n := C.size_t(1 << indexBits)
	at := C.rcgo_handle_reserve(&n)
	if at == nil {
		panic("handle: no memory for the table of handles: does a limit (ulimit -v) stop it?")
	}
	words, limit = (*[1 << indexBits]uint64)(unsafe.Pointer(at)), uint64(n)
}

// home spreads goroutines over shards by where their stacks are. It need not be right: a shard can
// be used by any number of goroutines.
func home() *shard {
	var here byte
	return &homes[uint64(uintptr(unsafe.Pointer(&here))>>12)*0x9e3779b97f4a7c15>>58]
}

// chunkOf gives the chunk of a slot that exists.
func chunkOf(i uint64) *chunk {
	return *(**chunk)(unsafe.Add(atomic.LoadPointer(&chunks), uintptr(i>>chunkBits)*unsafe.Sizeof(list[0])))
}

// New makes a handle for a value, which may be nil. The value is kept alive until Delete.
func New(v any) Handle {
	s := home()
	if i := atomic.LoadUint64(&s.hint); i != none && !tracing {
		word, c := &words[i&indexMask], chunkOf(i)
		w := atomic.LoadUint64(word)
		h := w&^indexMask + one | i
		if free(w, i) && atomic.CompareAndSwapUint64(word, w, busy(h)) {
			enter(i)
			c.values[i%chunkSize] = v
			publish(word, h|liveBit)
			leave(i)
			relaxedStore(&s.hint, i&^(chunkSize-1)|(i+1)%chunkSize)
			return Handle(h | liveBit)
		}
	}
	return newSlow(s, v)
}

//go:noinline
func newSlow(s *shard, v any) Handle {
	for {
		if i := atomic.LoadUint64(&s.hint); i != none {
			if h := claim(s, i, v); h != 0 {
				if tracing {
					traces.add(h)
				}
				return h
			}
		}
		another(s)
	}
}

// claim takes the slot at i or one behind it.
func claim(s *shard, i uint64, v any) Handle {
	c := chunkOf(i)
	for n := 0; n < nearby; n++ {
		next := c.first + (i+1)%chunkSize
		word := &words[i&indexMask]
		w := atomic.LoadUint64(word)
		h := w&^indexMask + one | i
		if free(w, i) && atomic.CompareAndSwapUint64(word, w, busy(h)) {
			enter(i)
			c.values[i%chunkSize] = v
			publish(word, h|liveBit)
			leave(i)
			relaxedStore(&s.hint, next)
			return Handle(h | liveBit)
		}
		i = next
	}
	return 0
}

// load gives the value of a handle.
func (h Handle) load() (v any, ok bool) {
	i := uint64(h) & indexMask
	if i < limit && atomic.LoadUint64(&words[i]) == uint64(h) && h>>63 != 0 {
		// The slot may be deleted and taken again while we read: then v is no value of anybody's.
		enter(i)
		v = chunkOf(i).values[i%chunkSize]
		ok = still(&words[i], uint64(h))
		leave(i)
	}
	return v, ok
}

// Value gives the value of a handle. It panics when the handle is not valid.
func (h Handle) Value() any {
	i := uint64(h) & indexMask
	if i < limit && atomic.LoadUint64(&words[i]) == uint64(h) && h>>63 != 0 {
		enter(i)
		v := chunkOf(i).values[i%chunkSize]
		valid := still(&words[i], uint64(h))
		leave(i)
		if valid {
			return v
		}
	}
	panic(h.misuse())
}

// Delete makes a handle invalid. It panics when the handle is not valid.
func (h Handle) Delete() {
	i := uint64(h) & indexMask
	if i < limit && atomic.LoadUint64(&words[i]) == uint64(h) && h>>63 != 0 {
		word, c := &words[i], chunkOf(i)
		if atomic.CompareAndSwapUint64(word, uint64(h), busy(uint64(h))) {
			enter(i)
			c.values[i%chunkSize] = nil
			if uint64(h)&^liveBit>>indexBits < lastGen {
				publish(word, uint64(h)&^liveBit)
			}
			leave(i)
			relaxedStore(&c.shard.hint, i)
			if tracing {
				traces.remove(h)
			}
			return
		}
	}
	panic(h.misuse())
}

// Release is Delete with an error instead of a panic.
func (h Handle) Release() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = r.(error)
		}
	}()
	h.Delete()
	return nil
}

// another gives a shard a chunk with room: one of its own of which a quarter is free, or a new one.
func another(s *shard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range s.chunks {
		c := s.chunks[s.next%len(s.chunks)]
		if i, n := room(c); n >= chunkSize/4 {
			atomic.StoreUint64(&s.hint, i)
			return
		}
		s.next++
	}
	c := grow(s)
	s.next = len(s.chunks)
	s.chunks = append(s.chunks, c)
	atomic.StoreUint64(&s.hint, c.first)
}

// room counts the free slots of a chunk and gives the first.
func room(c *chunk) (first uint64, n int) {
	for i := c.first; i < c.first+chunkSize; i++ {
		if free(atomic.LoadUint64(&words[i]), i) {
			if n == 0 {
				first = i
			}
			n++
		}
	}
	return first, n
}

func grow(s *shard) *chunk {
	growing.Lock()
	defer growing.Unlock()
	first := uint64(len(list)) * chunkSize
	if first+chunkSize > limit {
		panic("handle: all handles are in use")
	}
	c := &chunk{shard: s, first: first}
	if first == 0 {
		words[0] = busy(0) // its index is none
	}
	list = append(list, c)
	atomic.StorePointer(&chunks, unsafe.Pointer(&list[0]))
	return c
}

// Count looks at every slot that was ever in use: nothing is counted while handles are made.
func Count() Counts {
	growing.Lock()
	used := uint64(len(list)) * chunkSize
	growing.Unlock()
	c := Counts{Misused: atomic.LoadUint64(&misuses)}
	for i := uint64(0); i < used; i++ {
		w := atomic.LoadUint64(&words[i])
		c.Made += w &^ liveBit >> indexBits
		if w&liveBit != 0 {
			c.Live++
		}
	}
	c.Deleted = c.Made - c.Live
	return c
}
