// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: ELF files, read only: header, sections, segments, notes.
// Nothing here allocates but in the caller's arena, and no broken file leads outside of its
// mapping. Who may run here: anybody, in signal handlers too.
//
// A file may be truncated or rewritten while it is in use: it is read through a window
// (file_window.h), so what is gone reads as zeros. Bytes that a function here returns are of
// the window: whoever reads them directly calls rcgo__bytes_load first.
// Contract: the ELF gABI, and for notes and compressed sections binutils' documentation.
#ifndef RCGO_ELF_READER_H
#define RCGO_ELF_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "byte_range.h"

struct rcgo_elf {
	struct rcgo_bytes image;    // the file through its window, or what memory holds of it
	struct rcgo_bytes sections; // the table of section headers; empty when there is none
	struct rcgo_bytes segments; // the table of program headers
	struct rcgo_bytes names;    // of the sections
	uint64_t entry;
	uint32_t section_count, segment_count;
	uint32_t owner;		// the user who owns the file; root for what is in memory
	uint16_t type, machine; // ET_*, EM_*
	bool wide;		// 64 bit
	bool big;		// the most significant byte comes first
};

struct rcgo_section {
	uint64_t flags, address, offset, size, align, entry_size;
	uint32_t name, type, link, info;
};

struct rcgo_segment {
	uint64_t offset, address, file_size, memory_size, align;
	uint32_t type, flags;
};

// Opens the regular file at path. Returns 0, or -errno; -ENOEXEC says that it is no ELF file. elf
// is then empty, and closing it does nothing.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__elf_open(struct rcgo_elf *elf, const char *path);

// The same for a file that the program did not load, which others could have planted: only one
// that belongs to root, to the program's user or to owner, and that others cannot write. A program
// with rights that its user has not (AT_SECURE) opens only root's files below /usr, by no symbolic
// link. -EPERM says that the file is not trusted.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__elf_open_trusted(struct rcgo_elf *elf, const char *path, uint32_t owner);

// The same for an image in memory, which stays the caller's and must outlive elf.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__elf_from_memory(struct rcgo_elf *elf, struct rcgo_bytes image);

// The vDSO that the kernel mapped into this process. Returns 0, or -ENOENT. Its sections are
// there as far as the kernel maps them; the tables of the dynamic linker always are.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__elf_from_vdso(struct rcgo_elf *elf);

// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__elf_close(struct rcgo_elf *elf);

// The section with this index. Returns whether there is one.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__elf_section_at(
	const struct rcgo_elf *elf, uint32_t index, struct rcgo_section *section);

// The first section of this name that has content in this file. Returns its index, or 0.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__elf_section_find(
	const struct rcgo_elf *elf, const char *name, struct rcgo_section *section);

// The bytes of a section as the file has them; empty for SHT_NOBITS.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_bytes rcgo__elf_section_raw(
	const struct rcgo_elf *elf, const struct rcgo_section *section);

// The content of the section of this name, found as .debug_x, or .zdebug_x too. A compressed one is
// decompressed into the arena, each time anew. Empty when it is absent, broken, in a format that is
// not known, or does not fit.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_bytes rcgo__elf_section(
	const struct rcgo_elf *elf, struct rcgo_arena *arena, const char *name);

// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__elf_segment_at(
	const struct rcgo_elf *elf, uint32_t index, struct rcgo_segment *segment);

// The bytes at a virtual address, to the end of what the file holds of its segment; empty when no
// segment has it.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_bytes rcgo__elf_at_address(const struct rcgo_elf *elf, uint64_t address);

// Finds where the function begins that holds an address, by .eh_frame_hdr. Returns whether it is
// known.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__elf_function(const struct rcgo_elf *elf, uint64_t address, uint64_t *start);

// The content of the GNU build-id note, usually 20 bytes; empty when there is none.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_bytes rcgo__elf_build_id(const struct rcgo_elf *elf);

#endif // RCGO_ELF_READER_H
