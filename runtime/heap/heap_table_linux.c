// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: the table of live allocations that were sampled. Runs wherever C code allocates
// and frees, in signal handlers too.
//
// An address selects a bucket, and the bucket a shard, which has a lock and entries of its own. A
// thread takes a lock only while its slot says that it is busy, and never when it is busy already:
// then it is in a signal handler that has interrupted a recording, and may hold the lock itself.

#include <string.h>

#include "heap_record.h"

#define SHARD_SHIFT (64 - 6)
_Static_assert(RCGO_HEAP_SHARDS == 1 << 6, "the highest bits of the hash are the shard");

// The greatest number of entries. At rate 1 every allocation has one.
#define BUDGET_ALL ((uint64_t)RCGO_HEAP_SHARDS * RCGO_HEAP_SHARD_ENTRIES * 7 / 8)
#define BUDGET ((uint64_t)128 << 10)

#define NO_ENTRY UINT32_MAX

static uint32_t *
bucket_of(struct rcgo_heap_control *control, uint64_t hash)
{
	return &control->bucket[hash >> (64 - RCGO_HEAP_BUCKET_BITS)];
}

static uint32_t *
lock_of(struct rcgo_heap_control *control, uint64_t hash)
{
	return &control->lock[hash >> SHARD_SHIFT][0];
}

// Returns the number of the entry with this address, or NO_ENTRY. *link is the address of
// the link to it. Without the lock the chain may change during the search, so the number of
// steps is limited.
static uint32_t
find(struct rcgo_heap_control *control, uint64_t hash, uint64_t address, uint32_t **link)
{
	struct rcgo_heap_entry *entries = rcgo__heap_entries(control);
	uint32_t *at = bucket_of(control, hash);

	for (uint32_t steps = 0; steps < RCGO_HEAP_SHARD_ENTRIES; steps++) {
		uint32_t entry = rcgo_load_acq(at);

		if (entry == 0) {
			return NO_ENTRY;
		}
		if (rcgo_load_rlx(&entries[entry - 1].address) == address) {
			*link = at;
			return entry - 1;
		}
		at = &entries[entry - 1].next;
	}
	return NO_ENTRY;
}

static uint64_t
estimate(const struct rcgo_heap_entry *entry)
{
	return (uint64_t)((double)entry->size * (double)entry->weight + 0.5);
}

static uint64_t
objects(const struct rcgo_heap_entry *entry)
{
	return (uint64_t)((double)entry->weight * RCGO_HEAP_ONE + 0.5);
}

static void
count_live(struct rcgo_heap_control *control, const struct rcgo_heap_entry *entry, bool more)
{
	struct rcgo_heap_header *header = control->header;
	uint64_t sign = more ? 1 : UINT64_MAX;

	rcgo_add_rlx(&header->live_bytes, sign * estimate(entry));
	rcgo_add_rlx(&header->live_objects, sign * objects(entry));
	rcgo_add_rlx(&header->entries_live, sign);
}

// The filter counts entries. A byte that has reached its greatest value stays there.
static void
filter_change(struct rcgo_heap_control *control, uint64_t hash, bool more)
{
	uint8_t *byte = &control->filter[hash >> (64 - RCGO_HEAP_FILTER_BITS)];
	uint8_t now = rcgo_load_rlx(byte);

	if (now != UINT8_MAX) {
		rcgo_store_rlx(byte, (uint8_t)(more ? now + 1 : now - 1));
	}
}

// Removes a linked entry. The shard is locked.
static void
unlink_entry(struct rcgo_heap_control *control, uint64_t hash, uint32_t *link, uint32_t number)
{
	struct rcgo_heap_entry *entry = &rcgo__heap_entries(control)[number];
	uint32_t *free_entry = &control->free_entry[hash >> SHARD_SHIFT];

	rcgo_store_rel(link, entry->next);
	rcgo_store_rel(&entry->address, 0);
	count_live(control, entry, false);
	filter_change(control, hash, false);
	entry->next = *free_entry;
	*free_entry = number + 1;
}

// Returns a free entry of the shard, or NO_ENTRY. The shard is locked.
static uint32_t
new_entry(struct rcgo_heap_control *control, uint64_t hash)
{
	uint64_t shard = hash >> SHARD_SHIFT;
	uint32_t number = control->free_entry[shard];
	uint32_t used = control->header->shard_used[shard];

	if (number != 0) {
		control->free_entry[shard] = rcgo__heap_entries(control)[number - 1].next;
		return number - 1;
	}
	if (used == RCGO_HEAP_SHARD_ENTRIES) {
		return NO_ENTRY;
	}
	rcgo_store_rel(&control->header->shard_used[shard], used + 1);
	return (uint32_t)shard * RCGO_HEAP_SHARD_ENTRIES + used;
}

// Stores an entry. If a block is already recorded at its address, its free was not seen.
static bool
insert(struct rcgo_heap_control *control, const struct rcgo_heap_entry *new)
{
	uint64_t hash = rcgo__heap_hash(new->address);
	uint32_t *lock = lock_of(control, hash), *bucket = bucket_of(control, hash), *link;
	struct rcgo_heap_entry *entry;
	uint32_t number;

	if (!rcgo__heap_lock(lock)) {
		return false;
	}
	number = find(control, hash, new->address, &link);
	if (number != NO_ENTRY) {
		unlink_entry(control, hash, link, number);
	}
	number = new_entry(control, hash);
	if (number != NO_ENTRY) {
		entry = &rcgo__heap_entries(control)[number];
		entry->size = new->size;
		entry->seq = new->seq;
		entry->goroutine = new->goroutine;
		entry->stack = new->stack;
		entry->weight = new->weight;
		entry->next = rcgo_load_rlx(bucket);
		rcgo_store_rel(&entry->address, new->address);
		rcgo_store_rel(bucket, number + 1);
		count_live(control, entry, true);
		filter_change(control, hash, true);
	}
	rcgo__heap_unlock(lock);
	return number != NO_ENTRY;
}

// Removes the entry at an address if its sample is not newer than seq.
static bool
take_out(struct rcgo_heap_control *control, uint64_t address, uint64_t seq,
	struct rcgo_heap_entry *was)
{
	uint64_t hash = rcgo__heap_hash(address);
	uint32_t *lock = lock_of(control, hash), *link = NULL;
	uint32_t number;

	if (!rcgo__heap_lock(lock)) {
		rcgo__heap_pend(control, address, 0, seq);
		return false;
	}
	number = find(control, hash, address, &link);
	if (number != NO_ENTRY && rcgo__heap_entries(control)[number].seq > seq) {
		number = NO_ENTRY;
	}
	if (number != NO_ENTRY) {
		memcpy(was, &rcgo__heap_entries(control)[number], sizeof *was);
		unlink_entry(control, hash, link, number);
	}
	rcgo__heap_unlock(lock);
	return number != NO_ENTRY;
}

static RCGO_COLD void
pending_settle(struct rcgo_heap_control *control)
{
	struct rcgo_heap_entry was;
	uint32_t used;

	for (size_t i = 0; i < RCGO_HEAP_PENDING && rcgo_load_rlx(&control->pending_used) != 0;
		i++) {
		struct rcgo_heap_pending *item = &control->pending[i];
		uint64_t address = rcgo_load_acq(&item->address), seq = item->seq,
			 size = item->size;

		if (address <= 1 || !rcgo_cas(&item->address, &address, 0)) {
			continue;
		}
		used = rcgo_add_rlx(&control->pending_used, UINT32_MAX);
		if (size != 0) {
			rcgo__heap_unmap_until(control, address, size, seq);
		} else {
			take_out(control, address, seq, &was);
		}
		if (rcgo_load_rlx(&control->pending_used) >= used) {
			return; // it is back, because a lock is held
		}
	}
}

// Returns whether the shard seems to have no entry with this address. Does not take the lock.
static bool
is_unknown(struct rcgo_heap_control *control, uint64_t address)
{
	uint64_t hash = rcgo__heap_hash(address);
	uint32_t *lock = lock_of(control, hash), *link;
	uint32_t before = rcgo_load_acq(lock);

	if ((before & 1) != 0 || find(control, hash, address, &link) != NO_ENTRY) {
		return false;
	}
	// A read-modify-write, because it orders the reads before it. TSAN does not know fences.
	return __atomic_fetch_add(lock, 0, __ATOMIC_ACQ_REL) == before;
}

bool
rcgo__heap_forget(struct rcgo_heap_control *control, void *p, struct rcgo_heap_entry *was)
{
	uint64_t address = (uint64_t)(uintptr_t)p;
	struct rcgo_heap_slot *slot;
	bool found;

	if (is_unknown(control, address) || rcgo__heap_is_child(control)) {
		return false;
	}
	slot = rcgo__heap_slot(control, rcgo_load_rlx(&control->track));
	if (__atomic_exchange_n(&slot->busy, 1, __ATOMIC_ACQUIRE) != 0) {
		rcgo__heap_pend(control, address, 0, UINT64_MAX);
		return false;
	}
	found = take_out(control, address, UINT64_MAX, was);
	rcgo_store_rel(&slot->busy, 0);
	return found;
}

void
rcgo__heap_put_back(struct rcgo_heap_control *control, const struct rcgo_heap_entry *was)
{
	struct rcgo_heap_slot *slot = rcgo__heap_slot(control, rcgo_load_rlx(&control->track));

	if (__atomic_exchange_n(&slot->busy, 1, __ATOMIC_ACQUIRE) == 0) {
		insert(control, was);
		rcgo_store_rel(&slot->busy, 0);
	}
}

static void
count_total(struct rcgo_heap_control *control, const struct rcgo_heap_entry *entry)
{
	struct rcgo_heap_stack *stack = &rcgo__heap_stacks(control)[entry->stack];

	rcgo_add_rlx(&stack->objects, objects(entry));
	rcgo_add_rlx(&stack->bytes, estimate(entry));
	rcgo_add_rlx(&control->header->total_objects, objects(entry));
	rcgo_add_rlx(&control->header->total_bytes, estimate(entry));
}

static uint64_t
budget(const struct rcgo_heap_control *control)
{
	return rcgo_load_rlx(&control->rate) <= 1 ? BUDGET_ALL : BUDGET;
}

static void
record(struct rcgo_heap_control *control, struct rcgo_heap_slot *slot, void *p, size_t size,
	uintptr_t caller)
{
	struct rcgo_heap_header *header = control->header;
	uint64_t rate = rcgo_load_rlx(&control->rate);
	struct rcgo_heap_frames frames = {.kind = RCGO_HEAP_MALLOC};
	struct rcgo_heap_entry entry = {.address = (uint64_t)(uintptr_t)p, .size = size};

	rcgo__heap_frames(&frames, caller);
	entry.goroutine = frames.goroutine;
	entry.stack = rcgo__heap_intern(control, &frames);
	entry.weight = (float)(1 / rcgo__heap_probability(size, rate));
	entry.seq = rcgo_add_rlx(&header->seq, 1) + 1;
	count_total(control, &entry);
	if (!insert(control, &entry)) {
		rcgo_add_rlx(&header->lost_samples, 1);
		rcgo__heap_thin(control, slot);
	} else if (rcgo_load_rlx(&header->entries_live) > budget(control)) {
		rcgo__heap_thin(control, slot);
	}
	if (rcgo_load_rlx(&control->pending_used) != 0) {
		pending_settle(control);
	}
}

void
rcgo__heap_record(struct rcgo_heap_control *control, struct rcgo_heap_slot *slot, void *p,
	size_t size, uintptr_t caller)
{
	if (__atomic_exchange_n(&slot->busy, 1, __ATOMIC_ACQUIRE) != 0) {
		// In a handler. The countdown stays below 0, so the next allocation is recorded.
		// But at rate 1 this one is missing.
		if (rcgo_load_rlx(&control->rate) == 1 && !rcgo__heap_is_child(control)) {
			rcgo_add_rlx(&control->header->lost_samples, 1);
		}
		return;
	}
	rcgo__heap_draw(control, slot);
	if (p != NULL && rcgo_load_rlx(&slot->depth) == 0 && !rcgo__heap_is_child(control)) {
		record(control, slot, p, size, caller);
	}
	rcgo_store_rel(&slot->busy, 0);
}

// Keeps the entries of a shard with probability P(rate) / P(now).
static void
thin_shard(struct rcgo_heap_control *control, struct rcgo_heap_slot *slot, uint64_t shard,
	uint64_t rate)
{
	struct rcgo_heap_entry *entries = rcgo__heap_entries(control);
	uint32_t first = (uint32_t)shard * RCGO_HEAP_SHARD_ENTRIES;
	uint32_t *lock = &control->lock[shard][0];

	if (!rcgo__heap_lock(lock)) {
		return;
	}
	for (uint32_t i = first; i < first + control->header->shard_used[shard]; i++) {
		struct rcgo_heap_entry *entry = &entries[i];
		double chance = rcgo__heap_probability(entry->size, rate);
		uint64_t hash = rcgo__heap_hash(entry->address);
		uint32_t *link;

		if (entry->address == 0 || chance * (double)entry->weight >= 1) {
			continue;
		}
		if (rcgo__heap_random(slot) >= chance * (double)entry->weight) {
			if (find(control, hash, entry->address, &link) == i) {
				unlink_entry(control, hash, link, i);
			}
			continue;
		}
		count_live(control, entry, false);
		entry->weight = (float)(1 / chance);
		count_live(control, entry, true);
	}
	rcgo__heap_unlock(lock);
}

// Estimates how many entries a rate would leave, from every 16th entry.
static uint64_t
expected(struct rcgo_heap_control *control, uint64_t rate)
{
	struct rcgo_heap_entry *entries = rcgo__heap_entries(control);
	double sum = 0;

	for (uint32_t shard = 0; shard < RCGO_HEAP_SHARDS; shard += 4) {
		uint32_t first = shard * RCGO_HEAP_SHARD_ENTRIES;
		uint32_t used = rcgo_load_acq(&control->header->shard_used[shard]);

		for (uint32_t i = first; i < first + used; i += 4) {
			double weight = (double)entries[i].weight;
			double kept = rcgo__heap_probability(entries[i].size, rate) * weight;

			sum += rcgo_load_rlx(&entries[i].address) == 0 ? 0 : kept < 1 ? kept : 1;
		}
	}
	return (uint64_t)(sum * 16);
}

void
rcgo__heap_thin(struct rcgo_heap_control *control, struct rcgo_heap_slot *slot)
{
	uint32_t idle = 0;
	uint64_t rate = rcgo_load_rlx(&control->rate);

	if (!rcgo_cas(&control->thinning, &idle, 1)) {
		return;
	}
	do {
		rate *= 2;
	} while (rate < (uint64_t)1 << 40 && expected(control, rate) > BUDGET * 3 / 4);
	rcgo_store_rlx(&control->rate, rate);
	rcgo_store_rlx(&control->header->rate, rate);
	rcgo_add_rlx(&control->header->thinned, 1);
	for (uint64_t shard = 0; shard < RCGO_HEAP_SHARDS; shard++) {
		thin_shard(control, slot, shard, rate);
	}
	rcgo_store_rel(&control->thinning, 0);
}
