// SPDX-License-Identifier: BSD-3-Clause
// Reads an object as it is mapped: segments, key and ELF notes. Safe in signal handlers, on any
// stack.
// Contract: elf(5).

//rcgo:small

#include <elf.h>
#include <string.h>

#include "module_internal.h"
#include "safe_read.h"

// Program headers are copied in portions, to limit stack use.
#define PHDRS_AT_ONCE 8
#define MAX_PHDRS 256

// The input of a key: the start of the file, where linkers place the build-id, and the start of the
// .eh_frame_hdr.
#define HEAD_BYTES 1024
#define TABLE_BYTES 64

static bool
is_elf(const ElfW(Ehdr) * ehdr)
{
	return memcmp(ehdr->e_ident, ELFMAG, SELFMAG) == 0 &&
	       ehdr->e_ident[EI_CLASS] == (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) &&
	       ehdr->e_phentsize == sizeof(ElfW(Phdr)) && ehdr->e_phnum <= MAX_PHDRS;
}

// Adds one program header. Addresses are file addresses.
static void
add_segment(struct rcgo_module *m, const ElfW(Phdr) * phdr)
{
	if (phdr->p_type == PT_LOAD) {
		uintptr_t start = phdr->p_vaddr & ~(uintptr_t)(RCGO_NOFAULT_PAGE - 1);

		if (start < m->start) {
			m->start = start;
		}
		if (phdr->p_vaddr + phdr->p_memsz > m->end) {
			m->end = phdr->p_vaddr + phdr->p_memsz;
		}
	} else if (phdr->p_type == PT_GNU_EH_FRAME) {
		m->eh_frame_hdr = (const uint8_t *)(uintptr_t)phdr->p_vaddr;
		m->eh_frame_hdr_size = phdr->p_memsz;
	}
}

static void
clear_segments(struct rcgo_module *m)
{
	*m = (struct rcgo_module){.start = UINTPTR_MAX};
}

static bool
relocate_segments(struct rcgo_module *m, uintptr_t bias)
{
	if (m->start >= m->end) {
		return false;
	}
	m->bias = bias;
	m->start += bias;
	m->end += bias;
	if (m->eh_frame_hdr_size != 0) {
		m->eh_frame_hdr = (const uint8_t *)((uintptr_t)m->eh_frame_hdr + bias);
	}
	return m->start < m->end;
}

bool
rcgo__image_segments(struct rcgo_module *m, uintptr_t bias, const ElfW(Phdr) * phdr, size_t count)
{
	clear_segments(m);
	for (size_t i = 0; i < count; i++) {
		add_segment(m, &phdr[i]);
	}
	return relocate_segments(m, bias);
}

bool
rcgo__image_read(uintptr_t header, struct rcgo_module *out)
{
	ElfW(Ehdr) ehdr;
	ElfW(Phdr) phdr[PHDRS_AT_ONCE];
	uintptr_t at;

	if (!rcgo__copy_nofault(&ehdr, (const void *)header, sizeof ehdr) || !is_elf(&ehdr)) {
		return false;
	}
	clear_segments(out);
	at = header + ehdr.e_phoff;
	for (size_t i = 0; i < ehdr.e_phnum; i += PHDRS_AT_ONCE) {
		size_t n = ehdr.e_phnum - i < PHDRS_AT_ONCE ? ehdr.e_phnum - i : PHDRS_AT_ONCE;

		if (!rcgo__copy_nofault(
			    phdr, (const void *)(at + i * sizeof *phdr), n * sizeof *phdr)) {
			return false;
		}
		for (size_t k = 0; k < n; k++) {
			add_segment(out, &phdr[k]);
		}
	}
	return relocate_segments(out, ehdr.e_type == ET_EXEC ? 0 : header - out->start);
}

static uintptr_t
hash_words(uintptr_t h, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i + sizeof h <= size; i += sizeof h) {
		uintptr_t word;

		memcpy(&word, at + i, sizeof word);
		h = (h ^ word) * (uintptr_t)0x9e3779b97f4a7c15u;
		h ^= h >> (sizeof h * 4);
	}
	return h;
}

bool
rcgo__image_key(struct rcgo_module *m, const uintptr_t *bias_at)
{
	unsigned char bytes[HEAD_BYTES + TABLE_BYTES];
	uintptr_t bias = m->bias;
	struct rcgo_nofault_piece piece[] = {
		{bytes, (const void *)m->start, HEAD_BYTES},
		{bytes + HEAD_BYTES, m->eh_frame_hdr, m->eh_frame_hdr != NULL ? TABLE_BYTES : 0},
		{&bias, bias_at, bias_at != NULL ? sizeof bias : 0},
	};
	size_t end = (uintptr_t)m->eh_frame_hdr & (RCGO_NOFAULT_PAGE - 1);
	uintptr_t where[2] = {m->start, (uintptr_t)m->eh_frame_hdr};

	// A short table may be at the end of the mapping.
	if (end > RCGO_NOFAULT_PAGE - TABLE_BYTES) {
		piece[1].size = RCGO_NOFAULT_PAGE - end;
	}
	if (!rcgo__copy_nofault_pieces(piece, RCGO_COUNTOF(piece))) {
		return false;
	}
	m->bias = bias;
	m->key = hash_words(hash_words(1, where, sizeof where), bytes, HEAD_BYTES + piece[1].size) |
		 1;
	return true;
}

// ELF notes of an object: its build-id, and whether Go's linker made it.
// Contract: elf(5); the note of ld's --build-id; cmd/internal/buildid (ELF_NOTE_GOBUILDID_TAG).

#define MAX_PHDRS 256
#define MAX_NOTES 64

static const struct rcgo_note_kind gnu_build_id = {"GNU", NT_GNU_BUILD_ID};

// Searches [at, end) for a note of this kind. Returns the address of its descriptor and stores the
// size; returns 0 if there is none.
static uintptr_t
note_between(uintptr_t at, uintptr_t end, const struct rcgo_note_kind *kind, size_t *size)
{
	for (int i = 0; i < MAX_NOTES && end - at > sizeof(ElfW(Nhdr)) + 4; i++) {
		struct {
			ElfW(Nhdr) head;
			char name[4];
		} note;
		size_t name, desc;

		if (at > end || !rcgo__copy_nofault(&note, (const void *)at, sizeof note)) {
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

// Searches all notes of m for a note of this kind, like note_between.
static uintptr_t
note_in(const struct rcgo_module *m, const struct rcgo_note_kind *kind, size_t *size)
{
	ElfW(Ehdr) ehdr;
	ElfW(Phdr) phdr;
	uintptr_t found = 0;

	if (!rcgo__copy_nofault(&ehdr, (const void *)m->start, sizeof ehdr) ||
		memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0 || ehdr.e_phnum > MAX_PHDRS) {
		return 0;
	}
	for (size_t i = 0; i < ehdr.e_phnum && found == 0; i++) {
		uintptr_t at = m->start + ehdr.e_phoff + i * sizeof phdr;

		if (!rcgo__copy_nofault(&phdr, (const void *)at, sizeof phdr)) {
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

	return at != 0 && rcgo__copy_nofault(id, (const void *)at, size < cap ? size : cap) ? size
											    : 0;
}

bool
rcgo__module_has_note(const struct rcgo_module *m, const struct rcgo_note_kind *kind)
{
	size_t size;

	return note_in(m, kind, &size) != 0;
}

void
rcgo__module_store(struct rcgo_module *to, const struct rcgo_module *from)
{
	rcgo_store_rel(&to->start, from->start);
	rcgo_store_rel(&to->end, from->end);
	rcgo_store_rel(&to->bias, from->bias);
	rcgo_store_rel(&to->eh_frame_hdr, from->eh_frame_hdr);
	rcgo_store_rel(&to->eh_frame_hdr_size, from->eh_frame_hdr_size);
	rcgo_store_rel(&to->key, from->key);
	rcgo_store_rel(&to->nodelete, from->nodelete);
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
	to->nodelete = rcgo_load_acq(&from->nodelete);
}
