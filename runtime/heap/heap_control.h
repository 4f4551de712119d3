// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: the state that is private to the process, and the fast path of every allocation.
#ifndef RCGO_HEAP_CONTROL_H
#define RCGO_HEAP_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "heap_layout.h"

#define RCGO_HEAP_SLOT_BITS 12
#define RCGO_HEAP_SLOTS (1 << RCGO_HEAP_SLOT_BITS)
#define RCGO_HEAP_PENDING 4096

// A table is small at first, because a page that is touched for the first time costs more than a
// sample does, and because the filter of frees then stays in the processor's first cache.

#define RCGO_HEAP_FILTER_BITS 16
#define RCGO_HEAP_FILTER_SMALL 0xfffu	// the mask of the small filter
#define RCGO_HEAP_FILTER_LARGE 0x1ffffu // and of the large one, which follows it

// The buckets of a shard: 16, 256 or 4096.
#define RCGO_HEAP_BUCKET_LEVELS 3
#define RCGO_HEAP_BUCKET_BITS(level) (4u * ((level) + 1))
#define RCGO_HEAP_BUCKETS_BELOW(level) \
	((level) == 0 ? 0u : (level) == 1 ? 16u * RCGO_HEAP_SHARDS : 272u * RCGO_HEAP_SHARDS)
#define RCGO_HEAP_BUCKETS (4368u * RCGO_HEAP_SHARDS)

// More than the tables have.
#define RCGO_HEAP_PAGES_MOST 32768

// The hash table of stacks, the positions of which are a power of two: 2048, 16384 or 131072.
#define RCGO_HEAP_STACK_HASH_FIRST 2048u
#define RCGO_HEAP_STACK_HASH_LAST 131072u
#define RCGO_HEAP_STACK_HASH_GROWTH 8u

// The state of a thread, found by the address of its thread descriptor. Threads that find no slot
// share one, and may then lose samples.
struct rcgo_heap_slot {
	uint64_t owner;	    // thread pointer, combined with the epoch
	uint64_t countdown; // bytes until the next sample
	uint64_t random;
	uint32_t busy;	// the thread records something now
	uint32_t depth; // the thread is in a function of the allocator that may call others
} __attribute__((aligned(64)));

// A free that could not be recorded, because a signal handler that interrupted a recording made it.
struct rcgo_heap_pending {
	uint64_t address; // 0: no item
	uint64_t size;	  // of a mapping; 0: a block of malloc
	uint64_t seq;
};

// A part of the table of live allocations.
struct rcgo_heap_shard {
	uint32_t lock;	     // odd while it is held, and another even number after each change
	uint32_t free_entry; // entry number + 1
	uint32_t live;
	uint32_t level; // selects the buckets
} __attribute__((aligned(64)));

// The data of the fast path. The kernel clears it in a forked child, which then records nothing:
// the tables are shared with the parent, and threads that do not exist in the child may hold locks.
struct rcgo_heap_control {
	uint64_t on;	      // the epoch while allocations are sampled, else 0
	uint64_t track;	      // the epoch while frees must look for samples, else 0
	uint64_t filter_mask; // selects the filter for frees; 0 while track is 0
	uint64_t rate;
	uint64_t seed;
	struct rcgo_heap_header *header; // the tables
	uint64_t live;			 // entries
	uint32_t thinning;
	uint32_t stack_lock, mapping_lock, module_lock;
	uint32_t pending_used;
	uint32_t reserved; // mappings that are only reserved
	// The number of positions in stack_hash. Each size has elements of its own.
	uint32_t stack_hash_size;
	// The size of a page if the tables are in a file on a disk; else 0. Then the pages of the
	// tables for which the disk has given room, one bit each.
	uint64_t disk_page;
	uint64_t on_disk[RCGO_HEAP_PAGES_MOST / 64];
	struct rcgo_heap_shard shard[RCGO_HEAP_SHARDS];
	// The number of entries for each hash: the small filter, and the large one from 65536 on.
	// Both are kept.
	uint8_t filter[2 << RCGO_HEAP_FILTER_BITS];
	struct rcgo_heap_slot slot[RCGO_HEAP_SLOTS];
	uint32_t bucket[RCGO_HEAP_BUCKETS];		    // entry number + 1
	uint32_t stack_hash[2 * RCGO_HEAP_STACK_HASH_LAST]; // stack number + 1
	struct rcgo_heap_pending pending[RCGO_HEAP_PENDING];
};

// The objects that files of this part share are static where tools/amalgamate joins the files.
#ifdef RCGO_AMALGAMATION
#	define RCGO_HEAP_DATA static
#	define RCGO_HEAP_SHARED static
#else
#	define RCGO_HEAP_DATA
#	define RCGO_HEAP_SHARED extern RCGO_HIDDEN
#endif

// The state. Until profiling is first switched on, it is a page in which everything is
// off. Never NULL.
// owner: rcgo__heap_set_rate; lock: none, it changes once; ordering: release and acquire
RCGO_HEAP_SHARED struct rcgo_heap_control *rcgo__heap_control;

// The thread pointer distinguishes threads. It can be read before libc has set up the thread.
#if defined(__x86_64__)
#	define RCGO_HEAP_READ_TP(tp) __asm__("mov %%fs:0, %0" : "=r"(tp))
#else
#	define RCGO_HEAP_READ_TP(tp) __asm__("mrs %0, tpidr_el0" : "=r"(tp))
#endif
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uint64_t
rcgo__heap_thread(void)
{
	uintptr_t tp;

	RCGO_HEAP_READ_TP(tp);
	return tp;
}

#define RCGO_HEAP_MIX 0x9e3779b97f4a7c15u

// Finds or claims the slot of the calling thread. epoch is that of on or track.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD struct rcgo_heap_slot *rcgo__heap_slot_claim(
	struct rcgo_heap_control *control, uint64_t epoch);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE struct rcgo_heap_slot *
rcgo__heap_first_slot(struct rcgo_heap_control *control, uint64_t thread)
{
	return &control->slot[(thread >> 6) * RCGO_HEAP_MIX >> (64 - RCGO_HEAP_SLOT_BITS)];
}

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE struct rcgo_heap_slot *
rcgo__heap_slot(struct rcgo_heap_control *control, uint64_t epoch)
{
	uint64_t thread = rcgo__heap_thread();
	struct rcgo_heap_slot *slot = rcgo__heap_first_slot(control, thread);

	if (RCGO_UNLIKELY(rcgo_load_rlx(&slot->owner) != (thread ^ epoch))) {
		return rcgo__heap_slot_claim(control, epoch);
	}
	return slot;
}

// The number by which the countdown counts an allocation. A block of 0 bytes counts too. No
// allocator has SIZE_MAX bytes.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uint64_t
rcgo__heap_counted(size_t size)
{
	return (uint64_t)size + 1;
}

// Counts an allocation of the calling thread, unless it may have to be recorded, or the thread has
// no slot: then returns false, and rcgo__heap_count must count it. It calls nothing, so that the
// functions of the allocator need no frame.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE bool
rcgo__heap_count_quickly(struct rcgo_heap_control *control, size_t size)
{
	uint64_t on = rcgo_load_rlx(&control->on), thread, counted = rcgo__heap_counted(size), left;
	struct rcgo_heap_slot *slot;

	if (on == 0) {
		return true;
	}
	thread = rcgo__heap_thread();
	slot = rcgo__heap_first_slot(control, thread);
	left = rcgo_load_rlx(&slot->countdown);
	if (RCGO_UNLIKELY(rcgo_load_rlx(&slot->owner) != (thread ^ on) || left < counted)) {
		return false;
	}
	rcgo_store_rlx(&slot->countdown, left - counted);
	return true;
}

// Counts an allocation of the calling thread. Returns its slot if the allocation is to be recorded,
// else NULL.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE struct rcgo_heap_slot *
rcgo__heap_count(struct rcgo_heap_control *control, size_t size)
{
	uint64_t on = rcgo_load_rlx(&control->on), left, counted = rcgo__heap_counted(size);
	struct rcgo_heap_slot *slot;

	if (on == 0) {
		return NULL;
	}
	slot = rcgo__heap_slot(control, on);
	left = rcgo_load_rlx(&slot->countdown);
	rcgo_store_rlx(&slot->countdown, left < counted ? 0 : left - counted);
	return left < counted ? slot : NULL;
}

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uint64_t
rcgo__heap_hash(uintptr_t address)
{
	return (uint64_t)(address >> 4) * RCGO_HEAP_MIX;
}

// Returns the address of the counter of a hash in the filter with this mask.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uint8_t *
rcgo__heap_filter(struct rcgo_heap_control *control, uint64_t hash, uint64_t mask)
{
	uint64_t bits = hash >> (64 - RCGO_HEAP_FILTER_BITS);

	return &control->filter[(bits | (1u << RCGO_HEAP_FILTER_BITS)) & mask];
}

// Returns whether a block at this address may have been recorded.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE bool
rcgo__heap_may_know(struct rcgo_heap_control *control, uintptr_t address)
{
	uint64_t mask = rcgo_load_rlx(&control->filter_mask);

	return mask != 0 &&
	       rcgo_load_rlx(rcgo__heap_filter(control, rcgo__heap_hash(address), mask)) != 0;
}

// Draws the number of bytes until the next sample of the slot's thread.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__heap_draw(struct rcgo_heap_control *control, struct rcgo_heap_slot *slot);

// Returns a number in [0, 1).
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN double rcgo__heap_random(struct rcgo_heap_slot *slot);

// Returns the probability that an allocation of this size is sampled at this rate.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN double rcgo__heap_probability(uint64_t size, uint64_t rate);

// Takes a lock. An odd number means that it is held. Returns false if another thread has held it
// for about 50 ms: the caller may have stopped that thread.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__heap_lock(uint32_t *lock);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__heap_unlock(uint32_t *lock);

// Returns whether this process was forked by a process with profiling, on a kernel that does not
// clear the state in the child.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__heap_is_child(const struct rcgo_heap_control *control);

#endif // RCGO_HEAP_CONTROL_H
