// SPDX-License-Identifier: BSD-3-Clause

package cmem

import (
	"runtime"
	"sync"
	"unsafe"

	"rcgo.example/cmem/internal/arena"
)

const (
	firstBlock = 16 << 10 // the block that an arena keeps; larger requests get blocks that Put frees
	align      = 32       // of all results: the size of C's widest loads
)

// An Arena is C memory for one user at a time. Its zero value is ready for use.
type Arena struct {
	space  arena.Space
	pooled bool
	spare  bool    // it belongs to more
	usual  bool    // it has only the block that it keeps, and belongs to the pool
	first  uintptr // where the first block begins
	blocks []block // all but the first are freed by Put
}

type block struct {
	at   unsafe.Pointer
	size uintptr
}

// pool has arenas for goroutines that call at the same time.
var pool [arena.Slots]struct {
	Arena
	_ [arena.SlotSize - unsafe.Sizeof(Arena{})]byte
}

// more has further arenas. The collector may free unused ones at any time.
var more = sync.Pool{New: func() interface{} { return &Arena{spare: true} }}

var (
	get        = another
	copyString = (*Arena).string
)

func init() {
	for i := range pool {
		pool[i].pooled = true
	}
	arena.Take(unsafe.Pointer(&get), unsafe.Pointer(&pool[0]))
	arena.String(unsafe.Pointer(&copyString))
}

// Get returns an arena that no other goroutine uses until Put.
func Get() *Arena { return get() }

// another is Get for a thread without a free arena of its own: each goroutine tries the one for its stack first.
func another() *Arena {
	if !arena.HasOwn {
		var here byte
		i := uint64(uintptr(unsafe.Pointer(&here))>>12) * 0x9e3779b97f4a7c15 >> (64 - arena.SlotBits)
		if a := &pool[i].Arena; a.space.TryTake() {
			return a
		}
	}
	a := more.Get().(*Arena)
	runtime.SetFinalizer(a, nil)
	return a
}

// Put releases the memory of the arena and returns it to the pool. The arena must not be used afterwards.
func (a *Arena) Put() {
	if a.usual {
		a.space.At = a.first
		a.space.Free()
		return
	}
	a.put()
}

func (a *Arena) put() {
	switch {
	case len(a.blocks) > 0 && a.blocks[0].size == firstBlock && (a.pooled || a.spare):
		a.shrink(1)
		a.space.At = a.first
		a.space.End = a.space.At + firstBlock
	default:
		a.Free()
	}
	if a.pooled {
		a.space.Free()
	} else if a.spare {
		runtime.SetFinalizer(a, (*Arena).Free)
		more.Put(a)
	}
}

// A Mark is a state of an arena, for Release.
type Mark struct {
	blocks int
	at     uintptr
}

// Mark records what is in use now.
func (a *Arena) Mark() Mark { return Mark{len(a.blocks), a.space.At} }

// Release releases all memory that was allocated since the mark was taken.
func (a *Arena) Release(m Mark) {
	if len(a.blocks) == m.blocks {
		a.space.At = m.at
		return
	}
	a.release(m)
}

func (a *Arena) release(m Mark) {
	if m.blocks == 0 {
		m = Mark{1, a.first}
	}
	a.shrink(m.blocks)
	a.space.At = m.at
	a.space.End = uintptr(a.blocks[m.blocks-1].at) + a.blocks[m.blocks-1].size
}

// Free returns all memory to C, for an arena that is no longer needed. Arenas of Get do not need it.
func (a *Arena) Free() {
	a.shrink(0)
	a.space.At, a.space.End, a.first = 0, 0, 0
}

func (a *Arena) shrink(keep int) {
	for _, b := range a.blocks[keep:] {
		release(b.at)
		account(-int64(b.size))
	}
	a.blocks = a.blocks[:keep]
	a.setUsual()
}

func (a *Arena) setUsual() {
	a.usual = a.pooled && len(a.blocks) == 1 && a.blocks[0].size == firstBlock
}

// alloc returns n bytes, which are not zeroed.
func (a *Arena) alloc(n uintptr) (unsafe.Pointer, error) {
	space := (n + align - 1) &^ (align - 1)
	if space > a.space.End-a.space.At || a.space.At == 0 {
		if err := a.grow(space); err != nil {
			return nil, err
		}
	}
	p := a.space.At
	a.space.At += space
	return *(*unsafe.Pointer)(unsafe.Pointer(&p)), nil
}

//go:noinline
func (a *Arena) grow(n uintptr) error {
	size := uintptr(firstBlock)
	if len(a.blocks) > 0 {
		size = 2 * a.blocks[len(a.blocks)-1].size
	}
	if size > 1<<20 {
		size = 1 << 20
	}
	if n > size {
		if n > MaxSize+align {
			return ErrTooLong
		}
		size = n
	}
	p := allocate(size)
	if p == nil {
		return ErrNoMemory
	}
	account(int64(size))
	a.blocks = append(a.blocks, block{p, size})
	a.setUsual()
	a.space.At, a.space.End = uintptr(p), uintptr(p)+size
	a.first = uintptr(a.blocks[0].at)
	return nil
}

// String copies s and appends a NUL. The result is a char * for C.
//
//go:nocheckptr
func (a *Arena) String(s string) (unsafe.Pointer, error) {
	// While s is held as a number, no function may be called, because the stack could move: so no checkptr.
	// Passed as a number: the compiler cannot see that copyString keeps no string, and would move s to the heap.
	at := uintptr(unsafe.Pointer(&s))
	hidden := **(**string)(unsafe.Pointer(&at))
	// With -asan, s moves to the heap all the same, and the collector does not know at.
	runtime.KeepAlive(&s)
	return copyString(a, hidden)
}

func (a *Arena) string(s string) (unsafe.Pointer, error) {
	n := uintptr(len(s))
	space := (n + align) &^ (align - 1)
	if space > a.space.End-a.space.At || a.space.At == 0 {
		if n >= MaxSize {
			return nil, ErrTooLong
		}
		if err := a.grow(space); err != nil {
			return nil, err
		}
	}
	at := a.space.At
	p := *(*unsafe.Pointer)(unsafe.Pointer(&at))
	if !put(p, s) {
		return nil, ErrNUL
	}
	a.space.At += space
	return p, nil
}

// Bytes copies b. For an empty slice it returns a pointer that is not nil and must not be dereferenced.
func (a *Arena) Bytes(b []byte) (unsafe.Pointer, error) {
	if len(b) > MaxSize {
		return nil, ErrTooLong
	}
	p, err := a.alloc(uintptr(len(b)))
	if err != nil {
		return nil, err
	}
	copy((*[MaxSize]byte)(p)[:len(b):len(b)], b)
	return p, nil
}

// Zeroed returns n zeroed bytes, for C to write into.
func (a *Arena) Zeroed(n int) (unsafe.Pointer, error) {
	if n < 0 {
		return nil, ErrNegative
	}
	if n > MaxSize {
		return nil, ErrTooLong
	}
	p, err := a.alloc(uintptr(n))
	if err != nil {
		return nil, err
	}
	to := (*[MaxSize]byte)(p)[:n:n]
	for i := range to {
		to[i] = 0
	}
	return p, nil
}

// Strings copies the strings of list and returns a char ** to them, terminated by NULL.
func (a *Arena) Strings(list []string) (unsafe.Pointer, error) {
	total := uintptr(0)
	for _, s := range list {
		total += uintptr(len(s)) + 1
		if total > MaxSize {
			return nil, ErrTooLong
		}
	}
	pointers := uintptr(len(list)+1) * unsafe.Sizeof(total)
	if pointers+total > MaxSize {
		return nil, ErrTooLong
	}
	p, err := a.alloc(pointers)
	if err != nil {
		return nil, err
	}
	// Numbers, not pointers: the garbage collector does not follow them.
	at := (*[MaxSize / 8]uintptr)(p)[: len(list)+1 : len(list)+1]
	for i, s := range list {
		text, err := a.String(s)
		if err != nil {
			return nil, err
		}
		at[i] = uintptr(text)
	}
	at[len(list)] = 0
	return p, nil
}
