// SPDX-License-Identifier: BSD-3-Clause
// elf_reader.h: a read-only reader for ELF files: header, sections, segments, notes. The functions
// allocate only in the caller's arena, and a malformed file causes no access outside its mapping.
// They may run anywhere, also in signal handlers.
//
// A file may be truncated or rewritten while it is in use. It is read through a window
// (file_window.h), so missing parts read as zeros. Returned bytes belong to the window: a caller
// that reads them directly calls rcgo__bytes_load first.
// Contract: the ELF gABI, and for notes and compressed sections binutils' documentation.
#ifndef RCGO_ELF_READER_H
#define RCGO_ELF_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "byte_range.h"

struct rcgo_elf {
	struct rcgo_bytes image;    // the file through its window, or its image in memory
	struct rcgo_bytes sections; // the section header table; empty if there is none
	struct rcgo_bytes segments; // the program header table
	struct rcgo_bytes names;    // the section name string table
	uint64_t entry;
	uint32_t section_count, segment_count;
	uint32_t owner;		// user id of the file's owner; root for an image in memory
	uint16_t type, machine; // ET_*, EM_*
	bool wide;		// ELFCLASS64
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

// Opens the regular file at path. Returns 0, or -errno. -ENOEXEC means that it is not an ELF file.
// On error elf is empty, and closing it does nothing.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__elf_open(struct rcgo_elf *elf, const char *path);

// As rcgo__elf_open, for a file that the program did not load and that another user could have
// planted. The file must belong to root, to the program's effective user or to owner, and others
// must not be able to write to it. A program with elevated privileges (AT_SECURE) opens only root's
// files below /usr, without symbolic links. -EPERM means that the file is not trusted.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__elf_open_trusted(struct rcgo_elf *elf, const char *path, uint32_t owner);

// As rcgo__elf_open, for an image in memory. The caller keeps it, and it must outlive elf.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__elf_from_memory(struct rcgo_elf *elf, struct rcgo_bytes image);

// Opens the vDSO that the kernel mapped into this process. Returns 0, or -ENOENT. Its sections are
// available as far as the kernel maps them. The tables of the dynamic linker are always available.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__elf_from_vdso(struct rcgo_elf *elf);

// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__elf_close(struct rcgo_elf *elf);

// Reads the section header with this index. Returns whether there is one.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__elf_section_at(
	const struct rcgo_elf *elf, uint32_t index, struct rcgo_section *section);

// Finds the first section with this name that has content in this file. Returns its index, or 0.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__elf_section_find(
	const struct rcgo_elf *elf, const char *name, struct rcgo_section *section);

// Returns the bytes of a section as stored in the file; empty for SHT_NOBITS.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_bytes rcgo__elf_section_raw(
	const struct rcgo_elf *elf, const struct rcgo_section *section);

// Returns the content of the section with this name. A name .debug_x also finds .zdebug_x. A
// compressed section is decompressed into the arena at each call. Returns an empty range if the
// section is absent, malformed, in an unknown format, or does not fit.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_bytes rcgo__elf_section(
	const struct rcgo_elf *elf, struct rcgo_arena *arena, const char *name);

// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__elf_segment_at(
	const struct rcgo_elf *elf, uint32_t index, struct rcgo_segment *segment);

// Returns the bytes from a virtual address to the end of its segment in the file. Returns an empty
// range if no segment contains the address.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_bytes rcgo__elf_at_address(const struct rcgo_elf *elf, uint64_t address);

// Finds the start of the function that contains an address, by .eh_frame_hdr. Returns whether it is
// known.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__elf_function(const struct rcgo_elf *elf, uint64_t address, uint64_t *start);

// Returns the content of the first note with this name and type; empty if there is none.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_bytes rcgo__elf_note(
	const struct rcgo_elf *elf, const char *name, uint32_t type);

// Returns the content of the GNU build-id note, usually 20 bytes; empty if there is none.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_bytes rcgo__elf_build_id(const struct rcgo_elf *elf);

#endif // RCGO_ELF_READER_H
