// SPDX-License-Identifier: BSD-3-Clause
// The published list of modules: a reader finds a module as one publication had it, while others
// are made and the lists move to larger memory.

#include <link.h>
#include <string.h>
#include <sys/mman.h>

static void *lists_map(size_t size);

#define mmap(at, size, protection, flags, fd, offset) lists_map(size)
#include "module_image.c"
#include "module_list.c"
#undef mmap

#include "model.h"

enum { FIRST = 0x10000, SECOND = 0x20000, SIZE = 0x1000 };

static unsigned char memory[2][64 << 10] __attribute__((aligned(64)));
static size_t maps;

static void *
lists_map(size_t size)
{
	MODEL_ASSERT(maps < 2 && size <= sizeof memory[0]);
	return memory[maps++];
}

// Only the keys of objects that can be unloaded are read; the test has none.
bool
rcgo__copy_nofault_pieces(const struct rcgo_nofault_piece *pieces, size_t count)
{
	(void)pieces, (void)count;
	return false;
}

// Each publication has another bias, and the second module in every other one.
static void
publish_next(void)
{
	uintptr_t bias = rcgo_load_acq(&list_generation) + 1;
	struct rcgo_module m = {.start = FIRST,
		.end = FIRST + SIZE,
		.bias = bias,
		.nodelete = true,
		.eh_frame_hdr_size = bias};

	draft.count = 0;
	if (bias % 2 == 0) {
		m.start -= SIZE;
		add_module(&m);
		m.start += 2 * SIZE;
		m.end = m.start + SIZE;
		add_module(&m);
	} else {
		add_module(&m);
		m.start = SECOND;
		m.end = SECOND + SIZE;
		add_module(&m);
		m.start = 2 * SECOND;
		m.end = 2 * SECOND + SIZE;
		add_module(&m);
	}
	publish();
}

static void
start(void)
{
	size_t lists = 3 * (sizeof(struct module_list) + 8 * sizeof(struct rcgo_module));

	memset(memory[0], 0, lists);
	memset(memory[1], 0, lists);
	memset(&draft, 0, sizeof draft);
	module_lists[0] = module_lists[1] = NULL;
	list_generation = 0;
	maps = 0;
	map_lists(4);
	publish_next();
}

static void
publish_two_times(void)
{
	publish_next();
	publish_next();
}

static void
publish_in_new_memory(void)
{
	publish_next();
	map_lists(8);
	publish_next();
}

static void
check(uintptr_t pc)
{
	struct rcgo_module m;

	if (rcgo__list_find(pc, &m)) {
		MODEL_ASSERT(pc - m.start < m.end - m.start);
		MODEL_ASSERT(m.eh_frame_hdr_size == m.bias && m.key == (m.start | 1));
		if (m.bias % 2 == 0) {
			MODEL_ASSERT(m.start == FIRST - SIZE || m.start == FIRST + SIZE);
			MODEL_ASSERT(m.end == FIRST + SIZE || m.end == m.start + SIZE);
		} else {
			MODEL_ASSERT(m.end == m.start + SIZE);
		}
	}
}

// All publications have this address.
static void
find_first(void)
{
	struct rcgo_module m;

	check(FIRST);
	MODEL_ASSERT(rcgo__list_find(FIRST + 1, &m) && m.bias >= 1);
}

static void
find_others(void)
{
	check(SECOND + 1);
	check(FIRST + SIZE + 1);
}

static const struct model_test tests[] = {
	{.name = "a publication",
		.before = start,
		.threads = {{publish_next}, {find_first}},
		.preemptions = 2},
	{.name = "a reader is overtaken",
		.before = start,
		.threads = {{publish_two_times}, {find_first}},
		.preemptions = 1},
	{.name = "the lists move",
		.before = start,
		.threads = {{publish_in_new_memory}, {find_first}},
		.preemptions = 1},
	{.name = "objects come and go",
		.before = start,
		.threads = {{publish_two_times}, {find_others}},
		.preemptions = 1},
	{.name = "a handler reads while its thread publishes",
		.before = start,
		.threads = {{publish_in_new_memory, find_first}},
		.preemptions = 0},
};

MODEL_MAIN(tests)
