// SPDX-License-Identifier: BSD-3-Clause
// Reads the tables of an ELF image, 32-bit and 64-bit, in both byte orders. Runs on any stack, also
// in signal handlers.

#include "elf_reader.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>

#include "decompress.h"

// Reads a field of a structure of <elf.h> that has the same name in both ELF classes.
#define ELF_FIELD(elf, base, kind, field)                                      \
	((elf)->wide ? elf_field((base) + offsetof(Elf64_##kind, field),       \
			       sizeof(((Elf64_##kind *)0)->field), (elf)->big) \
		     : elf_field((base) + offsetof(Elf32_##kind, field),       \
			       sizeof(((Elf32_##kind *)0)->field), (elf)->big))

static uint64_t
elf_field(const uint8_t *at, size_t size, bool big)
{
	switch (size) {
	case 2:
		return rcgo__get16(at, big);
	case 4:
		return rcgo__get32(at, big);
	default:
		return rcgo__get64(at, big);
	}
}

static size_t
elf_section_bytes(const struct rcgo_elf *elf)
{
	return elf->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
}

static size_t
elf_segment_bytes(const struct rcgo_elf *elf)
{
	return elf->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

// If the header's own fields are too narrow, section 0 contains the numbers.
static void
elf_read_sections(struct rcgo_elf *elf, const uint8_t *header)
{
	uint64_t offset = ELF_FIELD(elf, header, Ehdr, e_shoff);
	uint64_t count = ELF_FIELD(elf, header, Ehdr, e_shnum);
	uint64_t names = ELF_FIELD(elf, header, Ehdr, e_shstrndx);
	struct rcgo_section section;

	if (offset == 0 || ELF_FIELD(elf, header, Ehdr, e_shentsize) != elf_section_bytes(elf)) {
		return;
	}
	elf->sections = rcgo__bytes_slice(elf->image, offset, elf_section_bytes(elf));
	elf->section_count = elf->sections.size != 0;
	if (!rcgo__elf_section_at(elf, 0, &section)) {
		return;
	}
	count = count != 0 ? count : section.size;
	names = names != SHN_XINDEX ? names : section.link;
	if (count > elf->image.size / elf_section_bytes(elf)) {
		count = 0;
	}
	elf->sections = rcgo__bytes_slice(elf->image, offset, count * elf_section_bytes(elf));
	elf->section_count = elf->sections.size != 0 ? (uint32_t)count : 0;
	if (names <= UINT32_MAX && rcgo__elf_section_at(elf, (uint32_t)names, &section)) {
		elf->names = rcgo__elf_section_raw(elf, &section);
	}
}

static void
elf_read_segments(struct rcgo_elf *elf, const uint8_t *header)
{
	uint64_t offset = ELF_FIELD(elf, header, Ehdr, e_phoff);
	uint64_t count = ELF_FIELD(elf, header, Ehdr, e_phnum);
	struct rcgo_section first;

	if (offset == 0 || ELF_FIELD(elf, header, Ehdr, e_phentsize) != elf_segment_bytes(elf)) {
		return;
	}
	if (count == PN_XNUM && rcgo__elf_section_at(elf, 0, &first)) {
		count = first.info;
	}
	elf->segments = rcgo__bytes_slice(elf->image, offset, count * elf_segment_bytes(elf));
	elf->segment_count = elf->segments.size != 0 ? (uint32_t)count : 0;
}

int
rcgo__elf_from_memory(struct rcgo_elf *elf, struct rcgo_bytes image)
{
	const uint8_t *header = image.at;

	rcgo__bytes_read(
		image, 0, image.size < sizeof(Elf64_Ehdr) ? image.size : sizeof(Elf64_Ehdr));
	*elf = (struct rcgo_elf){0};
	if (image.size < sizeof(Elf32_Ehdr) || memcmp(header, ELFMAG, SELFMAG) != 0 ||
		(header[EI_CLASS] != ELFCLASS32 && header[EI_CLASS] != ELFCLASS64) ||
		(header[EI_DATA] != ELFDATA2LSB && header[EI_DATA] != ELFDATA2MSB) ||
		(header[EI_CLASS] == ELFCLASS64 && image.size < sizeof(Elf64_Ehdr))) {
		return -ENOEXEC;
	}
	elf->image = image;
	elf->wide = header[EI_CLASS] == ELFCLASS64;
	elf->big = header[EI_DATA] == ELFDATA2MSB;
	elf->type = (uint16_t)ELF_FIELD(elf, header, Ehdr, e_type);
	elf->machine = (uint16_t)ELF_FIELD(elf, header, Ehdr, e_machine);
	elf->entry = ELF_FIELD(elf, header, Ehdr, e_entry);
	elf_read_sections(elf, header);
	elf_read_segments(elf, header);
	return 0;
}

bool
rcgo__elf_section_at(const struct rcgo_elf *elf, uint32_t index, struct rcgo_section *section)
{
	size_t size = elf_section_bytes(elf);
	const uint8_t *at;

	*section = (struct rcgo_section){0};
	if (index >= elf->section_count) {
		return false;
	}
	at = rcgo__bytes_read(elf->sections, index * size, size).at;
	*section = (struct rcgo_section){
		.flags = ELF_FIELD(elf, at, Shdr, sh_flags),
		.address = ELF_FIELD(elf, at, Shdr, sh_addr),
		.offset = ELF_FIELD(elf, at, Shdr, sh_offset),
		.size = ELF_FIELD(elf, at, Shdr, sh_size),
		.align = ELF_FIELD(elf, at, Shdr, sh_addralign),
		.entry_size = ELF_FIELD(elf, at, Shdr, sh_entsize),
		.name = (uint32_t)ELF_FIELD(elf, at, Shdr, sh_name),
		.type = (uint32_t)ELF_FIELD(elf, at, Shdr, sh_type),
		.link = (uint32_t)ELF_FIELD(elf, at, Shdr, sh_link),
		.info = (uint32_t)ELF_FIELD(elf, at, Shdr, sh_info),
	};
	return true;
}

uint32_t
rcgo__elf_section_find(const struct rcgo_elf *elf, const char *name, struct rcgo_section *section)
{
	size_t size = strlen(name) + 1;

	for (uint32_t i = 1; i < elf->section_count; i++) {
		struct rcgo_bytes found;

		rcgo__elf_section_at(elf, i, section);
		found = rcgo__bytes_read(elf->names, section->name, size);
		if (found.size == size && memcmp(found.at, name, size) == 0 &&
			section->type != SHT_NOBITS) {
			return i;
		}
	}
	*section = (struct rcgo_section){0};
	return 0;
}

struct rcgo_bytes
rcgo__elf_section_raw(const struct rcgo_elf *elf, const struct rcgo_section *section)
{
	if (section->type == SHT_NOBITS || section->type == SHT_NULL) {
		return (struct rcgo_bytes){0};
	}
	return rcgo__bytes_slice(elf->image, section->offset, section->size);
}

bool
rcgo__elf_segment_at(const struct rcgo_elf *elf, uint32_t index, struct rcgo_segment *segment)
{
	size_t size = elf_segment_bytes(elf);
	const uint8_t *at;

	*segment = (struct rcgo_segment){0};
	if (index >= elf->segment_count) {
		return false;
	}
	at = rcgo__bytes_read(elf->segments, index * size, size).at;
	*segment = (struct rcgo_segment){
		.offset = ELF_FIELD(elf, at, Phdr, p_offset),
		.address = ELF_FIELD(elf, at, Phdr, p_vaddr),
		.file_size = ELF_FIELD(elf, at, Phdr, p_filesz),
		.memory_size = ELF_FIELD(elf, at, Phdr, p_memsz),
		.align = ELF_FIELD(elf, at, Phdr, p_align),
		.type = (uint32_t)ELF_FIELD(elf, at, Phdr, p_type),
		.flags = (uint32_t)ELF_FIELD(elf, at, Phdr, p_flags),
	};
	return true;
}

struct rcgo_bytes
rcgo__elf_at_address(const struct rcgo_elf *elf, uint64_t address)
{
	struct rcgo_segment segment;

	for (uint32_t i = 0; rcgo__elf_segment_at(elf, i, &segment); i++) {
		if (segment.type == PT_LOAD && address >= segment.address &&
			address - segment.address < segment.file_size) {
			return rcgo__bytes_from(
				rcgo__bytes_slice(elf->image, segment.offset, segment.file_size),
				address - segment.address);
		}
	}
	return (struct rcgo_bytes){0};
}

// The content of a section, decompressed if necessary.

#ifndef ELFCOMPRESS_ZSTD // glibc 2.37
#	define ELFCOMPRESS_ZSTD 2
#endif

// The header of a .zdebug_x section: these four bytes, and the uncompressed size in eight bytes,
// most significant byte first.
#define ZDEBUG_MAGIC "ZLIB"
#define ZDEBUG_HEADER 12

// Decompresses in to exactly size bytes. Returns an empty range if the result has another size.
static struct rcgo_bytes
section_decompress(struct rcgo_arena *arena, uint32_t type, struct rcgo_bytes in, uint64_t size)
{
	size_t before = rcgo__arena_mark(arena);
	uint8_t *out = size <= SIZE_MAX ? rcgo__arena_alloc(arena, (size_t)size) : NULL;
	size_t behind = rcgo__arena_mark(arena);
	ptrdiff_t n = -1;

	if (out != NULL && type == ELFCOMPRESS_ZLIB) {
		n = rcgo__inflate(in, out, (size_t)size, RCGO_INFLATE_ZLIB, arena);
	} else if (out != NULL && type == ELFCOMPRESS_ZSTD) {
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

// Converts a name such as .debug_info to .zdebug_info.
static bool
section_zdebug_name(const char *name, char *old, size_t cap)
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
		return (section.flags & SHF_COMPRESSED) != 0
			       ? section_compressed(elf, arena, rcgo__bytes_load(raw))
			       : raw;
	}
	if (!section_zdebug_name(name, old, sizeof old) ||
		rcgo__elf_section_find(elf, old, &section) == 0) {
		return (struct rcgo_bytes){0};
	}
	raw = rcgo__bytes_load(rcgo__elf_section_raw(elf, &section));
	if (raw.size < ZDEBUG_HEADER || memcmp(raw.at, ZDEBUG_MAGIC, strlen(ZDEBUG_MAGIC)) != 0) {
		return (struct rcgo_bytes){0};
	}
	return section_decompress(arena, ELFCOMPRESS_ZLIB, rcgo__bytes_from(raw, ZDEBUG_HEADER),
		rcgo__get64(raw.at + strlen(ZDEBUG_MAGIC), true));
}

// Notes.

// The size of a note's header: the sizes of name and content, and the type.
#define NOTE_HEADER 12

static uint64_t
note_round(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

// Finds a note among notes whose parts are aligned to unit.
static struct rcgo_bytes
note_find(struct rcgo_bytes notes, uint64_t unit, bool big, const char *name, uint32_t type)
{
	size_t size = strlen(name) + 1;

	rcgo__bytes_load(notes);
	while (notes.size >= NOTE_HEADER) {
		uint64_t name_size = rcgo__get32(notes.at, big);
		uint64_t content_size = rcgo__get32(notes.at + 4, big);
		uint64_t content_at = note_round(NOTE_HEADER + name_size, unit);
		struct rcgo_bytes content = rcgo__bytes_slice(notes, content_at, content_size);

		if (content.size != 0 && rcgo__get32(notes.at + 8, big) == type &&
			name_size == size && memcmp(notes.at + NOTE_HEADER, name, size) == 0) {
			return content;
		}
		notes = rcgo__bytes_from(notes, note_round(content_at + content_size, unit));
	}
	return (struct rcgo_bytes){0};
}

// Returns the alignment of notes: 4 bytes, also in 64-bit files, unless the file says 8.
static uint64_t
note_unit(uint64_t align)
{
	return align == 8 ? 8 : 4;
}

// Searches sections first: the segments of a separate debug file describe content that is not in
// that file.
struct rcgo_bytes
rcgo__elf_note(const struct rcgo_elf *elf, const char *name, uint32_t type)
{
	struct rcgo_section section;
	struct rcgo_segment segment;
	struct rcgo_bytes found = {0};

	for (uint32_t i = 0; rcgo__elf_section_at(elf, i, &section) && found.size == 0; i++) {
		if (section.type == SHT_NOTE) {
			found = note_find(rcgo__elf_section_raw(elf, &section),
				note_unit(section.align), elf->big, name, type);
		}
	}
	for (uint32_t i = 0; rcgo__elf_segment_at(elf, i, &segment) && found.size == 0; i++) {
		if (segment.type == PT_NOTE) {
			found = note_find(
				rcgo__bytes_slice(elf->image, segment.offset, segment.file_size),
				note_unit(segment.align), elf->big, name, type);
		}
	}
	return found;
}

struct rcgo_bytes
rcgo__elf_build_id(const struct rcgo_elf *elf)
{
	return rcgo__elf_note(elf, ELF_NOTE_GNU, NT_GNU_BUILD_ID);
}

// Finds the start of a function that has no symbol, by .eh_frame_hdr, which stripped objects have
// too. Contract: the chapter on .eh_frame_hdr in the Linux Standard Base; the encodings that all
// linkers write.

// The header: the version, three encodings, the address of .eh_frame, the number of entries.
#define HDR_VERSION 1
#define HDR_UDATA4 0x03
#define HDR_DATAREL_SDATA4 0x3b
#define HDR_TABLE 12
#define HDR_ENTRY 8

#ifndef PT_GNU_EH_FRAME
#	define PT_GNU_EH_FRAME 0x6474e550
#endif

// The sorted table. Each entry has the address of a function and of its FDE, relative to the
// header.
struct function_table {
	struct rcgo_bytes bytes;
	uint64_t address; // of the header
	uint64_t count;
};

static bool
function_table_find(const struct rcgo_elf *elf, struct function_table *table)
{
	struct rcgo_segment segment;
	struct rcgo_bytes hdr, head;

	for (uint32_t i = 0; rcgo__elf_segment_at(elf, i, &segment); i++) {
		if (segment.type == PT_GNU_EH_FRAME) {
			hdr = rcgo__bytes_slice(elf->image, segment.offset, segment.file_size);
			head = rcgo__bytes_read(hdr, 0, HDR_TABLE);
			if (head.size == 0 || head.at[0] != HDR_VERSION ||
				(head.at[1] & 0x0f) % 8 != HDR_UDATA4 || head.at[2] != HDR_UDATA4 ||
				head.at[3] != HDR_DATAREL_SDATA4) {
				return false;
			}
			table->address = segment.address;
			table->count = rcgo__get32(head.at + 8, elf->big);
			table->bytes = rcgo__bytes_slice(hdr, HDR_TABLE, table->count * HDR_ENTRY);
			return table->bytes.size != 0;
		}
	}
	return false;
}

static uint64_t
function_table_word(const struct rcgo_elf *elf, const struct function_table *table, uint64_t at)
{
	const uint8_t *word = rcgo__bytes_read(table->bytes, at, 4).at;

	return table->address + (uint64_t)(int32_t)rcgo__get32(word, elf->big);
}

// Returns the size of the function at start according to its FDE, or 0 if its encoding is
// unsupported. The FDE's addresses are PC-relative in 4 or 8 bytes, or absolute in 8.
static uint64_t
function_size(const struct rcgo_elf *elf, uint64_t fde, uint64_t start)
{
	struct rcgo_bytes b = rcgo__bytes_read(rcgo__elf_at_address(elf, fde), 0, 24);
	uint64_t wide;

	if (b.size == 0) {
		return 0;
	}
	if (fde + 8 + (uint64_t)(int32_t)rcgo__get32(b.at + 8, elf->big) == start) {
		return rcgo__get32(b.at + 12, elf->big);
	}
	wide = rcgo__get64(b.at + 8, elf->big);
	return wide == start || fde + 8 + wide == start ? rcgo__get64(b.at + 16, elf->big) : 0;
}

bool
rcgo__elf_function(const struct rcgo_elf *elf, uint64_t address, uint64_t *start)
{
	struct function_table table = {.count = 0};
	uint64_t low = 0, high;

	if (!function_table_find(elf, &table)) {
		return false;
	}
	// Find the last entry that starts at or before address.
	for (high = table.count; low < high;) {
		uint64_t middle = low + (high - low) / 2;

		if (function_table_word(elf, &table, middle * HDR_ENTRY) <= address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == 0) {
		return false;
	}
	*start = function_table_word(elf, &table, (low - 1) * HDR_ENTRY);
	return address - *start <
	       function_size(
		       elf, function_table_word(elf, &table, (low - 1) * HDR_ENTRY + 4), *start);
}
