// SPDX-License-Identifier: BSD-3-Clause
// Fuzzers: core files: their notes, threads, mapped files and memory.

#include <string.h>

#include "core_file.h"
#include "fuzz.h"
#include "rcgo_backtrace.h"

// So that no read is left out.
uint64_t fuzz_core_sink;

// Two addresses to read at, of what was seen.
static uint64_t low, high;

static bool
see_module(const struct rcgo_target_module *m, void *arg)
{
	const struct rcgo_target *t = arg;
	char page[512];

	if (m->start >= m->end) {
		abort();
	}
	fuzz_core_sink += strlen(m->path) + rcgo_target_read(t, m->start, page, sizeof page);
	low = m->start;
	high = m->end;
	return false;
}

static bool
see_thread(const struct rcgo_target_thread *th, void *arg)
{
	const struct rcgo_target *t = arg;
	char stack[512];

	fuzz_core_sink += rcgo_target_read(t, th->reg[7], stack, sizeof stack) + th->pc;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rcgo_target t;
	struct rcgo_target_thread th;
	char big[8192];
	uint64_t value;

	if (rcgo__target_core_from_memory(&t, (struct rcgo_bytes){.at = data, .size = size}) != 0) {
		return 0;
	}
	rcgo_target_each_module(&t, see_module, &t);
	rcgo_target_each_thread(&t, see_thread, &t);
	rcgo_target_auxv(&t, 3, &value); // AT_PHDR
	fuzz_core_sink += rcgo_target_read(&t, low, big, sizeof big);
	fuzz_core_sink += rcgo_target_read(&t, high - 1, big, sizeof big);
	fuzz_core_sink += rcgo_target_read(&t, value, big, sizeof big);
	if (rcgo_target_registers(&t, 1, &th) == 0 && th.tid != 1) {
		abort();
	}
	rcgo_target_close(&t);
	return 0;
}
