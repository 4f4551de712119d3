// SPDX-License-Identifier: BSD-3-Clause
// Thread records: no two threads get the same one, and a thread computes its stack's bounds from
// those that another thread has cached.

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

static void *block_map(size_t size);
static int block_unmap(void *at, size_t size);
static pthread_t this_thread(void);

#define mmap(at, size, protection, flags, fd, offset) block_map(size)
#define munmap(at, size) block_unmap(at, size)
#define pthread_self() this_thread()
#include "thread_record.c"
#undef mmap
#undef munmap
#undef pthread_self

#include "model.h"

static struct block memory[3];
static uint32_t mapped;

static void *
block_map(size_t size)
{
	uint32_t i = rcgo_add_rlx(&mapped, 1);

	MODEL_ASSERT(i < 3 && size == sizeof memory[0]);
	return &memory[i];
}

static int
block_unmap(void *at, size_t size)
{
	MODEL_ASSERT(at != record_blocks[0] && size == sizeof memory[0]);
	return 0;
}

// Stacks of the model: 1 MB apart, and the address of pthread_self at a place that depends on the
// size.
#define TOP(thread) ((uintptr_t)(thread) << 20)
static uintptr_t size_of[MODEL_THREADS];

static pthread_t
this_thread(void)
{
	return (pthread_t)(TOP(model_self()) - size_of[model_self()] / 16);
}

void
rcgo__stack_bounds(uintptr_t bounds[2])
{
	bounds[0] = TOP(model_self()) - size_of[model_self()];
	bounds[1] = TOP(model_self());
}

static void
start(void)
{
	memset(memory, 0xa5, 3 * sizeof memory[0]);
	record_blocks[0] = NULL;
	records_in_use[0] = 0;
	memset(&go_stack_layout, 0, sizeof go_stack_layout);
	mapped = 0;
}

// The writes are a data race with those of another thread that has the record.
static void
hold_record(void)
{
	struct rcgo_thread_record *r = record_alloc();

	MODEL_ASSERT(r != NULL && r->index < BLOCK_RECORDS);
	MODEL_ASSERT((unsigned char *)r == record_blocks[0]->records[r->index]);
	r->stack_lo = model_self();
	MODEL_ASSERT(r->stack_lo == model_self());
	record_free(r);
}

static void
hold_two_times(void)
{
	hold_record();
	hold_record();
}

static void
all_are_free(void)
{
	MODEL_ASSERT(records_in_use[0] == 0);
}

static void
bounds_of_size(size_t size)
{
	uintptr_t bounds[2];

	size_of[model_self()] = size;
	go_stack_bounds(size, bounds);
	MODEL_ASSERT(bounds[1] == TOP(model_self()) && bounds[0] == bounds[1] - size);
}

static void
large_stack(void)
{
	bounds_of_size(0x40000);
}

static void
small_stack(void)
{
	bounds_of_size(0x20000);
}

static const struct model_test tests[] = {
	{.name = "two threads, first records",
		.before = start,
		.after = all_are_free,
		.threads = {{hold_record}, {hold_record}},
		.preemptions = 2},
	{.name = "records change hands",
		.before = start,
		.after = all_are_free,
		.threads = {{hold_two_times}, {hold_two_times}},
		.preemptions = 1},
	{.name = "three threads",
		.before = start,
		.after = all_are_free,
		.threads = {{hold_record}, {hold_record}, {hold_record}},
		.preemptions = 1},
	{.name = "bounds of stacks of one size",
		.before = start,
		.threads = {{large_stack}, {large_stack}, {large_stack}},
		.preemptions = 2},
	{.name = "bounds of stacks of two sizes",
		.before = start,
		.threads = {{large_stack}, {small_stack}, {large_stack}},
		.preemptions = 2},
};

MODEL_MAIN(tests)
