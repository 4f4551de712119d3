// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: which object holds an address, its name and its build-id. Runs on
// any stack, in handlers too. Contract: elf(5); the note of ld's --build-id.

#include "rcgo_module_parts.h"

#include <elf.h>
#include <string.h>

#include "rcgo_probe.h"

#define MAX_PHDRS 256
#define MAX_NOTES 64

void
rcgo__module_store(struct rcgo_module *to, const struct rcgo_module *from)
{
	rcgo_store_rel(&to->start, from->start);
	rcgo_store_rel(&to->end, from->end);
	rcgo_store_rel(&to->bias, from->bias);
	rcgo_store_rel(&to->eh_frame_hdr, from->eh_frame_hdr);
	rcgo_store_rel(&to->eh_frame_hdr_size, from->eh_frame_hdr_size);
	rcgo_store_rel(&to->key, from->key);
	rcgo_store_rel(&to->pinned, from->pinned);
}

void
rcgo__module_load(struct rcgo_module *to, const struct rcgo_module *from)
{
	to->start = rcgo_load_acq(&from->start);
	to->end = rcgo_load_acq(&from->end);
	to->bias = rcgo_load_acq(&from->bias);
	to->eh_frame_hdr = rcgo_load_acq(&from->eh_frame_hdr);
	to->eh_frame_hdr_size = rcgo_load_acq(&from->eh_frame_hdr_size);
	to->key = rcgo_load_acq(&from->key);
	to->pinned = rcgo_load_acq(&from->pinned);
}

// Whether what the list knows of m is still so.
static bool
still_there(const struct rcgo_module *m)
{
	struct rcgo_module now = *m;

	return rcgo__image_key(&now, NULL) && now.key == m->key;
}

bool
rcgo__module_find(uintptr_t pc, struct rcgo_module *out)
{
	struct rcgo_module listed;
	bool known = rcgo__list_find(pc, &listed);
	enum rcgo_answer answer;

	if (known && listed.pinned) {
		*out = listed;
		return true;
	}
	answer = rcgo__dlfo_find(pc, out);
	if (answer == RCGO_ANSWER_YES) {
		if (known && listed.key == out->key) {
			out->eh_frame_hdr_size = listed.eh_frame_hdr_size;
		}
		return true;
	}
	if (answer == RCGO_ANSWER_NONE && known && still_there(&listed)) {
		*out = listed;
		return true;
	}
	return rcgo__learned_find(pc, out);
}

bool
rcgo__module_name(const struct rcgo_module *m, char *path, size_t cap)
{
	struct rcgo_mapping mapping;

	if (cap == 0) {
		return false;
	}
	return (rcgo__mapping_find(m->start, &mapping, path, cap) && path[0] != 0) ||
	       rcgo__dlfo_name(m, path, cap);
}

// Looks for the build-id in the notes from at to end.
static size_t
id_in_notes(uintptr_t at, uintptr_t end, uint8_t *id, size_t cap)
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
		if (note.head.n_type == NT_GNU_BUILD_ID && note.head.n_namesz == 4 &&
			memcmp(note.name, "GNU", 4) == 0) {
			size_t n = note.head.n_descsz < cap ? note.head.n_descsz : cap;

			return rcgo__probe_copy(id, (const void *)at, n) ? note.head.n_descsz : 0;
		}
		at += desc;
	}
	return 0;
}

size_t
rcgo__module_build_id(const struct rcgo_module *m, uint8_t *id, size_t cap)
{
	ElfW(Ehdr) ehdr;
	ElfW(Phdr) phdr;
	size_t size = 0;

	if (!rcgo__probe_copy(&ehdr, (const void *)m->start, sizeof ehdr) ||
		memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0 || ehdr.e_phnum > MAX_PHDRS) {
		return 0;
	}
	for (size_t i = 0; i < ehdr.e_phnum && size == 0; i++) {
		uintptr_t at = m->start + ehdr.e_phoff + i * sizeof phdr;

		if (!rcgo__probe_copy(&phdr, (const void *)at, sizeof phdr)) {
			return 0;
		}
		if (phdr.p_type == PT_NOTE) {
			at = m->bias + phdr.p_vaddr;
			size = id_in_notes(at, at + phdr.p_memsz, id, cap);
		}
	}
	return size;
}
