// SPDX-License-Identifier: BSD-3-Clause

package handle

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// A handle is 1 (bit 63) | generation (37 bits) | index of its slot (26 bits).
//
// The word of a slot is the handle while the handle is valid. Otherwise its index is inverted, so that it equals no
// number that leads to the slot. In a free slot, it has the generation of the next handle and bit 63 is clear; in a
// busy one, while the value is written, bit 63 is set. A slot whose generations are used up stays busy for ever.
const (
	indexBits = 26
	indexMask = 1<<indexBits - 1
	liveBit   = 1 << 63
	flip      = liveBit | indexMask // turns the word of a free slot into a handle, and back
	one       = 1 << indexBits      // the increment of the generation

	chunkBits = 8 // slots of one chunk
	chunkSize = 1 << chunkBits
	shards    = 64
	nearby    = 32 // slots that claim tries before it goes to another chunk
	likely    = 8  // chunks that are tried before a new one is made
)

// none is not an index: it is the hint of a shard without a chunk.
const none = 0

// free reports whether a word that was read at index i belongs to a free slot.
func free(w, i uint64) bool { return (w^i)&flip == indexMask }

// A chunk is the Go side of some slots: their values. It never moves and is never freed.
type chunk struct {
	values [chunkSize]any
	shard  *shard
	first  uint64 // index of its first slot
}

// A shard is where some goroutines make their handles. Any goroutine may delete them.
type shard struct {
	hint   uint64 // the index of a slot that is likely free; slot 0 is never used
	_      [56]byte
	mu     sync.Mutex // guards the following fields
	chunks []*chunk
	next   int // the chunk to try first
	_      [24]byte
}

// The table. New, Value and Delete use separate variables: each step through a structure costs a load.
var (
	words   unsafe.Pointer // to the uint64 of all slots, in C memory
	inTable uint64         // the mask of a handle's index: the table has a power of two of words
	chunks  unsafe.Pointer // *[n]*chunk, replaced when it grows
	homes   [shards]shard
	misuses uint64

	growing sync.Mutex // guards the following fields and changes of chunks
	list    []*chunk
)

func init() {
	at, n := reserve(1 << indexBits)
	if at == nil {
		panic("handle: no memory for the table of handles: does a limit (ulimit -v) stop it?")
	}
	words, inTable = at, n-1
	// No handle is 0, not even before the first one.
	atomic.StoreUint64(wordOf(none), flip)
}

func wordOf(i uint64) *uint64 { return (*uint64)(unsafe.Add(words, uintptr(i)*8)) }

// home spreads goroutines over shards by an address on their stacks. It need not be exact: any number of goroutines can
// share a shard.
func home(here uintptr) *shard { return &homes[uint64(here>>12)*0x9e3779b97f4a7c15>>58] }

// chunkOf returns the chunk of an existing slot.
func chunkOf(i uint64) *chunk {
	return *(**chunk)(unsafe.Add(atomic.LoadPointer(&chunks), uintptr(i>>chunkBits)*unsafe.Sizeof(list[0])))
}

func newNumber(v any) number {
	s := home(uintptr(unsafe.Pointer(&v)))
	if i := atomic.LoadUint64(&s.hint); i != none && !tracing {
		word, c := wordOf(i), chunkOf(i)
		w := atomic.LoadUint64(word)
		if free(w, i) && atomic.CompareAndSwapUint64(word, w, w|liveBit) {
			enter(i)
			c.values[i%chunkSize] = v
			publish(word, w^flip)
			leave(i)
			relaxedStore(&s.hint, i&^(chunkSize-1)|(i+1)%chunkSize)
			return number(w ^ flip)
		}
	}
	return newSlow(s, v)
}

//go:noinline
func newSlow(s *shard, v any) number {
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

// claim acquires the slot at i or a later one.
func claim(s *shard, i uint64, v any) number {
	c := chunkOf(i)
	for n := 0; n < nearby; n++ {
		next := c.first + (i+1)%chunkSize
		word := wordOf(i)
		w := atomic.LoadUint64(word)
		if free(w, i) && atomic.CompareAndSwapUint64(word, w, w|liveBit) {
			enter(i)
			c.values[i%chunkSize] = v
			publish(word, w^flip)
			leave(i)
			relaxedStore(&s.hint, next)
			return number(w ^ flip)
		}
		i = next
	}
	return 0
}

// load returns the value of a handle.
func (h number) load() (v any, ok bool) {
	i := uint64(h) & inTable
	if word := wordOf(i); atomic.LoadUint64(word) == uint64(h) {
		// The slot may be deleted and reused during the read: then v must not be used.
		enter(i)
		v = chunkOf(i).values[i%chunkSize]
		ok = still(word, uint64(h))
		leave(i)
	}
	return v, ok
}

func (h number) remove() error {
	i := uint64(h) & inTable
	word := wordOf(i)
	if atomic.LoadUint64(word) != uint64(h) {
		return h.misuse()
	}
	c := chunkOf(i)
	s := c.shard
	if !atomic.CompareAndSwapUint64(word, uint64(h), uint64(h)^indexMask) {
		return h.misuse()
	}
	enter(i)
	c.values[i%chunkSize] = nil
	if next := uint64(h) + one; next >= liveBit {
		publish(word, next^flip)
	}
	leave(i)
	relaxedStore(&s.hint, i)
	if tracing {
		traces.remove(h)
	}
	return nil
}

// another gives a shard a chunk with free slots: one of its own of which a quarter is free, or a new one. It tries a
// few, beginning after those of the last time.
func another(s *shard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := 0; n < likely && n < len(s.chunks); n++ {
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

// room counts the free slots of a chunk and returns the first.
func room(c *chunk) (first uint64, n int) {
	for i := c.first; i < c.first+chunkSize; i++ {
		if free(atomic.LoadUint64(wordOf(i)), i) {
			if n == 0 {
				first = i
			}
			n++
		}
	}
	return first, n
}

func grow(s *shard) *chunk {
	if unsafe.Sizeof(number(0)) < 8 {
		panic("handle: a handle has 64 bits, and a pointer of this system has fewer")
	}
	growing.Lock()
	defer growing.Unlock()
	first := uint64(len(list)) * chunkSize
	if first+chunkSize > inTable+1 {
		panic("handle: all handles are in use")
	}
	c := &chunk{shard: s, first: first}
	for i := first; i < first+chunkSize; i++ {
		atomic.StoreUint64(wordOf(i), (i|one)^indexMask)
	}
	if first == none {
		atomic.StoreUint64(wordOf(none), flip)
	}
	list = append(list, c)
	atomic.StorePointer(&chunks, unsafe.Pointer(&list[0]))
	return c
}

// used returns how many slots were ever in use.
func used() uint64 {
	growing.Lock()
	defer growing.Unlock()
	return uint64(len(list)) * chunkSize
}

// Count returns the counts. It looks at every slot that was ever in use, because nothing is counted while handles are
// made.
func Count() Counts {
	c := Counts{Misused: atomic.LoadUint64(&misuses)}
	for i, n := uint64(0), used(); i < n; i++ {
		w := atomic.LoadUint64(wordOf(i))
		c.Made += w &^ liveBit >> indexBits
		if free(w, i) {
			c.Made--
		}
		if w&flip == i|liveBit {
			c.Live++
		}
	}
	c.Deleted = c.Made - c.Live
	return c
}
