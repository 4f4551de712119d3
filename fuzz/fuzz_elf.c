// SPDX-License-Identifier: BSD-3-Clause
// Fuzzing: ELF files: tables, build-id, sections, symbols, and an embedded ELF file.

#include "fuzz.h"
#include "debug_file.h"
#include "elf_reader.h"
#include "symbol_table.h"

// Reads the first and the last byte, so that the sanitizer checks them.
static uint8_t
touch(struct rcgo_bytes b)
{
	return b.size != 0 ? b.at[0] ^ b.at[b.size - 1] : 0;
}

static uint8_t
tables(const struct rcgo_elf *elf, struct rcgo_arena *arena)
{
	struct rcgo_section section;
	struct rcgo_segment segment;
	uint8_t sum = touch(rcgo__elf_build_id(elf));

	for (uint32_t i = 0; rcgo__elf_section_at(elf, i, &section); i++) {
		const char *name = rcgo__bytes_string(elf->names, section.name);

		sum ^= touch(rcgo__elf_section_raw(elf, &section));
		if (name != NULL && i < 32) {
			sum ^= touch(rcgo__elf_section(elf, arena, name));
			rcgo__arena_release(arena, 0);
		}
	}
	for (uint32_t i = 0; rcgo__elf_segment_at(elf, i, &segment); i++) {
		sum ^= touch(rcgo__elf_at_address(elf, segment.address + segment.file_size / 2));
	}
	return sum ^ touch(rcgo__elf_section(elf, arena, ".debug_info"));
}

static uint8_t
symbols(const struct rcgo_elf *elf, struct rcgo_arena *arena)
{
	struct rcgo_symtab table = {0};
	struct rcgo_symbol a = {0}, b = {0};
	uint64_t address = elf->entry;

	if (!rcgo__symtab_add(&table, elf)) {
		return 0;
	}
	for (int sorted = 0; sorted < 2; sorted++) {
		bool found = rcgo__symtab_find(&table, address, &a);

		if (sorted == 1 && (found != (b.name != NULL) || a.name != b.name)) {
			abort();
		}
		b = a;
		rcgo__symtab_sort(&table, arena);
	}
	return a.name != NULL ? (uint8_t)a.name[0] : 0;
}

// Keeps the compiler from removing the reads.
uint8_t fuzz_elf_sink;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rcgo_arena *arena = fuzz_arena();
	struct rcgo_elf elf, mini;

	if (rcgo__elf_from_memory(&elf, (struct rcgo_bytes){.at = data, .size = size}) != 0) {
		return 0;
	}
	fuzz_elf_sink ^= tables(&elf, arena);
	rcgo__arena_release(arena, 0);
	fuzz_elf_sink ^= symbols(&elf, arena);
	rcgo__arena_release(arena, 0);
	elf.section_count = 0;
	fuzz_elf_sink ^= symbols(&elf, arena);
	rcgo__arena_release(arena, 0);
	rcgo__elf_from_memory(&elf, (struct rcgo_bytes){.at = data, .size = size});
	if (rcgo__debugfile_mini(&elf, arena, &mini) == 0) {
		fuzz_elf_sink ^= symbols(&mini, arena);
	}
	return 0;
}
