// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: finds the .eh_frame of a file that has neither .eh_frame_hdr nor section headers, as
// a static program from which all headers were stripped. It is the longest chain of entries in the
// bytes that the program only reads. Contract: Linux Standard Base, section 10.6 (.eh_frame).
#include "stack_target.h"

#include <elf.h>
#include <string.h>

#include "debug_frame.h"

// An entry: the size of what follows, 4 bytes that tell a CIE (0) or the distance to it, and the
// rest.
#define HEADER 8
#define SMALLEST_CIE 16
// What is looked at in one file, at most, so that no file takes long: bytes, and entries.
#define BYTES_MAX ((size_t)1 << 30)
#define ENTRIES_MAX ((size_t)1 << 24)

struct chain {
	size_t at, size;
	size_t fdes;
};

// Reports whether a CIE starts here: of version 1 or 3, with an augmentation that compilers use.
static bool
is_cie(const uint8_t *at, size_t size)
{
	static const char letters[] = "zPLRSB";
	uint32_t length;
	size_t i = HEADER + 1;

	if (size < SMALLEST_CIE || rcgo__get32(at + 4, false) != 0 || (at[8] != 1 && at[8] != 3)) {
		return false;
	}
	length = rcgo__get32(at, false);
	if (length < SMALLEST_CIE - 4 || length > size - 4 || length > UINT16_MAX) {
		return false;
	}
	while (i < SMALLEST_CIE && at[i] != 0 &&
		memchr(letters, at[i], sizeof letters - 1) != NULL) {
		i++;
	}
	return i < SMALLEST_CIE && at[i] == 0;
}

// Returns the chain of entries that starts with the CIE at an offset. It counts the entries.
static struct chain
follow_chain(const uint8_t *bytes, size_t size, size_t at, size_t *entries)
{
	struct chain c = {.at = at};
	size_t i = at;

	while (size - i >= 4 && ++*entries < ENTRIES_MAX) {
		uint32_t length = rcgo__get32(bytes + i, false);
		uint32_t id;

		if (length == 0) { // the end of the contribution of one input file
			i += 4;
			continue;
		}
		if (length < 4 || length > size - i - 4) {
			break;
		}
		id = rcgo__get32(bytes + i + 4, false);
		if (id == 0) {
			if (!is_cie(bytes + i, size - i)) {
				break;
			}
		} else if (id > i + 4 - at || !is_cie(bytes + i + 4 - id, size - (i + 4 - id))) {
			break;
		} else {
			c.fdes++;
		}
		i += 4 + length;
		c.size = i - at;
	}
	return c;
}

// Reports whether the entries are of functions in [from, to), addresses of the file.
static bool
describes_code(const struct module *m, const uint8_t *at, size_t size, uint64_t from, uint64_t to)
{
	struct rcgo_debug_entry some[64];
	size_t max = sizeof some / sizeof some[0], inside = 0;
	size_t n = rcgo__eh_frame_entries(
		at, size, (uintptr_t)m->image - (uintptr_t)m->base, some, max);

	n = n < max ? n : max;
	for (size_t i = 0; i < n; i++) {
		inside += some[i].start >= from && some[i].end <= to;
	}
	return n > 0 && inside * 2 > n;
}

static void
search_segment(const uint8_t *bytes, size_t size, size_t *entries, struct chain *best)
{
	for (size_t i = 0; i + SMALLEST_CIE <= size && *entries < ENTRIES_MAX; i += 4) {
		struct chain c;

		if (!is_cie(bytes + i, size - i)) {
			continue;
		}
		c = follow_chain(bytes, size, i, entries);
		if (c.fdes > best->fdes) {
			*best = c;
			i += c.size - 4;
		}
	}
}

bool
module_search_eh_frame(const struct module *m, const uint8_t **at, size_t *size)
{
	uint64_t from = UINT64_MAX, to = 0;
	struct rcgo_segment s;
	size_t entries = 0, looked = 0;

	*size = 0;
	for (uint32_t i = 0; rcgo__elf_segment_at(&m->elf, i, &s); i++) {
		if (s.type == PT_LOAD && (s.flags & PF_X) != 0) {
			from = s.address < from ? s.address : from;
			to = s.address + s.memory_size > to ? s.address + s.memory_size : to;
		}
	}
	for (uint32_t i = 0; rcgo__elf_segment_at(&m->elf, i, &s); i++) {
		struct rcgo_bytes bytes = module_bytes(m, s.address + m->bias);
		struct chain best = {0};

		if (s.type != PT_LOAD || (s.flags & PF_W) != 0 || s.file_size > bytes.size ||
			s.file_size > BYTES_MAX - looked) {
			continue;
		}
		looked += s.file_size;
		search_segment(bytes.at, s.file_size, &entries, &best);
		if (best.size > *size &&
			describes_code(m, bytes.at + best.at, best.size, from, to)) {
			*at = bytes.at + best.at;
			*size = best.size;
		}
	}
	return *size != 0;
}
