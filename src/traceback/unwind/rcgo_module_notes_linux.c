// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: what the notes of an object say: its build-id, and whether Go's
// linker made it. Runs on any stack, in handlers too.
// Contract: elf(5); the note of ld's --build-id; cmd/internal/buildid (ELF_NOTE_GOBUILDID_TAG).

#include <elf.h>
#include <string.h>

#include "rcgo_module_parts.h"
#include "rcgo_probe.h"

#define MAX_PHDRS 256
#define MAX_NOTES 64

// Who defines a note, and which of theirs it is.
struct note_kind {
	char name[4];
	uint32_t type;
};

static const struct note_kind gnu_build_id = {"GNU", NT_GNU_BUILD_ID};
static const struct note_kind go_build_id = {"Go", 4};

// Looks for a note of that kind from at to end. Returns the address of what it says, and stores the
// size; 0 without one.
static uintptr_t
note_between(uintptr_t at, uintptr_t end, const struct note_kind *kind, size_t *size)
{
	for (int i = 0; i < MAX_NOTES && end - at > sizeof(ElfW(Nhdr)) + 4; i++) {
		struct {
			ElfW(Nhdr) head;
			char name[4];
		} note;
		size_t name, desc;

		if (at > end || !rcgo__probe_copy(&note, (const void *)at, sizeof note)) {
			return 0;
		}
		name = (note.head.n_namesz + 3u) & ~(size_t)3;
		desc = (note.head.n_descsz + 3u) & ~(size_t)3;
		if (name > end - at || desc > end - at - name) {
			return 0;
		}
		at += sizeof note.head + name;
		if (note.head.n_type == kind->type && note.head.n_namesz == sizeof kind->name &&
			memcmp(note.name, kind->name, sizeof kind->name) == 0) {
			*size = note.head.n_descsz;
			return at;
		}
		at += desc;
	}
	return 0;
}

// The same in all notes of m.
static uintptr_t
note_in(const struct rcgo_module *m, const struct note_kind *kind, size_t *size)
{
	ElfW(Ehdr) ehdr;
	ElfW(Phdr) phdr;
	uintptr_t found = 0;

	if (!rcgo__probe_copy(&ehdr, (const void *)m->start, sizeof ehdr) ||
		memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0 || ehdr.e_phnum > MAX_PHDRS) {
		return 0;
	}
	for (size_t i = 0; i < ehdr.e_phnum && found == 0; i++) {
		uintptr_t at = m->start + ehdr.e_phoff + i * sizeof phdr;

		if (!rcgo__probe_copy(&phdr, (const void *)at, sizeof phdr)) {
			return 0;
		}
		if (phdr.p_type == PT_NOTE) {
			at = m->bias + phdr.p_vaddr;
			found = note_between(at, at + phdr.p_memsz, kind, size);
		}
	}
	return found;
}

size_t
rcgo__module_build_id(const struct rcgo_module *m, uint8_t *id, size_t cap)
{
	size_t size = 0;
	uintptr_t at = note_in(m, &gnu_build_id, &size);

	return at != 0 && rcgo__probe_copy(id, (const void *)at, size < cap ? size : cap) ? size
											  : 0;
}

bool
rcgo__module_has_go(const struct rcgo_module *m)
{
	size_t size;

	return note_in(m, &go_build_id, &size) != 0;
}
