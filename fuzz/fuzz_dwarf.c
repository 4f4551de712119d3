// SPDX-License-Identifier: BSD-3-Clause
// Fuzzing: DWARF: units, abbreviations, entries, ranges, line programs, the index of .dwp files.
// The input consists of the sizes of the sections, 16 bits each, and then the sections.

#include <string.h>

#include "fuzz.h"
#include "dwarf_object.h"

#define ADDRESSES 24
#define FRAMES 16

// A low limit of steps keeps runs short. More steps would reach no other code.
#define BUDGET (INT64_C(1) << 18)

static struct rcgo_debug debug;
static struct rcgo_dwarf_memory memory;
static char paths[4096];

// Keeps the compiler from removing the reads.
uint8_t fuzz_dwarf_sink;

static void
touch(const char *s)
{
	for (; s != NULL && *s != 0; s++) {
		fuzz_dwarf_sink ^= (uint8_t)*s;
	}
}

// Distributes the input among the sections.
static void
share_out(struct rcgo_dwarf *dwarf, struct rcgo_bytes in)
{
	struct rcgo_bytes rest = rcgo__bytes_from(in, 2 * RCGO_DW_SECTIONS);

	for (int i = 0; i < RCGO_DW_SECTIONS; i++) {
		uint64_t size = rcgo__get16(in.at + 2 * i, false);

		size = size < rest.size ? size : rest.size;
		dwarf->sections[i] = rcgo__bytes_slice(rest, 0, size);
		rest = rcgo__bytes_from(rest, size);
	}
	dwarf->loaded = UINT32_MAX;
}

static void
look(uint64_t address)
{
	struct rcgo_frame frames[FRAMES];
	struct rcgo_line_text text = {.at = paths, .size = sizeof paths};
	size_t n = rcgo__debug_frames(&debug, address, frames, FRAMES, &text);

	if (n > FRAMES || memory.scratch.used != 0) {
		abort();
	}
	for (size_t i = 0; i < n; i++) {
		touch(frames[i].function);
		touch(frames[i].file);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rcgo_elf little = {.wide = true}, big = {.wide = true, .big = true};
	struct rcgo_bytes in = {.at = data, .size = size};
	struct rcgo_arena *keep = fuzz_arena();
	struct rcgo_arena scratch = memory.scratch;

	if (size < 2 * RCGO_DW_SECTIONS) {
		return 0;
	}
	if (scratch.at == NULL && rcgo__arena_init(&scratch, (size_t)256 << 20) != 0) {
		abort();
	}
	memory = (struct rcgo_dwarf_memory){.keep = keep, .scratch = scratch, .cached = true};
	rcgo__cache_init(&memory.cache, keep, 1 << 20);
	rcgo__debug_init(&debug, &memory, size % 8 == 0 ? &big : &little, NULL, 1);
	share_out(&debug.main, in);
	// The same file also serves as dwz's file and as the file of split units.
	debug.common = debug.main;
	debug.common.id = 2;
	debug.main.common = &debug.common;
	memory.step_limit = BUDGET;
	if (debug.recent == NULL) {
		return 0;
	}
	for (uint64_t i = 0; i < ADDRESSES; i++) {
		look(i * i * 64 + 1);
	}
	return 0;
}
