// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: the table of live allocations that were sampled. Runs wherever C code allocates
// and frees, in signal handlers too.
//
// An address selects a shard, which has a lock, buckets and entries of its own. It starts with few
// buckets. A thread takes a lock only while its slot says that it is busy, and never when it is
// busy already: then it is in a signal handler that has interrupted a recording, and may hold the
// lock itself.

#include <string.h>

#include "heap_record.h"

// The bits of a hash from here on select the shard, and those below it the bucket.
#define SHARD_SHIFT (64 - RCGO_HEAP_FILTER_BITS)
_Static_assert((RCGO_HEAP_FILTER_SMALL & (RCGO_HEAP_SHARDS - 1)) == RCGO_HEAP_SHARDS - 1,
	"a counter of a filter belongs to one shard, whose lock protects it");

// The number of entries for each bucket above which a shard gets more buckets.
#define LOAD 4

// The numbers of live entries at which the filter changes. The small one is wrong for one of 16
// addresses at most.
#define FILTER_GROWS 256
#define FILTER_SHRINKS 128

// The greatest number of entries. At rate 1 every allocation has one.
#define BUDGET_ALL ((uint64_t)RCGO_HEAP_SHARDS * RCGO_HEAP_SHARD_ENTRIES * 7 / 8)
#define BUDGET ((uint64_t)128 << 10)

#define NO_ENTRY UINT32_MAX

// The number of entries that are thinned out under a lock at once: some 100 µs.
#define THIN_AT_ONCE 512

static uint32_t
shard_number(uint64_t hash)
{
	return (uint32_t)(hash >> SHARD_SHIFT) % RCGO_HEAP_SHARDS;
}

static struct rcgo_heap_shard *
shard_of(struct rcgo_heap_control *control, uint64_t hash)
{
	return &control->shard[shard_number(hash)];
}

static uint32_t *
bucket_at(struct rcgo_heap_control *control, uint64_t hash, uint32_t level)
{
	uint32_t bits = RCGO_HEAP_BUCKET_BITS(level);
	uint64_t bucket = hash >> (SHARD_SHIFT - bits) & ((1u << bits) - 1);

	return &control->bucket[RCGO_HEAP_BUCKETS_BELOW(level) + (shard_number(hash) << bits) +
				bucket];
}

static uint32_t *
bucket_of(struct rcgo_heap_control *control, uint64_t hash)
{
	return bucket_at(control, hash, rcgo_load_acq(&shard_of(control, hash)->level));
}

static uint32_t *
lock_of(struct rcgo_heap_control *control, uint64_t hash)
{
	return &shard_of(control, hash)->lock;
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

// Any of the two filters is right at any time, so a change needs no lock.
static void
filter_choose(struct rcgo_heap_control *control)
{
	uint64_t live = rcgo_load_rlx(&control->header->entries_live);
	uint64_t now = rcgo_load_rlx(&control->filter_mask), want = now;

	if (live > FILTER_GROWS) {
		want = RCGO_HEAP_FILTER_LARGE;
	} else if (live < FILTER_SHRINKS) {
		want = RCGO_HEAP_FILTER_SMALL;
	}
	if (want != now && now != 0) {
		rcgo_store_rlx(&control->filter_mask, want);
	}
}

// A filter counts entries. A byte that has reached its greatest value stays there.
static void
filter_count(uint8_t *byte, bool more)
{
	uint8_t now = rcgo_load_rlx(byte);

	if (now != UINT8_MAX) {
		rcgo_store_rlx(byte, (uint8_t)(more ? now + 1 : now - 1));
	}
}

static void
filter_change(struct rcgo_heap_control *control, uint64_t hash, bool more)
{
	filter_count(rcgo__heap_filter(control, hash, RCGO_HEAP_FILTER_SMALL), more);
	filter_count(rcgo__heap_filter(control, hash, RCGO_HEAP_FILTER_LARGE), more);
	filter_choose(control);
}

// Removes a linked entry. The shard is locked.
static void
unlink_entry(struct rcgo_heap_control *control, uint64_t hash, uint32_t *link, uint32_t number)
{
	struct rcgo_heap_entry *entry = &rcgo__heap_entries(control)[number];
	struct rcgo_heap_shard *shard = shard_of(control, hash);

	rcgo_store_rel(link, entry->next);
	rcgo_store_rel(&entry->address, 0);
	count_live(control, entry, false);
	filter_change(control, hash, false);
	entry->next = shard->free_entry;
	shard->free_entry = number + 1;
	shard->live--;
}

// Returns a free entry of the shard, or NO_ENTRY. The shard is locked.
static uint32_t
new_entry(struct rcgo_heap_control *control, uint64_t hash)
{
	uint32_t shard = shard_number(hash), *free_entry = &control->shard[shard].free_entry;
	uint32_t number = *free_entry, used = control->header->shard_used[shard];

	if (number != 0) {
		*free_entry = rcgo__heap_entries(control)[number - 1].next;
		return number - 1;
	}
	if (used == RCGO_HEAP_SHARD_ENTRIES) {
		return NO_ENTRY;
	}
	number = rcgo_heap_entry_index(shard, used);
	if (!rcgo__heap_has_room(control, &rcgo__heap_entries(control)[number],
		    sizeof(struct rcgo_heap_entry))) {
		return NO_ENTRY;
	}
	rcgo_store_rel(&control->header->shard_used[shard], used + 1);
	return number;
}

static void
link_entry(struct rcgo_heap_entry *entry, uint32_t number, uint32_t *bucket)
{
	entry->next = rcgo_load_rlx(bucket);
	rcgo_store_rel(bucket, number + 1);
}

// Gives a shard more buckets if it has too few. The shard is locked. A search without the lock may
// meanwhile miss an entry, but sees that the lock is held.
static void
add_buckets(struct rcgo_heap_control *control, uint32_t number)
{
	struct rcgo_heap_entry *entries = rcgo__heap_entries(control), *entry;
	struct rcgo_heap_shard *shard = &control->shard[number];
	uint32_t level = shard->level + 1;

	if (level == RCGO_HEAP_BUCKET_LEVELS ||
		shard->live <= (uint32_t)LOAD << RCGO_HEAP_BUCKET_BITS(level - 1)) {
		return;
	}
	for (uint32_t i = 0; i < control->header->shard_used[number]; i++) {
		uint32_t at = rcgo_heap_entry_index(number, i);

		entry = &entries[at];
		if (entry->address != 0) {
			uint64_t hash = rcgo__heap_hash(entry->address);

			link_entry(entry, at, bucket_at(control, hash, level));
		}
	}
	rcgo_store_rel(&shard->level, level);
}

enum inserted {
	INSERTED,
	FULL,	// the shard has no room
	LOCKED, // by a thread that does not run
};

// Stores an entry. If a block is already recorded at its address, its free was not seen.
static enum inserted
insert(struct rcgo_heap_control *control, const struct rcgo_heap_entry *new)
{
	uint64_t hash = rcgo__heap_hash(new->address);
	uint32_t *lock = lock_of(control, hash), *link;
	struct rcgo_heap_entry *entry;
	uint32_t number;

	if (!rcgo__heap_lock(lock)) {
		return LOCKED;
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
		rcgo_store_rel(&entry->address, new->address);
		link_entry(entry, number, bucket_of(control, hash));
		shard_of(control, hash)->live++;
		count_live(control, entry, true);
		filter_change(control, hash, true);
		add_buckets(control, shard_number(hash));
	}
	rcgo__heap_unlock(lock);
	return number != NO_ENTRY ? INSERTED : FULL;
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
	enum inserted done;

	rcgo__heap_frames(&frames, caller);
	entry.goroutine = frames.goroutine;
	entry.stack = rcgo__heap_intern(control, &frames);
	entry.weight = (float)(1 / rcgo__heap_probability(size, rate));
	entry.seq = rcgo_add_rlx(&header->seq, 1) + 1;
	count_total(control, &entry);
	done = insert(control, &entry);
	if (done != INSERTED) {
		rcgo_add_rlx(&header->lost_samples, 1);
	}
	if (done == FULL || rcgo_load_rlx(&header->entries_live) > budget(control)) {
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

// Keeps an entry with probability P(rate) / P(now). Its shard is locked.
static void
thin_entry(struct rcgo_heap_control *control, struct rcgo_heap_slot *slot, uint32_t number,
	uint64_t rate)
{
	struct rcgo_heap_entry *entry = &rcgo__heap_entries(control)[number];
	double chance = rcgo__heap_probability(entry->size, rate);
	uint64_t hash = rcgo__heap_hash(entry->address);
	uint32_t *link;

	if (entry->address == 0 || chance * (double)entry->weight >= 1) {
		return;
	}
	if (rcgo__heap_random(slot) >= chance * (double)entry->weight) {
		if (find(control, hash, entry->address, &link) == number) {
			unlink_entry(control, hash, link, number);
		}
		return;
	}
	count_live(control, entry, false);
	entry->weight = (float)(1 / chance);
	count_live(control, entry, true);
}

// Thins a shard out, some entries at a time, so that no thread waits for long.
static void
thin_shard(struct rcgo_heap_control *control, struct rcgo_heap_slot *slot, uint32_t shard,
	uint64_t rate)
{
	uint32_t *lock = &control->shard[shard].lock;
	uint32_t used = rcgo_load_acq(&control->header->shard_used[shard]);

	for (uint32_t i = 0; i < used; i++) {
		if (i % THIN_AT_ONCE == 0 && !rcgo__heap_lock(lock)) {
			return;
		}
		thin_entry(control, slot, rcgo_heap_entry_index(shard, i), rate);
		if (i % THIN_AT_ONCE == THIN_AT_ONCE - 1 || i == used - 1) {
			rcgo__heap_unlock(lock);
		}
	}
}

// Estimates how many entries a rate would leave, from every 16th entry.
static uint64_t
expected(struct rcgo_heap_control *control, uint64_t rate)
{
	struct rcgo_heap_entry *entries = rcgo__heap_entries(control);
	double sum = 0;

	for (uint32_t shard = 0; shard < RCGO_HEAP_SHARDS; shard += 4) {
		uint32_t used = rcgo_load_acq(&control->header->shard_used[shard]);

		for (uint32_t i = 0; i < used; i += 4) {
			const struct rcgo_heap_entry *entry =
				&entries[rcgo_heap_entry_index(shard, i)];
			double weight = (double)entry->weight;
			double kept = rcgo__heap_probability(entry->size, rate) * weight;

			sum += rcgo_load_rlx(&entry->address) == 0 ? 0 : kept < 1 ? kept : 1;
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
	for (uint32_t shard = 0; shard < RCGO_HEAP_SHARDS; shard++) {
		thin_shard(control, slot, shard, rate);
	}
	rcgo_store_rel(&control->thinning, 0);
}
