// SPDX-License-Identifier: BSD-3-Clause
// The memory of the model: which stores an atomic load may read, and what is ordered with what.
// Contract: C11 7.17.3 with C++20's corrections; the calls that -fsanitize=thread makes.
//
// A step's clock is the number of its thread's steps before it. Each store keeps the clock that a
// reader with acquire ordering takes over. A load may read any store that no later store to the
// word hides, where "later" counts only if that store happens before the load.

#include <string.h>

#include "model_internal.h"

enum {
	TABLE = 4096, // locations of one execution; a power of two
	STORES = 64,  // that a location remembers
	READS = 64,
	KERNEL_OBJECTS = 64,
	STALE_READS = 2 // a store becomes visible in the end: this often a thread may miss it
};

struct store {
	uint64_t value;
	unsigned thread;
	uint32_t step;
	struct clock sync; // what an acquiring reader takes over
};

struct location {
	uintptr_t at;
	unsigned size;
	bool changed; // by a plain write: its value is the only one
	unsigned count;
	struct store stores[STORES];
	int last_sc; // index of the last sequentially consistent store, or -1
	struct {
		uint32_t step;
		unsigned index;
	} reads[MODEL_THREADS][READS];
	unsigned read_count[MODEL_THREADS];
	unsigned stale[MODEL_THREADS];
};

// The last accesses of each thread to a byte.
struct byte {
	uintptr_t at;
	uint32_t read[MODEL_THREADS], write[MODEL_THREADS];
	uint32_t atomic_read[MODEL_THREADS], atomic_write[MODEL_THREADS];
};

static struct location locations[TABLE];
static unsigned short used_locations[TABLE];
static unsigned location_count;
static struct byte bytes[TABLE * 4];
static unsigned short used_bytes[TABLE * 4];
static unsigned byte_count;
static struct view views[MODEL_THREADS];
static struct clock sc_fences; // what the sequentially consistent fences so far have seen
static struct clock sc_stores; // the sequentially consistent stores so far
// Objects of the kernel: what the calls for each have seen.
static struct kernel_object {
	const void *object;
	struct clock clock;
} kernel_objects[KERNEL_OBJECTS];

struct view *
memory_view(unsigned thread)
{
	return &views[thread];
}

static void
view_join(struct view *view, const struct clock *clock)
{
	clock_join(&view->now, clock);
	clock_join(&view->seen, clock);
}

static uint32_t
next_step(unsigned thread)
{
	struct view *view = &views[thread];

	view->seen.at[thread] = ++view->now.at[thread];
	return view->now.at[thread];
}

void
memory_reset(void)
{
	while (location_count > 0) {
		struct location *l = &locations[used_locations[--location_count]];

		l->at = 0;
	}
	while (byte_count > 0) {
		memset(&bytes[used_bytes[--byte_count]], 0, sizeof bytes[0]);
	}
	memset(views, 0, sizeof views);
	memset(kernel_objects, 0, sizeof kernel_objects);
	sc_fences = sc_stores = (struct clock){{0}};
	for (unsigned i = 1; i < MODEL_THREADS; i++) {
		next_step(i);
	}
}

static size_t
hash(uintptr_t at)
{
	return at * UINT64_C(0x9e3779b97f4a7c15) >> 40;
}

static struct byte *
byte_of(uintptr_t at)
{
	size_t i = hash(at) % (TABLE * 4);

	while (bytes[i].at != at) {
		if (bytes[i].at == 0) {
			if (byte_count == TABLE * 2) {
				model_fail("the test accesses more than %d bytes", TABLE * 2);
			}
			used_bytes[byte_count++] = (unsigned short)i;
			bytes[i].at = at;
			break;
		}
		i = (i + 1) % (TABLE * 4);
	}
	return &bytes[i];
}

static struct location *
find(uintptr_t at, bool make)
{
	size_t i = hash(at) % TABLE;

	while (locations[i].at != at) {
		if (locations[i].at == 0) {
			if (!make) {
				return NULL;
			}
			if (location_count == TABLE / 2) {
				model_fail("the test has more than %d atomic words", TABLE / 2);
			}
			used_locations[location_count++] = (unsigned short)i;
			memset(&locations[i], 0, sizeof locations[i]);
			locations[i].at = at;
			locations[i].changed = true;
			break;
		}
		i = (i + 1) % TABLE;
	}
	return &locations[i];
}

static uint64_t
raw_load(uintptr_t at, unsigned size)
{
	uint64_t value = 0;

	memcpy(&value, (const void *)at, size); // little-endian, as all hosts of this test
	return value;
}

static struct location *
location_of(uintptr_t at, unsigned size)
{
	struct location *l = find(at, true);

	if (l->changed) {
		memset(l, 0, sizeof *l);
		l->at = at;
		l->size = size;
		l->last_sc = -1;
		// Step 0 of thread 0 happens before everything. So does the plain write before each
		// access without a data race.
		l->stores[0] = (struct store){
			.value = raw_load(at, size),
		};
		l->count = 1;
	}
	if (l->size != size) {
		model_fail("atomic accesses of %u and %u bytes at %p", l->size, size, (void *)at);
	}
	return l;
}

static const char *
unordered(const uint32_t *steps, const struct clock *now, unsigned self, const char *what)
{
	for (unsigned i = 0; i < MODEL_THREADS; i++) {
		if (i != self && steps[i] > now->at[i]) {
			return what;
		}
	}
	return NULL;
}

static void
check_race(uintptr_t at, unsigned size, bool writes, bool is_atomic, const void *caller)
{
	unsigned self = model_self();
	const struct clock *now = &views[self].now;

	for (unsigned i = 0; i < size; i++) {
		struct byte *b = byte_of(at + i);
		const char *other = unordered(b->write, now, self, "write");

		if (other == NULL && !is_atomic) {
			other = unordered(b->atomic_write, now, self, "atomic write");
		}
		if (other == NULL && writes) {
			other = unordered(b->read, now, self, "read");
		}
		if (other == NULL && writes && !is_atomic) {
			other = unordered(b->atomic_read, now, self, "atomic read");
		}
		if (other != NULL) {
			model_fail(
				"data race: thread %u, %s%s at %p in %p, not ordered after a %s of "
				"another thread",
				self, is_atomic ? "atomic " : "", writes ? "write" : "read",
				(void *)at, caller, other);
		}
		if (is_atomic) {
			(writes ? b->atomic_write : b->atomic_read)[self] = now->at[self];
		} else {
			(writes ? b->write : b->read)[self] = now->at[self];
		}
	}
}

void
memory_plain(const volatile void *p, unsigned size, bool writes, const void *caller)
{
	uintptr_t at = (uintptr_t)p;

	if (!model_is_running() || model_is_private(at)) {
		return;
	}
	check_race(at, size, writes, false, caller);
	for (unsigned i = 0; writes && i < size; i++) {
		struct location *l = find(at + i, false);

		if (l != NULL) {
			l->changed = true;
		}
	}
}

// Returns the index of the oldest store that the calling thread may read.
static unsigned
oldest_visible(const struct location *l, bool is_sc)
{
	unsigned self = model_self(), oldest = 0;
	struct clock seen = views[self].seen;

	if (is_sc) {
		clock_join(&seen, &sc_fences);
		oldest = l->last_sc >= 0 ? (unsigned)l->last_sc : 0;
	}
	for (unsigned i = oldest; i < l->count; i++) {
		if (l->stores[i].step <= seen.at[l->stores[i].thread]) {
			oldest = i;
		}
	}
	for (unsigned t = 0; t < MODEL_THREADS; t++) {
		for (unsigned i = 0; i < l->read_count[t]; i++) {
			if (l->reads[t][i].step <= seen.at[t] && l->reads[t][i].index > oldest) {
				oldest = l->reads[t][i].index;
			}
		}
	}
	return l->stale[self] >= STALE_READS ? l->count - 1 : oldest;
}

static void
note_read(struct location *l, unsigned index)
{
	unsigned self = model_self();
	unsigned n = l->read_count[self];

	l->stale[self] = index == l->count - 1 ? 0 : l->stale[self] + 1;
	if (n > 0 && l->reads[self][n - 1].index == index) {
		return; // the earlier read orders as much
	}
	if (n == READS) {
		memmove(&l->reads[self][0], &l->reads[self][1],
			(READS - 1) * sizeof l->reads[0][0]);
		n--;
	}
	l->reads[self][n].step = views[self].now.at[self];
	l->reads[self][n].index = index;
	l->read_count[self] = n + 1;
}

static bool
acquires(int order)
{
	return order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME ||
	       order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

static bool
releases(int order)
{
	return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

static void
take_over(const struct store *store, int order)
{
	struct view *view = &views[model_self()];

	clock_join(&view->acquirable, &store->sync);
	if (acquires(order)) {
		view_join(view, &store->sync);
	}
}

// Stores a value. before: the store that a read-modify-write has read, or NULL.
static void
add_store(struct location *l, uint64_t value, int order, const struct store *before)
{
	unsigned self = model_self();
	struct view *view = &views[self];
	struct store store = {.value = value, .thread = self, .step = view->now.at[self]};

	store.sync = releases(order) ? view->now : view->released;
	if (before != NULL) {
		clock_join(&store.sync, &before->sync);
	}
	if (l->count == STORES) {
		model_fail("more than %d stores to %p", STORES, (void *)l->at);
	}
	l->stores[l->count++] = store;
	if (order == __ATOMIC_SEQ_CST) {
		l->last_sc = (int)l->count - 1;
		sc_stores.at[self] = store.step;
	}
	note_read(l, l->count - 1);
	memcpy((void *)l->at, &value, l->size);
}

// Outside of an execution's threads, accesses are what they are in a program without threads.
uint64_t
memory_load(uintptr_t at, unsigned size, int order, const void *caller)
{
	unsigned self = model_self(), index, oldest;
	struct location *l;

	if (!model_is_running()) {
		return raw_load(at, size);
	}
	model_step();
	next_step(self);
	check_race(at, size, false, true, caller);
	l = location_of(at, size);
	oldest = oldest_visible(l, order == __ATOMIC_SEQ_CST);
	index = l->count - 1 - model_choose(l->count - oldest);
	note_read(l, index);
	take_over(&l->stores[index], order);
	model_note(index == l->count - 1 ? "load" : "load, stale", (const void *)at,
		l->stores[index].value, caller);
	next_step(self);
	return l->stores[index].value;
}

void
memory_store(uintptr_t at, unsigned size, uint64_t value, int order, const void *caller)
{
	unsigned self = model_self();

	if (!model_is_running()) {
		memcpy((void *)at, &value, size);
		return;
	}
	model_step();
	next_step(self);
	check_race(at, size, true, true, caller);
	add_store(location_of(at, size), value, order, NULL);
	model_note("store", (const void *)at, value, caller);
	next_step(self);
}

static uint64_t
apply(enum memory_operation operation, uint64_t old, uint64_t value)
{
	switch (operation) {
	case ADD:
		return old + value;
	case SUB:
		return old - value;
	case AND:
		return old & value;
	case OR:
		return old | value;
	case XOR:
		return old ^ value;
	case NAND:
		return ~(old & value);
	default:
		return value;
	}
}

uint64_t
memory_modify(uintptr_t at, unsigned size, enum memory_operation operation, uint64_t value,
	int order, const void *caller)
{
	unsigned self = model_self();
	uint64_t mask = size == 8 ? ~UINT64_C(0) : (UINT64_C(1) << 8 * size) - 1;
	uint64_t old = raw_load(at, size), next = apply(operation, old, value) & mask;
	struct location *l;
	struct store before;

	if (!model_is_running()) {
		memcpy((void *)at, &next, size);
		return old;
	}
	model_step();
	next_step(self);
	check_race(at, size, true, true, caller);
	l = location_of(at, size);
	before = l->stores[l->count - 1];
	take_over(&before, order);
	next = apply(operation, before.value, value) & mask;
	add_store(l, next, order, &before);
	model_note("modify", (const void *)at, next, caller);
	next_step(self);
	return before.value;
}

// The comparison fails with each store that it may read and that differs; it succeeds with
// the last.
uint64_t
memory_compare(uintptr_t at, unsigned size, uint64_t want, uint64_t value, int order,
	int fail_order, const void *caller)
{
	unsigned self = model_self(), list[STORES], n = 0, index;
	struct location *l;
	struct store before;

	if (!model_is_running()) {
		uint64_t old = raw_load(at, size);

		if (old == want) {
			memcpy((void *)at, &value, size);
		}
		return old;
	}
	model_step();
	next_step(self);
	l = location_of(at, size);
	list[n++] = l->count - 1;
	for (unsigned i = oldest_visible(l, order == __ATOMIC_SEQ_CST); i + 1 < l->count; i++) {
		if (l->stores[i].value != want) {
			list[n++] = i;
		}
	}
	index = list[model_choose(n)];
	before = l->stores[index];
	check_race(at, size, before.value == want, true, caller);
	if (before.value == want) {
		take_over(&before, order);
		add_store(l, value, order, &before);
		model_note("compare, swap", (const void *)at, value, caller);
	} else {
		note_read(l, index);
		take_over(&before, fail_order);
		model_note("compare, fail", (const void *)at, before.value, caller);
	}
	next_step(self);
	return before.value;
}

void
memory_fence(int order)
{
	unsigned self = model_self();
	struct view *view = &views[self];

	if (!model_is_running()) {
		return;
	}
	model_step();
	next_step(self);
	if (acquires(order)) {
		view_join(view, &view->acquirable);
	}
	if (order == __ATOMIC_SEQ_CST) {
		clock_join(&view->seen, &sc_fences);
		clock_join(&view->seen, &sc_stores);
		clock_join(&sc_fences, &view->seen);
	}
	if (releases(order)) {
		view->released = view->now;
	}
	next_step(self);
}

void
model_kernel(const void *object)
{
	unsigned self = model_self(), i = 0;

	if (!model_is_running()) {
		return;
	}
	model_step();
	while (kernel_objects[i].object != NULL && kernel_objects[i].object != object) {
		if (++i == KERNEL_OBJECTS) {
			model_fail("the test has more than %d kernel objects", KERNEL_OBJECTS);
		}
	}
	kernel_objects[i].object = object;
	next_step(self);
	view_join(&views[self], &kernel_objects[i].clock);
	kernel_objects[i].clock = views[self].now;
	next_step(self);
}
