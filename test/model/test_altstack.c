// SPDX-License-Identifier: BSD-3-Clause
// The pool of alternate signal stacks: no two threads hold the same stack, and each stack has the
// layout that the pool computed.

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *slab_map(size_t size);
static int slab_unmap(void *at, size_t size);
static int slab_advise(void);

#define mmap(at, size, protection, flags, fd, offset) slab_map(size)
#define munmap(at, size) slab_unmap(at, size)
#define madvise(at, size, advice) slab_advise()
#include "altstack.c"
#undef mmap
#undef munmap
#undef madvise

#include "model.h"

bool
rcgo__copy_nofault(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	return true;
}

// The slabs that two threads and a handler map at once.
static unsigned char memory[3][SLAB_STACKS * ((256 + 16) << 10)] __attribute__((aligned(4096)));
static uint32_t mapped;
static size_t slab_size;

static void *
slab_map(size_t size)
{
	uint32_t i = rcgo_add_rlx(&mapped, 1);

	MODEL_ASSERT(i < 3 && size <= sizeof memory[0]);
	MODEL_ASSERT(slab_size == 0 || size == slab_size);
	return memory[i];
}

static int
slab_unmap(void *at, size_t size)
{
	MODEL_ASSERT((at == memory[0] || at == memory[1] || at == memory[2]) &&
		     (slab_size == 0 || size == slab_size));
	return 0;
}

static int
slab_advise(void)
{
	return 0;
}

static void
start(void)
{
	uintptr_t layout;

	memset(slabs, 0, sizeof slabs[0] * 2);
	stack_bytes = guard_bytes = 0;
	layout = pool_layout();
	slab_size = SLAB_STACKS * layout;
	for (size_t i = 0; i < 3 * SLAB_STACKS; i++) {
		uintptr_t at = (uintptr_t)memory[i / SLAB_STACKS] + i % SLAB_STACKS * layout;

		memset(header_of(at + guard_bytes + WRITES_BELOW), 0, HEADER);
	}
	mapped = 0;
	stack_bytes = guard_bytes = 0;
}

// The write is a data race with that of another thread that holds the stack.
static void
hold_one(void)
{
	uintptr_t lo = rcgo__altstack_take();

	MODEL_ASSERT(lo != 0);
	MODEL_ASSERT(rcgo__altstack_is_mapped(lo));
	*(volatile unsigned *)lo = model_self();
	MODEL_ASSERT(*(volatile unsigned *)lo == model_self());
	rcgo__altstack_give(lo);
}

static void
hold_two_times(void)
{
	hold_one();
	hold_one();
}

static void
all_are_free(void)
{
	MODEL_ASSERT(slabs[0].taken == 0);
}

static const struct model_test tests[] = {
	{.name = "two threads, first use",
		.before = start,
		.after = all_are_free,
		.threads = {{hold_one}, {hold_one}},
		.preemptions = 2},
	{.name = "a handler interrupts the first use",
		.before = start,
		.after = all_are_free,
		.threads = {{hold_one, hold_one}, {hold_one}},
		.preemptions = 0},
	{.name = "stacks change hands",
		.before = start,
		.after = all_are_free,
		.threads = {{hold_two_times}, {hold_one}},
		.preemptions = 1},
	{.name = "three threads",
		.before = start,
		.after = all_are_free,
		.threads = {{hold_one}, {hold_one}, {hold_one}},
		.preemptions = 0},
};

MODEL_MAIN(tests)
