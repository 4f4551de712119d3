// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the tables of an ELF image, of 32 and 64 bit and both byte orders. Runs on
// any stack, in signal handlers too.

#include "rcgo_elf.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>

// A field of a structure of <elf.h> that has the same name in both widths.
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

// Where the header's own fields are too narrow, section 0 has the numbers.
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
	const uint8_t *at = elf->sections.at;

	*section = (struct rcgo_section){0};
	if (index >= elf->section_count) {
		return false;
	}
	at += index * elf_section_bytes(elf);
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
		struct rcgo_bytes have;

		rcgo__elf_section_at(elf, i, section);
		have = rcgo__bytes_slice(elf->names, section->name, size);
		if (have.size == size && memcmp(have.at, name, size) == 0 &&
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
	const uint8_t *at = elf->segments.at;

	*segment = (struct rcgo_segment){0};
	if (index >= elf->segment_count) {
		return false;
	}
	at += index * elf_segment_bytes(elf);
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
