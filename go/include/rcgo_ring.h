// SPDX-License-Identifier: BSD-3-Clause
// rcgo_ring.h: events of fixed size from any C thread to Go, without a call of Go.
//
// A ring is created in Go (package rcgo.example/ring), which passes its address to C. The header is
// all
// that C needs: there is no library. It compiles as C11 and as C++11, with gcc and clang.
//
//   struct event { uint64_t job; int32_t status; };
//
//   static void on_done(struct event e) { rcgo_ring_push(ring, &e, sizeof e); }
//
// A producer writes to a lane of its own, which costs about as much as a store. rcgo_ring_push
// finds the calling thread's lane. C code that can store a lane calls rcgo_lane_acquire and
// rcgo_lane_push. rcgo_ring_push_shared writes to one queue for all threads, in one order.
//
// Results are 0 or a negative error number:
//   -EPIPE   the ring is closed
//   -ECHILD  this process is a forked child; the ring belongs to its parent
//   -EAGAIN  the ring is full and was made with ring.Fail, or the function may not wait
//   -EINVAL  the size is not that of the ring's records
// With ring.Drop, a record for a full ring is counted and dropped, and the result is 0.
//
// Safety: every function may be called by any number of threads (a lane by one at a time) and keeps
// errno. rcgo_lane_push, rcgo_lane_trypush and rcgo_ring_push_shared may be called in signal
// handlers, even if the handler interrupts a push to the same lane: the handler's record then goes
// to the shared queue. A handler should not wait, so it calls the try functions unless the ring was
// made with ring.Drop or ring.Fail.
#ifndef RCGO_RING_H
#define RCGO_RING_H

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RCGO__LINE __attribute__((aligned(64)))
// Not cold: gcc then places the code after the fast path's check, too, among what never runs.
#define RCGO__SLOW static __attribute__((unused, noinline))
#define RCGO__FAST static inline __attribute__((unused, always_inline))

enum rcgo__ring_state { RCGO__RING_OPEN = 1, RCGO__RING_DRAINING, RCGO__RING_CLOSED };
enum rcgo__lane_state { RCGO__LANE_FREE, RCGO__LANE_OWNED, RCGO__LANE_RELEASED };
enum rcgo__ring_flags {
	RCGO__RING_FENCE = 1, // no membarrier: each push needs a fence
	RCGO__RING_FUTEX = 2, // the consumer sleeps on `asleep`, otherwise on the eventfd
	RCGO__RING_DROP = 4,
	RCGO__RING_FAIL = 8,
};

// The structures are mirrored by ring/memory.go. A forked child finds their memory zeroed.
typedef struct rcgo_ring {
	uint32_t state; // enum rcgo__ring_state; 0 in a forked child
	uint32_t flags;
	uint32_t size; // of a record
	uint32_t lanes;
	int32_t fd; // the eventfd, or -1
	int32_t pid;
	uint64_t id;	  // unique among all rings of a process
	size_t bytes;	  // of the whole mapping
	size_t lanes_at;  // offset of the first lane
	size_t shared_at; // offset of the shared queue's cells
	size_t shared_mask;
	RCGO__LINE uint32_t asleep; // the consumer is about to sleep
	RCGO__LINE uint32_t refs;
	uint32_t lanes_used; // the index from which lanes were never owned
	size_t wakes;	     // statistics
	size_t dropped;	     // in the shared queue
	size_t full;
	RCGO__LINE size_t shared_tail;
	RCGO__LINE size_t shared_head; // written by the consumer
	uint32_t shared_room;	       // a futex: changes when the consumer has freed space
	uint32_t shared_waiting;
} rcgo_ring;

typedef struct rcgo_lane {
	rcgo_ring *ring; // NULL in a forked child
	char *cells;
	size_t mask;
	uint32_t size;
	uint32_t state;		// enum rcgo__lane_state
	int32_t owner;		// the thread of a lane that rcgo_ring_push took, else 0
	RCGO__LINE size_t tail; // written by the producer, as is all of this cache line
	size_t head_seen;
	size_t dropped;
	size_t full;
	uint32_t busy;		// a push is in progress
	RCGO__LINE size_t head; // written by the consumer
	uint32_t room;
	uint32_t waiting;
} rcgo_lane;

// ---- Waking and waiting ----

RCGO__SLOW void
rcgo__ring_wake(rcgo_ring *ring)
{
	int kept = errno;
	uint64_t one = 1;

	if (__atomic_exchange_n(&ring->asleep, 0, __ATOMIC_SEQ_CST) != 0) {
		__atomic_fetch_add(&ring->wakes, 1, __ATOMIC_RELAXED);
		if (ring->flags & RCGO__RING_FUTEX) {
			syscall(SYS_futex, &ring->asleep, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
		} else if (write(ring->fd, &one, sizeof one) < 0) {
			// The counter is at its limit: the consumer is awake.
		}
	}
	errno = kept;
}

// Called after each publication. The consumer sets `asleep`, issues a membarrier and polls again,
// so either it sees the record or the producer sees `asleep`.
RCGO__FAST void
rcgo__ring_published(rcgo_ring *ring)
{
	if (__builtin_expect(ring->flags & RCGO__RING_FENCE, 0)) {
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	} else {
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	}
	if (__builtin_expect(__atomic_load_n(&ring->asleep, __ATOMIC_RELAXED) != 0, 0)) {
		rcgo__ring_wake(ring);
	}
}

RCGO__SLOW void
rcgo__ring_sleep(uint32_t *room, uint32_t seen)
{
	int kept = errno;

	syscall(SYS_futex, room, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
	errno = kept;
}

// Returns the error of a ring that accepts no records, or 0.
RCGO__FAST int
rcgo__ring_refuses(const rcgo_ring *ring)
{
	uint32_t state = __atomic_load_n(&ring->state, __ATOMIC_ACQUIRE);

	return state == 0 ? -ECHILD : state == RCGO__RING_CLOSED ? -EPIPE : 0;
}

// ---- References ----

// Acquires a reference to a ring for C code that keeps its address: the memory stays until it is
// released, and Drain waits for that. Errors: -EPIPE, -ECHILD.
static inline __attribute__((unused)) int
rcgo_ring_acquire(rcgo_ring *ring)
{
	uint32_t state = __atomic_load_n(&ring->state, __ATOMIC_ACQUIRE);

	if (state != RCGO__RING_OPEN) {
		return state == 0 ? -ECHILD : -EPIPE;
	}
	__atomic_fetch_add(&ring->refs, 1, __ATOMIC_RELAXED);
	return 0;
}

// Releases a reference. Releasing the last one, Go's included, frees the ring's memory.
RCGO__SLOW void
rcgo_ring_release(rcgo_ring *ring)
{
	int kept = errno, fd = ring->fd;
	size_t bytes = ring->bytes;

	if (__atomic_load_n(&ring->state, __ATOMIC_ACQUIRE) == 0) {
		return; // a forked child
	}
	if (__atomic_sub_fetch(&ring->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		munmap(ring, bytes);
		if (fd >= 0) {
			close(fd);
		}
	}
	errno = kept;
}

// ---- The shared queue ----

// A cell is a sequence number and a record. Position p may be written when the number is p, and
// read when it is p + 1.
RCGO__FAST char *
rcgo__ring_cell(rcgo_ring *ring, size_t position, uint32_t size)
{
	size_t stride = sizeof(size_t) + ((size + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1));

	return (char *)ring + ring->shared_at + (position & ring->shared_mask) * stride;
}

// Waits for space or returns why not; 1 means that the record was dropped.
RCGO__SLOW int
rcgo__ring_full(rcgo_ring *ring, size_t *number, size_t position, int may_wait)
{
	uint32_t seen = __atomic_load_n(&ring->shared_room, __ATOMIC_ACQUIRE);
	int refuses;

	__atomic_fetch_add(&ring->full, 1, __ATOMIC_RELAXED);
	if (ring->flags & RCGO__RING_DROP) {
		__atomic_fetch_add(&ring->dropped, 1, __ATOMIC_RELAXED);
		return 1;
	}
	if ((ring->flags & RCGO__RING_FAIL) || !may_wait) {
		return -EAGAIN;
	}
	__atomic_store_n(&ring->shared_waiting, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	refuses = rcgo__ring_refuses(ring);
	if (refuses == 0 && (intptr_t)(__atomic_load_n(number, __ATOMIC_ACQUIRE) - position) < 0) {
		rcgo__ring_sleep(&ring->shared_room, seen);
	}
	return refuses;
}

RCGO__FAST int
rcgo__ring_push_shared(rcgo_ring *ring, const void *record, size_t size, int may_wait)
{
	for (;;) {
		int error = rcgo__ring_refuses(ring);
		size_t at, number;
		char *cell;

		if (__builtin_expect(error != 0 || size != ring->size, 0)) {
			return error != 0 ? error : -EINVAL;
		}
		at = __atomic_load_n(&ring->shared_tail, __ATOMIC_RELAXED);
		cell = rcgo__ring_cell(ring, at, (uint32_t)size);
		number = __atomic_load_n((size_t *)(void *)cell, __ATOMIC_ACQUIRE);
		if (__builtin_expect((intptr_t)(number - at) < 0, 0)) {
			error = rcgo__ring_full(ring, (size_t *)(void *)cell, at, may_wait);
			if (error != 0) {
				return error < 0 ? error : 0;
			}
		} else if (number == at && __atomic_compare_exchange_n(&ring->shared_tail, &at,
						   at + 1, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			memcpy(cell + sizeof(size_t), record, size);
			__atomic_store_n((size_t *)(void *)cell, at + 1, __ATOMIC_RELEASE);
			rcgo__ring_published(ring);
			return 0;
		}
	}
}

// Pushes a record to the queue that all threads share: one order for all, at the cost of an atomic
// operation. size is a constant that equals the size of the ring's records.
RCGO__FAST int
rcgo_ring_push_shared(rcgo_ring *ring, const void *record, size_t size)
{
	return rcgo__ring_push_shared(ring, record, size, 1);
}

// Does the same, but returns -EAGAIN instead of waiting.
RCGO__FAST int
rcgo_ring_trypush_shared(rcgo_ring *ring, const void *record, size_t size)
{
	return rcgo__ring_push_shared(ring, record, size, 0);
}

// ---- Lanes ----

RCGO__FAST rcgo_lane *
rcgo__ring_lane(rcgo_ring *ring, uint32_t i)
{
	return (rcgo_lane *)(void *)((char *)ring + ring->lanes_at + i * sizeof(rcgo_lane));
}

RCGO__SLOW rcgo_lane *
rcgo__lane_take_free(rcgo_ring *ring, int32_t owner)
{
	for (uint32_t i = 0; i < ring->lanes; i++) {
		rcgo_lane *lane = rcgo__ring_lane(ring, i);
		uint32_t is_free = RCGO__LANE_FREE;
		uint32_t used = __atomic_load_n(&ring->lanes_used, __ATOMIC_RELAXED);

		if (!__atomic_compare_exchange_n(&lane->state, &is_free, RCGO__LANE_OWNED, 0,
			    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			continue;
		}
		__atomic_store_n(&lane->owner, owner, __ATOMIC_RELAXED);
		while (used < i + 1 && !__atomic_compare_exchange_n(&ring->lanes_used, &used, i + 1,
					       0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
		}
		return lane;
	}
	return NULL;
}

// Takes over the lane of a thread that has ended, including its unread records.
RCGO__SLOW rcgo_lane *
rcgo__lane_take_orphan(rcgo_ring *ring, int32_t owner)
{
	for (uint32_t i = 0; i < ring->lanes; i++) {
		rcgo_lane *lane = rcgo__ring_lane(ring, i);
		int32_t was = __atomic_load_n(&lane->owner, __ATOMIC_ACQUIRE);

		if (was != 0 && syscall(SYS_tgkill, ring->pid, was, 0) != 0 && errno == ESRCH &&
			__atomic_compare_exchange_n(
				&lane->owner, &was, owner, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
			lane->busy = 0;
			return lane;
		}
	}
	return NULL;
}

// Acquires a lane for one producer, and a reference to the ring. Returns NULL if the ring is closed
// or has no lane left; rcgo_ring_push_shared works without a lane.
RCGO__SLOW rcgo_lane *
rcgo_lane_acquire(rcgo_ring *ring)
{
	rcgo_lane *lane;

	if (rcgo_ring_acquire(ring) != 0) {
		return NULL;
	}
	lane = rcgo__lane_take_free(ring, 0);
	if (lane == NULL) {
		rcgo_ring_release(ring);
	}
	return lane;
}

// Releases a lane. Its records are still read.
RCGO__SLOW void
rcgo_lane_release(rcgo_lane *lane)
{
	rcgo_ring *ring = lane->ring;

	if (ring != NULL) { // not in a forked child
		__atomic_store_n(&lane->state, RCGO__LANE_RELEASED, __ATOMIC_RELEASE);
		rcgo__ring_published(ring);
		rcgo_ring_release(ring);
	}
}

// Does what rcgo__ring_full does. The producer may wait.
RCGO__SLOW int
rcgo__lane_full(rcgo_ring *ring, rcgo_lane *lane, int may_wait)
{
	uint32_t seen = __atomic_load_n(&lane->room, __ATOMIC_ACQUIRE);
	int refuses;

	lane->full++;
	if (ring->flags & RCGO__RING_DROP) {
		lane->dropped++;
		return 1;
	}
	if ((ring->flags & RCGO__RING_FAIL) || !may_wait) {
		return -EAGAIN;
	}
	__atomic_store_n(&lane->waiting, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	refuses = rcgo__ring_refuses(ring);
	if (refuses == 0 &&
		lane->tail - __atomic_load_n(&lane->head, __ATOMIC_ACQUIRE) > lane->mask) {
		rcgo__ring_sleep(&lane->room, seen);
	}
	return refuses;
}

// Returns the free space of a lane; 1 if the record was dropped; an error if there is none.
RCGO__FAST int
rcgo__lane_reserve(rcgo_ring *ring, rcgo_lane *lane, int may_wait)
{
	while (__builtin_expect(lane->tail - lane->head_seen > lane->mask, 0)) {
		lane->head_seen = __atomic_load_n(&lane->head, __ATOMIC_ACQUIRE);
		if (lane->tail - lane->head_seen > lane->mask) {
			int error = rcgo__lane_full(ring, lane, may_wait);
			if (error != 0) {
				return error;
			}
		}
	}
	return 0;
}

RCGO__FAST int
rcgo__lane_push(rcgo_lane *lane, const void *record, size_t size, int may_wait)
{
	rcgo_ring *ring = lane->ring;
	int error;

	if (__builtin_expect(ring == NULL, 0)) {
		return -ECHILD;
	}
	error = rcgo__ring_refuses(ring);
	if (__builtin_expect(error != 0 || size != lane->size, 0)) {
		return error != 0 ? error : -EINVAL;
	}
	if (__builtin_expect(lane->busy, 0)) { // a signal handler that interrupted a push
		return rcgo__ring_push_shared(ring, record, size, may_wait);
	}
	lane->busy = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	error = rcgo__lane_reserve(ring, lane, may_wait);
	if (__builtin_expect(error == 0, 1)) {
		memcpy(lane->cells + (lane->tail & lane->mask) * size, record, size);
		__atomic_store_n(&lane->tail, lane->tail + 1, __ATOMIC_RELEASE);
	}
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	lane->busy = 0;
	if (__builtin_expect(error != 0, 0)) {
		return error < 0 ? error : 0;
	}
	rcgo__ring_published(ring);
	return 0;
}

// Pushes a record to a lane from rcgo_lane_acquire. size is a constant that equals the size of the
// ring's records. Records of a lane stay in order; between lanes there is none.
RCGO__FAST int
rcgo_lane_push(rcgo_lane *lane, const void *record, size_t size)
{
	return rcgo__lane_push(lane, record, size, 1);
}

// Does the same, but returns -EAGAIN instead of waiting.
RCGO__FAST int
rcgo_lane_trypush(rcgo_lane *lane, const void *record, size_t size)
{
	return rcgo__lane_push(lane, record, size, 0);
}

// ---- The lane of the calling thread ----

struct rcgo__lane_cache {
	rcgo_ring *ring;
	rcgo_lane *lane; // NULL: no lane was left
	uint64_t id;
};

RCGO__SLOW rcgo_lane *
rcgo__lane_of_thread(rcgo_ring *ring, struct rcgo__lane_cache *cache)
{
	int kept = errno;
	int32_t self = (int32_t)syscall(SYS_gettid);
	uint32_t used = __atomic_load_n(&ring->lanes_used, __ATOMIC_ACQUIRE);
	rcgo_lane *lane = NULL;

	// Another compilation unit of this thread, or an ended thread, may have acquired a lane.
	for (uint32_t i = 0; i < used && lane == NULL; i++) {
		if (__atomic_load_n(&rcgo__ring_lane(ring, i)->owner, __ATOMIC_RELAXED) == self) {
			lane = rcgo__ring_lane(ring, i);
		}
	}
	if (lane == NULL) {
		lane = rcgo__lane_take_free(ring, self);
	}
	if (lane == NULL) {
		lane = rcgo__lane_take_orphan(ring, self);
	}
	cache->ring = NULL;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	cache->lane = lane;
	cache->id = ring->id;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	cache->ring = ring;
	errno = kept;
	return lane;
}

// Pushes a record to the lane of the calling thread, which acquires one with its first record. If
// no lane is left, the lane of an ended thread is taken over. The caller, or its library, holds a
// reference (rcgo_ring_acquire), or Go closes the ring only after the last push. Not for signal
// handlers.
static inline __attribute__((unused)) int
rcgo_ring_push(rcgo_ring *ring, const void *record, size_t size)
{
	static __thread struct rcgo__lane_cache caches[4];
	struct rcgo__lane_cache *cache = &caches[((uintptr_t)ring >> 12) % 4];
	rcgo_lane *lane = cache->lane;
	int error;

	if (__builtin_expect(cache->ring != ring || cache->id != ring->id, 0)) {
		error = rcgo__ring_refuses(ring);
		if (error != 0) {
			return error;
		}
		lane = rcgo__lane_of_thread(ring, cache);
	}
	return lane != NULL ? rcgo__lane_push(lane, record, size, 1)
			    : rcgo__ring_push_shared(ring, record, size, 1);
}

#endif
