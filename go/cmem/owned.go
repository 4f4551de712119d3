// SPDX-License-Identifier: BSD-3-Clause

package cmem

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// An Owned is C memory that belongs to a Go value: it is freed by Free, or by the garbage collector when the Owned is
// unreachable.
type Owned struct {
	mem  *memory
	stop func()
}

// memory is what a cleanup needs, and so must not point to its Owned.
type memory struct {
	at    unsafe.Pointer
	size  uintptr
	freed uint32
}

func (m *memory) free(byCollector bool) bool {
	if !atomic.CompareAndSwapUint32(&m.freed, 0, 1) {
		return false
	}
	release(m.at)
	account(-int64(m.size))
	atomic.AddInt64(&owned, -1)
	if byCollector {
		atomic.AddInt64(&collected, 1)
	}
	return true
}

// Alloc returns n zeroed bytes of C memory, n > 0.
func Alloc(n int) (*Owned, error) {
	switch {
	case n < 0:
		return nil, ErrNegative
	case n == 0:
		n = 1
	case n > MaxSize:
		return nil, ErrTooLong
	}
	p := allocateZeroed(uintptr(n))
	if p == nil {
		return nil, ErrNoMemory
	}
	o := &Owned{mem: &memory{at: p, size: uintptr(n)}}
	account(int64(n))
	atomic.AddInt64(&owned, 1)
	o.stop = onUnreachable(o, o.mem)
	return o, nil
}

// Pointer returns the memory, or nil after Free. Keep the Owned alive (runtime.KeepAlive) while C uses it.
func (o *Owned) Pointer() unsafe.Pointer {
	if atomic.LoadUint32(&o.mem.freed) != 0 {
		return nil
	}
	return o.mem.at
}

// Bytes returns the memory as a slice, valid until Free. It does not keep o alive.
func (o *Owned) Bytes() []byte {
	if o.Pointer() == nil {
		return nil
	}
	return unsafe.Slice((*byte)(o.mem.at), o.mem.size)
}

// Free frees the memory. It reports whether the memory was still allocated.
func (o *Owned) Free() bool {
	if !o.mem.free(false) {
		return false
	}
	o.stop()
	return true
}

// Counts reports how much C memory this package holds.
type Counts struct {
	Bytes     int64 // in arenas and owned
	Owned     int64 // allocations of Alloc that have not been freed
	Collected int64 // those that the garbage collector freed
}

type limiter struct {
	sync.Mutex
	limit, next int64
	hook        func(Counts)
}

var (
	bytes, owned, collected int64
	soft                    limiter
	softLimit               int64 // soft.next, for the fast path; 0 means none
)

// Count returns the counts.
func Count() Counts {
	return Counts{atomic.LoadInt64(&bytes), atomic.LoadInt64(&owned), atomic.LoadInt64(&collected)}
}

// SetSoftLimit calls hook, in a new goroutine, when this package holds more than limit bytes of C memory, and again
// each time that grows by a quarter. The collector does not see C memory: runtime.GC as the hook frees unreachable
// memory; a hook may also lower debug.SetMemoryLimit by Counts.Bytes. A limit of 0 removes the hook.
func SetSoftLimit(limit int64, hook func(Counts)) {
	soft.Lock()
	defer soft.Unlock()
	soft.limit, soft.next, soft.hook = limit, limit, hook
	atomic.StoreInt64(&softLimit, limit)
}

func account(n int64) {
	now := atomic.AddInt64(&bytes, n)
	if limit := atomic.LoadInt64(&softLimit); limit != 0 && (now > limit || n < 0) {
		soft.cross(now)
	}
}

// cross calls the hook when the next step is reached, and lowers the step as memory is freed.
func (l *limiter) cross(now int64) {
	l.Lock()
	defer l.Unlock()
	if l.limit == 0 {
		return
	}
	if now > l.next {
		l.next = now + now/4
		go l.hook(Count())
	} else if now <= l.limit {
		l.next = l.limit
	}
	atomic.StoreInt64(&softLimit, l.next)
}
