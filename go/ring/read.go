// SPDX-License-Identifier: BSD-3-Clause

package ring

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"rcgo.example/internal/membarrier"
)

// each calls yield for each batch until it returns false, or the ring or the context ends.
func (r *Ring[T]) each(ctx context.Context, yield func([]T) bool) {
	if !r.begin() {
		return
	}
	defer r.finish()
	var stopped int32
	if ctx.Done() != nil {
		over := make(chan struct{})
		defer close(over)
		go func() {
			select {
			case <-ctx.Done():
				atomic.StoreInt32(&stopped, 1)
				r.look()
			case <-over:
			}
		}()
	}
	for atomic.LoadInt32(&stopped) == 0 {
		// Read before the poll, so that records pushed before the end are read.
		state, refs := atomic.LoadUint32(&r.h.state), atomic.LoadUint32(&r.h.refs)
		n, more := r.poll(yield)
		switch {
		case !more:
			return
		case n > 0:
		case state == stateClosed, state == stateDraining && refs == 1:
			r.giveUp()
			return
		default:
			r.sleep(&stopped, state == stateDraining)
		}
	}
}

// begin makes the caller the only reader. It returns false after the end.
func (r *core) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !atomic.CompareAndSwapInt32(&r.reading, 0, 1) {
		panic(ErrBusy)
	}
	if r.freed {
		atomic.StoreInt32(&r.reading, 0)
	}
	return !r.freed
}

func (r *core) finish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	atomic.StoreInt32(&r.reading, 0)
	// Closed while the loop ended for another reason: no other code will free it.
	if !r.freed && atomic.LoadUint32(&r.h.state) == stateClosed {
		r.free()
	}
}

func (r *core) giveUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free()
}

// look wakes the reader from another goroutine.
func (r *core) look() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.freed {
		r.wakeReader()
	}
}

// poll yields what is in the ring now.
func (r *Ring[T]) poll(yield func([]T) bool) (n int, more bool) {
	used := int(atomic.LoadUint32(&r.h.lanesUsed))
	for i := 0; i < used; i++ {
		l := &r.lanes[i]
		state := atomic.LoadUint32(&l.state)
		tail := atomic.LoadUintptr(&l.tail)
		head := l.head
		for head != tail {
			at := head & l.mask
			count := tail - head
			if count > batchSize {
				count = batchSize
			}
			if rest := l.mask + 1 - at; count > rest {
				count = rest
			}
			size := unsafe.Sizeof(*new(T))
			more := yield(unsafe.Slice((*T)(unsafe.Add(l.cells, at*size)), int(count)))
			head += count
			n += int(count)
			atomic.StoreUintptr(&l.head, head)
			made(&l.room, &l.waiting)
			atomic.AddUint64(&r.events, uint64(count))
			if !more {
				return n, false
			}
		}
		if state == laneReleased { // this was read before the lane's last records
			atomic.StoreUint32(&l.state, laneFree)
		}
	}
	shared, more := r.pollShared(yield)
	return n + shared, more
}

func (r *Ring[T]) pollShared(yield func([]T) bool) (n int, more bool) {
	for {
		head, count := r.h.sharedHead, 0
		for ; count < batchSize; count++ {
			number := (*uintptr)(r.cell(unsafe.Pointer(r.h), head))
			if atomic.LoadUintptr(number) != head+1 {
				break
			}
			r.batch[count] = *(*T)(unsafe.Add(unsafe.Pointer(number), unsafe.Sizeof(head)))
			atomic.StoreUintptr(number, head+uintptr(r.shared))
			head++
		}
		if count == 0 {
			return n, true
		}
		atomic.StoreUintptr(&r.h.sharedHead, head)
		made(&r.h.sharedRoom, &r.h.sharedWaiting)
		atomic.AddUint64(&r.events, uint64(count))
		n += count
		if !yield(r.batch[:count]) {
			return n, false
		}
	}
}

// sleep waits for a producer. Producers that publish without a fence see asleep after the membarrier.
func (r *core) sleep(stopped *int32, draining bool) {
	runtime.Gosched()
	if !r.empty() {
		return
	}
	atomic.StoreUint32(&r.h.asleep, 1)
	var limit time.Duration
	if r.membar && !membarrier.All() {
		limit = 5 * time.Millisecond // a filter forbids it by now: a producer may see asleep too late
	}
	state := atomic.LoadUint32(&r.h.state)
	if !r.empty() || atomic.LoadInt32(stopped) != 0 || state == stateClosed || state == stateDraining && !draining {
		atomic.StoreUint32(&r.h.asleep, 0)
		return
	}
	if draining {
		limit = 5 * time.Millisecond // the release of the last reference does not wake the consumer
	}
	if r.eventfd == nil {
		futexWait(&r.h.asleep, 1, limit)
	} else {
		if limit > 0 {
			_ = r.eventfd.SetReadDeadline(time.Now().Add(limit))
		}
		var count [8]byte
		_, _ = r.eventfd.Read(count[:])
	}
	atomic.StoreUint32(&r.h.asleep, 0)
}

func (r *core) empty() bool {
	used := int(atomic.LoadUint32(&r.h.lanesUsed))
	for i := 0; i < used; i++ {
		l := &r.lanes[i]
		if atomic.LoadUintptr(&l.tail) != l.head || atomic.LoadUint32(&l.state) == laneReleased {
			return false
		}
	}
	number := (*uintptr)(r.cell(unsafe.Pointer(r.h), r.h.sharedHead))
	return atomic.LoadUintptr(number) != r.h.sharedHead+1
}
