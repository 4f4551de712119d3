// SPDX-License-Identifier: BSD-3-Clause
// Thread records. Found on any stack. Created and ended on the thread's own.

//go:build unix

#include "thread_record.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel.h"
#include "stack_bounds.h"
#include "symbol_lookup.h"
#include "thread_slots.h"

#define RECORD_BYTES 512
#define BLOCK_RECORDS 64
#define BLOCKS 1024 // 65,536 foreign threads at a time

_Static_assert(sizeof(struct rcgo_thread_record) <= RECORD_BYTES, "rcgo_thread_record");

// A block of records, from mmap, because a crash may have damaged malloc's heap.
struct block {
	_Alignas(RECORD_BYTES) unsigned char records[BLOCK_RECORDS][RECORD_BYTES];
};

// owner: block_get; lock: none; ordering: release on writing, acquire on reading
static struct block *record_blocks[BLOCKS];
// Which records of a block are in use, one bit each.
// owner: record_alloc and record_free; lock: none; ordering: acquire and release
static uint64_t records_in_use[BLOCKS];

// owner: rcgo__thread_records_init; lock: none; ordering: record_key_taken, or its start
static pthread_key_t record_key;
// owner: as record_key; lock: none; ordering: release on writing, acquire on reading
static bool record_key_taken;
// Whether the thread table is used, because there was no free key.
// owner: as record_key; lock: none; ordering: as record_key_taken
static bool record_slots;
// owner: as record_key; lock: none; ordering: as record_key
static void (*on_record_end)(struct rcgo_thread_record *);

// Whether Go binds every foreign thread, which gives each one a record.
// owner: rcgo__thread_records_set_complete; lock: none; ordering: release and acquire
static bool every_foreign_thread;

// Whether a foreign thread could not be given a record.
// owner: rcgo__thread_record_make; lock: none; ordering: not needed, a handler asks about its own
// thread
static bool record_missing;

// The bounds of a stack of a thread that Go starts, as distances from pthread_self, which libc
// keeps at the stack's end. They are the same for all stacks of one size.
struct stack_layout {
	uintptr_t claimed; // not 0: a thread writes the other fields
	uintptr_t size;	   // the requested size; 0: not known yet
	uintptr_t below;
	uintptr_t above;
};
// owner: the first thread that Go starts; lock: none; ordering: size is written last, with release
static struct stack_layout go_stack_layout;

// Marks the value of a thread that Go started. Its record is in its first frame. If C code ends
// that thread by pthread_exit, the destructor must not access the record.
#define IN_FRAME ((uintptr_t)1)

static struct block *
block_get(size_t i)
{
	struct block *block = rcgo_load_acq(&record_blocks[i]);
	struct block *none = NULL;
	void *page;

	if (block != NULL) {
		return block;
	}
	page = mmap(
		NULL, sizeof *block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED) {
		return NULL;
	}
	if (!rcgo_cas(&record_blocks[i], &none, (struct block *)page)) {
		munmap(page, sizeof *block);
		return none;
	}
	return page;
}

static struct rcgo_thread_record *
record_alloc(void)
{
	for (uint32_t i = 0; i < BLOCKS; i++) {
		uint64_t used = rcgo_load_rlx(&records_in_use[i]);
		struct block *block = ~used != 0 ? block_get(i) : NULL;

		while (~used != 0 && block != NULL) {
			uint32_t bit = (uint32_t)rcgo_lowest_bit(~used);

			if (rcgo_cas(&records_in_use[i], &used, used | (uint64_t)1 << bit)) {
				struct rcgo_thread_record *r = (void *)block->records[bit];

				memset(r, 0, sizeof *r);
				r->index = i * BLOCK_RECORDS + bit;
				return r;
			}
		}
		if (~used != 0) {
			break; // no memory
		}
	}
	return NULL;
}

static void
record_free(struct rcgo_thread_record *r)
{
	uint32_t i = r->index / BLOCK_RECORDS;
	uint64_t bit = (uint64_t)1 << r->index % BLOCK_RECORDS;
	uint64_t used = rcgo_load_rlx(&records_in_use[i]);

	while (!rcgo_cas(&records_in_use[i], &used, used & ~bit)) {
	}
}

// Indirect: the function of rcgo__m_binding_init, on the dying thread's own stack.
static void
record_thread_ends(void *value)
{
	if (((uintptr_t)value & IN_FRAME) == 0) {
		on_record_end(value);
		record_free(value);
	}
}

bool
rcgo__thread_records_init(void (*ended)(struct rcgo_thread_record *), bool last_chance)
{
	if (record_key_taken || record_slots) {
		return true;
	}
	on_record_end = ended;
	if (pthread_key_create(&record_key, record_thread_ends) == 0) {
		rcgo_store_rel(&record_key_taken, true);
	} else if (last_chance && rcgo__thread_slots_init(record_thread_ends)) {
		rcgo_store_rel(&record_slots, true);
	}
	return record_key_taken || record_slots;
}

// Returns the calling thread's value, which may be marked; see IN_FRAME.
static void *
record_value(void)
{
	if (RCGO_LIKELY(rcgo_load_acq(&record_key_taken))) {
		return pthread_getspecific(record_key);
	}
	return rcgo_load_acq(&record_slots) ? rcgo__thread_slot() : NULL;
}

// Sets the calling thread's value. Returns whether that succeeded.
static bool
record_value_set(const void *value)
{
	if (RCGO_LIKELY(record_key_taken)) {
		return pthread_setspecific(record_key, value) == 0;
	}
	return record_slots && rcgo__thread_slot_set((void *)(uintptr_t)value);
}

struct rcgo_thread_record *
rcgo__thread_record(void)
{
	return (void *)((uintptr_t)record_value() & ~IN_FRAME);
}

struct rcgo_thread_record *
rcgo__thread_record_make(enum rcgo_thread_kind kind)
{
	struct rcgo_thread_record *r = rcgo__thread_record();
	int saved = errno;
	uintptr_t bounds[2];

	if (r != NULL) {
		return r;
	}
	if ((record_key_taken || record_slots) && (r = record_alloc()) != NULL) {
		rcgo__stack_bounds(bounds);
		r->stack_lo = bounds[0];
		r->stack_hi = bounds[1];
		r->kind = kind;
		// This fails only when libc has no memory for a key beyond its first 32 (glibc).
		if (!record_value_set(r)) {
			record_free(r);
			r = NULL;
		}
	}
	if (r == NULL && kind == RCGO_THREAD_FOREIGN) {
		rcgo_store_rlx(&record_missing, true);
	}
	errno = saved;
	return r;
}

void
rcgo__thread_records_set_complete(void)
{
	rcgo_store_rel(&every_foreign_thread, true);
}

bool
rcgo__thread_records_are_complete(void)
{
	return rcgo_load_acq(&every_foreign_thread) && !rcgo_load_rlx(&record_missing);
}

// Asks libc once for the bounds and caches them for one stack size, because the answer takes
// longer than the rest of a record. Where descriptors are not on the stack, asks each time.
static void
go_stack_bounds(size_t size, uintptr_t bounds[2])
{
	uintptr_t self = (uintptr_t)pthread_self();
	uintptr_t unclaimed = 0;

	if (!RCGO_THREAD_IS_ON_STACK) {
		rcgo__stack_bounds(bounds);
		return;
	}
	if (rcgo_load_acq(&go_stack_layout.size) == size) {
		bounds[0] = self - rcgo_load_rlx(&go_stack_layout.below);
		bounds[1] = self + rcgo_load_rlx(&go_stack_layout.above);
		return;
	}
	rcgo__stack_bounds(bounds);
	if (bounds[0] != 0 && rcgo_cas(&go_stack_layout.claimed, &unclaimed, 1)) {
		rcgo_store_rlx(&go_stack_layout.below, self - bounds[0]);
		rcgo_store_rlx(&go_stack_layout.above, bounds[1] - self);
		rcgo_store_rel(&go_stack_layout.size, size);
	}
}

void
rcgo__thread_record_begin(struct rcgo_thread_record *self, const G *g0, size_t stack_size)
{
	int saved = errno;
	uintptr_t bounds[2];

	memset(self, 0, sizeof *self);
	if (record_key_taken || record_slots) {
		go_stack_bounds(stack_size, bounds);
		self->stack_lo = bounds[0];
		self->stack_hi = bounds[1];
		self->kind = RCGO_THREAD_GO;
		self->g0 = g0;
		record_value_set((void *)((uintptr_t)self | IN_FRAME));
	}
	errno = saved;
}

void
rcgo__thread_record_end(void)
{
	int saved = errno;

	record_value_set(NULL);
	errno = saved;
}

// The thread table: one value for each thread without a pthread key, found by thread. C++
// thread-exit callbacks report the end of a thread. Found on any stack. Set and ended on the
// thread's own.
// Contract: the Itanium C++ ABI's __cxa_thread_atexit, glibc stdlib/cxa_thread_atexit_impl.c.

// The function that C++ calls for thread_local objects. glibc has it, musl does not. The
// callbacks run before the destructors of keys.
#define AT_THREAD_EXIT "__cxa_thread_atexit_impl"
typedef int (*at_thread_exit_fn)(void (*)(void *), void *, void *);

// owner: rcgo__thread_slots_init; lock: none; ordering: the start of the threads that read it
static at_thread_exit_fn at_thread_exit;

#define SLOT_COUNT 65536U
// The number of slots, from the hash of a thread's id, that may hold its slot. Usually it is the
// first.
#define PROBE_WINDOW 64U

struct thread_slot {
	uintptr_t self; // pthread_self; 0: free
	void *value;
};

// owner: rcgo__thread_slots_init, each slot its thread; lock: none
// ordering: self is taken by compare and swap; value is its thread's alone
static struct thread_slot *thread_slots;
// owner: rcgo__thread_slots_init; lock: none; ordering: the start of the threads that read it
static void (*on_slot_end)(void *);

static struct thread_slot *
slot_at(uintptr_t self, uint32_t i)
{
	// Thread descriptors are at least a page apart.
	uint32_t hash = (uint32_t)(self >> 6) * 2654435761U >> 16;

	return &thread_slots[(hash + i) % SLOT_COUNT];
}

static struct thread_slot *
find_slot(uintptr_t self)
{
	for (uint32_t i = 0; i < PROBE_WINDOW && thread_slots != NULL; i++) {
		struct thread_slot *s = slot_at(self, i);

		if (rcgo_load_acq(&s->self) == self) {
			return s;
		}
	}
	return NULL;
}

// Indirect: the function that was passed to rcgo__thread_slots_init.
static void
slot_ends(RCGO_UNUSED void *unused)
{
	struct thread_slot *s = find_slot((uintptr_t)pthread_self());
	void *value;

	if (s == NULL) {
		return;
	}
	// As with a key: the value is cleared before the destructor runs, which may set it again.
	value = s->value;
	s->value = NULL;
	rcgo_store_rel(&s->self, 0);
	if (value != NULL) {
		on_slot_end(value);
	}
}

bool
rcgo__thread_slots_init(void (*ended)(void *))
{
	int saved = errno;
	void *p;

	if (thread_slots != NULL) {
		return true;
	}
	p = rcgo__lookup_first(AT_THREAD_EXIT);
	if (p == NULL) {
		errno = saved;
		return false;
	}
	memcpy(&at_thread_exit, &p, sizeof p);
	p = mmap(NULL, SLOT_COUNT * sizeof *thread_slots, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | RCGO_MAP_LAZY, -1, 0);
	errno = saved;
	if (p == MAP_FAILED) {
		return false;
	}
	on_slot_end = ended;
	thread_slots = p;
	return true;
}

void *
rcgo__thread_slot(void)
{
	const struct thread_slot *s = find_slot((uintptr_t)pthread_self());

	return s != NULL ? s->value : NULL;
}

// Indirect: libc's function, which rcgo__thread_slots_init has found.
bool
rcgo__thread_slot_set(void *value)
{
	uintptr_t self = (uintptr_t)pthread_self();
	struct thread_slot *s = find_slot(self);
	uintptr_t nobody;

	if (s != NULL) {
		s->value = value;
		return true;
	}
	for (uint32_t i = 0; i < PROBE_WINDOW && value != NULL; i++) {
		s = slot_at(self, i);
		nobody = 0;
		if (!rcgo_cas(&s->self, &nobody, self)) {
			continue;
		}
		s->value = value;
		// The last argument identifies the object that must stay loaded.
		if (at_thread_exit(slot_ends, NULL, &thread_slots) == 0) {
			return true;
		}
		s->value = NULL;
		rcgo_store_rel(&s->self, 0);
		return false;
	}
	return value == NULL;
}
