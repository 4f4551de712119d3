// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the content of a section, decompressed where it must be. Runs on any
// stack, in signal handlers too.

#include "rcgo_elf.h"

#include <elf.h>

#include "rcgo_inflate.h"
#include "rcgo_zstd.h"

#ifndef ELFCOMPRESS_ZSTD // glibc 2.37
#	define ELFCOMPRESS_ZSTD 2
#endif

// The header that linkers put before a section's content when they call it .zdebug_x: these four
// bytes and the size in eight, the most significant byte first.
#define ZDEBUG_MAGIC "ZLIB"
#define ZDEBUG_HEADER 12

// Decompresses in, which becomes size bytes. Empty when it does not become just that.
static struct rcgo_bytes
section_decompress(struct rcgo_arena *arena, uint32_t how, struct rcgo_bytes in, uint64_t size)
{
	size_t before = rcgo__arena_mark(arena);
	uint8_t *out = size <= SIZE_MAX ? rcgo__arena_alloc(arena, (size_t)size) : NULL;
	size_t behind = rcgo__arena_mark(arena);
	ptrdiff_t n = -1;

	if (out != NULL && how == ELFCOMPRESS_ZLIB) {
		n = rcgo__inflate(in, out, (size_t)size, RCGO_INFLATE_ZLIB, arena);
	} else if (out != NULL && how == ELFCOMPRESS_ZSTD) {
		n = rcgo__zstd(in, out, (size_t)size, arena);
	}
	if (n < 0 || (uint64_t)n != size) {
		rcgo__arena_release(arena, before);
		return (struct rcgo_bytes){0};
	}
	rcgo__arena_release(arena, behind);
	return (struct rcgo_bytes){.at = out, .size = (size_t)size};
}

static struct rcgo_bytes
section_compressed(const struct rcgo_elf *elf, struct rcgo_arena *arena, struct rcgo_bytes raw)
{
	size_t header = elf->wide ? sizeof(Elf64_Chdr) : sizeof(Elf32_Chdr);
	size_t size_at = elf->wide ? offsetof(Elf64_Chdr, ch_size) : offsetof(Elf32_Chdr, ch_size);

	if (raw.size < header) {
		return (struct rcgo_bytes){0};
	}
	return section_decompress(arena, rcgo__get32(raw.at, elf->big),
		rcgo__bytes_from(raw, header),
		elf->wide ? rcgo__get64(raw.at + size_at, elf->big)
			  : rcgo__get32(raw.at + size_at, elf->big));
}

// A name such as .debug_info, as .zdebug_info.
static bool
section_old_name(const char *name, char *old, size_t cap)
{
	size_t n = strlen(name);

	if (strncmp(name, ".debug_", strlen(".debug_")) != 0 || n + 2 > cap) {
		return false;
	}
	old[0] = '.';
	old[1] = 'z';
	memcpy(old + 2, name + 1, n);
	return true;
}

struct rcgo_bytes
rcgo__elf_section(const struct rcgo_elf *elf, struct rcgo_arena *arena, const char *name)
{
	struct rcgo_section section;
	struct rcgo_bytes raw;
	char old[64];

	if (rcgo__elf_section_find(elf, name, &section) != 0) {
		raw = rcgo__elf_section_raw(elf, &section);
		return (section.flags & SHF_COMPRESSED) != 0 ? section_compressed(elf, arena, raw)
							     : raw;
	}
	if (!section_old_name(name, old, sizeof old) ||
		rcgo__elf_section_find(elf, old, &section) == 0) {
		return (struct rcgo_bytes){0};
	}
	raw = rcgo__elf_section_raw(elf, &section);
	if (raw.size < ZDEBUG_HEADER || memcmp(raw.at, ZDEBUG_MAGIC, strlen(ZDEBUG_MAGIC)) != 0) {
		return (struct rcgo_bytes){0};
	}
	return section_decompress(arena, ELFCOMPRESS_ZLIB, rcgo__bytes_from(raw, ZDEBUG_HEADER),
		rcgo__get64(raw.at + strlen(ZDEBUG_MAGIC), true));
}
