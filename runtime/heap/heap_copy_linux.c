// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: copies the tables for readers in the process. It holds each lock for some
// microseconds only, because the program's threads may wait for it, and while it holds one it
// writes to the stack alone: the reader's memory may have no pages yet. Called by Go package cheap.

//rcgo:small

#include <string.h>

#include "heap_profiling.h"
#include "heap_record.h"

// The number of records that are copied under a lock at once.
#define COPY_AT_ONCE 64

// Copies the entries of a shard from number first on, but not those that are newer than seq: their
// blocks may have the address of one that was copied before and is freed now. The shard is
// locked.
static size_t
copy_entries(const struct rcgo_heap_control *control, uint32_t shard, uint32_t first, uint64_t seq,
	struct rcgo_heap_entry *out)
{
	const struct rcgo_heap_entry *entries = rcgo__heap_entries(control);
	uint32_t end = control->header->shard_used[shard];
	size_t n = 0;

	end = end < first + COPY_AT_ONCE ? end : first + COPY_AT_ONCE;
	for (uint32_t i = first; i < end; i++) {
		const struct rcgo_heap_entry *entry = &entries[rcgo_heap_entry_index(shard, i)];

		if (entry->address != 0 && entry->seq <= seq) {
			out[n++] = *entry;
		}
	}
	return n;
}

// Copies one shard's entries, some at a time, so that no thread waits for long. Allocations of the
// caller are not recorded meanwhile.
static size_t
copy_shard(struct rcgo_heap_control *control, uint32_t shard, struct rcgo_heap_entry *out)
{
	uint64_t seq = rcgo_load_rlx(&control->header->seq);
	uint32_t *lock = &control->shard[shard].lock;
	struct rcgo_heap_entry part[COPY_AT_ONCE];
	size_t n = 0;

	for (uint32_t i = 0; i < rcgo_load_acq(&control->header->shard_used[shard]);
		i += COPY_AT_ONCE) {
		size_t got;

		if (!rcgo__heap_lock(lock)) {
			return n;
		}
		got = copy_entries(control, shard, i, seq, part);
		rcgo__heap_unlock(lock);
		memcpy(out + n, part, got * sizeof *part);
		n += got;
	}
	return n;
}

// Copies the mappings, some at a time. They are sorted, and may move meanwhile.
static size_t
copy_mappings(struct rcgo_heap_control *control, struct rcgo_heap_mapping *out)
{
	struct rcgo_heap_mapping part[COPY_AT_ONCE];
	uint64_t above = 0;
	size_t n = 0, got = 1;

	while (got != 0) {
		if (!rcgo__heap_lock(&control->mapping_lock)) {
			return n;
		}
		got = rcgo__heap_mappings_above(control, above, part, COPY_AT_ONCE);
		rcgo__heap_unlock(&control->mapping_lock);
		got = got < RCGO_HEAP_MAPPINGS - n ? got : RCGO_HEAP_MAPPINGS - n;
		memcpy(out + n, part, got * sizeof *part);
		n += got;
		above = got == 0 ? above : part[got - 1].start + part[got - 1].size;
	}
	return n;
}

size_t
rcgo_heap_copy(unsigned part, void *out)
{
	struct rcgo_heap_control *control = rcgo_load_acq(&rcgo__heap_control);
	struct rcgo_heap_slot *slot;
	size_t n = 0;

	if (rcgo__heap_is_child(control) || part > RCGO_HEAP_SHARDS) {
		return 0;
	}
	slot = rcgo__heap_slot(control, rcgo_load_rlx(&control->track));
	if (__atomic_exchange_n(&slot->busy, 1, __ATOMIC_ACQUIRE) == 0) {
		n = part < RCGO_HEAP_SHARDS ? copy_shard(control, part, out)
					    : copy_mappings(control, out);
		rcgo_store_rel(&slot->busy, 0);
	}
	return n;
}
