// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the build-id among the notes of an ELF image. Runs on any stack, in signal
// handlers too.

#include "rcgo_elf.h"

#include <elf.h>

// The words of a note's header: the sizes of name and content, and the type.
#define NOTE_HEADER 12

static uint64_t
note_round(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

// The build-id among these notes, whose parts are aligned to unit.
static struct rcgo_bytes
note_build_id(struct rcgo_bytes notes, uint64_t unit, bool big)
{
	while (notes.size >= NOTE_HEADER) {
		uint64_t name_size = rcgo__get32(notes.at, big);
		uint64_t content_size = rcgo__get32(notes.at + 4, big);
		uint64_t content_at = note_round(NOTE_HEADER + name_size, unit);
		struct rcgo_bytes content = rcgo__bytes_slice(notes, content_at, content_size);

		if (content.size != 0 && rcgo__get32(notes.at + 8, big) == NT_GNU_BUILD_ID &&
			name_size == sizeof ELF_NOTE_GNU &&
			memcmp(notes.at + NOTE_HEADER, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0) {
			return content;
		}
		notes = rcgo__bytes_from(notes, note_round(content_at + content_size, unit));
	}
	return (struct rcgo_bytes){0};
}

// Notes are aligned to 4 bytes, in 64 bit files too, but for those that say 8.
static uint64_t
note_unit(uint64_t align)
{
	return align == 8 ? 8 : 4;
}

// Sections first: in a file of debug information alone the segments tell of what is not there.
struct rcgo_bytes
rcgo__elf_build_id(const struct rcgo_elf *elf)
{
	struct rcgo_section section;
	struct rcgo_segment segment;
	struct rcgo_bytes id = {0};

	for (uint32_t i = 0; rcgo__elf_section_at(elf, i, &section) && id.size == 0; i++) {
		if (section.type == SHT_NOTE) {
			id = note_build_id(rcgo__elf_section_raw(elf, &section),
				note_unit(section.align), elf->big);
		}
	}
	for (uint32_t i = 0; rcgo__elf_segment_at(elf, i, &segment) && id.size == 0; i++) {
		if (segment.type == PT_NOTE) {
			id = note_build_id(
				rcgo__bytes_slice(elf->image, segment.offset, segment.file_size),
				note_unit(segment.align), elf->big);
		}
	}
	return id;
}
