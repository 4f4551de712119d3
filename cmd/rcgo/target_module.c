// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the ELF objects of the target. rcgo maps the segments of each file read-only, with
// the same distances as in the target, so that the unwinder reads stable local memory.
#include "stack_target.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "debug_frame.h"
#include "kernel.h"

#define PAGE ((uint64_t)4096)
#define IMAGE_MAX ((uint64_t)1 << 34)

struct module *
target_add_module(struct target *t, const char *path)
{
	struct module *m = xalloc(sizeof *m);

	if ((t->modules & (t->modules - 1)) == 0) {
		size_t room = t->modules == 0 ? 16 : 2 * t->modules;

		t->module = realloc(t->module, room * sizeof *t->module);
		if (t->module == NULL) {
			xalloc(SIZE_MAX);
		}
	}
	*m = (struct module){.path = xstrdup(path), .listed = true};
	t->module[t->modules++] = m;
	return m;
}

static int
by_start(const void *a, const void *b)
{
	const struct module *x = *(struct module *const *)a, *y = *(struct module *const *)b;

	return (x->start > y->start) - (x->start < y->start);
}

void
target_sort_modules(struct target *t)
{
	if (t->modules > 0) {
		qsort(t->module, t->modules, sizeof *t->module, by_start);
	}
}

struct module *
module_find(struct target *t, uint64_t address)
{
	size_t lo = 0, hi = t->modules;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->module[mid]->start <= address) {
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
	return lo > 0 && address < t->module[lo - 1]->end ? t->module[lo - 1] : NULL;
}

struct rcgo_bytes
module_bytes(const struct module *m, uint64_t address)
{
	uint64_t offset = address - m->bias - m->base;

	if (!m->usable || offset >= m->image_size) {
		return (struct rcgo_bytes){0};
	}
	return (struct rcgo_bytes){.at = m->image + offset, .size = m->image_size - offset};
}

// Computes the load bias of the object from its first mapping.
static bool
find_bias(struct module *m, uint64_t *top)
{
	struct rcgo_segment s;
	bool placed = false;

	m->base = UINT64_MAX;
	*top = 0;
	for (uint32_t i = 0; rcgo__elf_segment_at(&m->elf, i, &s); i++) {
		if (s.type != PT_LOAD || s.memory_size == 0 || s.memory_size > IMAGE_MAX ||
			s.address > UINT64_MAX - 2 * IMAGE_MAX) {
			continue;
		}
		if (!placed && (s.offset & -PAGE) <= m->offset &&
			m->offset < s.offset + s.file_size) {
			m->bias = m->first - (s.address - s.offset + m->offset);
			placed = true;
		}
		if ((s.address & -PAGE) < m->base) {
			m->base = s.address & -PAGE;
		}
		if (s.address + s.memory_size > *top) {
			*top = s.address + s.memory_size;
		}
	}
	return placed && *top - m->base <= IMAGE_MAX;
}

static bool
lay_segments(struct module *m, uint8_t *image)
{
	int fd = open(m->file, O_RDONLY | O_CLOEXEC);
	struct rcgo_segment s;
	bool mapped = fd >= 0;

	for (uint32_t i = 0; mapped && rcgo__elf_segment_at(&m->elf, i, &s); i++) {
		uint64_t inside = s.address & (PAGE - 1);
		uint64_t at = s.address - inside - m->base;

		if (s.type != PT_LOAD || s.file_size == 0) {
			continue;
		}
		if (s.file_size > s.memory_size || at + inside + s.file_size > m->image_size ||
			s.offset < inside || s.offset > m->elf.image.size ||
			s.file_size > m->elf.image.size - s.offset) {
			continue;
		}
		mapped = mmap(image + at, inside + s.file_size, PROT_READ, MAP_PRIVATE | MAP_FIXED,
				 fd, (off_t)(s.offset - inside)) != MAP_FAILED;
	}
	if (fd >= 0) {
		close(fd);
	}
	return mapped;
}

static void
find_eh_frame(struct module *m)
{
	struct rcgo_segment s;

	for (uint32_t i = 0; rcgo__elf_segment_at(&m->elf, i, &s); i++) {
		if (s.type == PT_GNU_EH_FRAME && s.address >= m->base &&
			s.address - m->base < m->image_size) {
			m->eh_frame_hdr = (uintptr_t)m->image + (uintptr_t)(s.address - m->base);
			m->eh_frame_hdr_size = s.memory_size;
		}
	}
}

// The vDSO has no file: its bytes are read from the target.
static int
open_vdso(struct target *t, struct module *m)
{
	size_t size = (size_t)(m->end - m->start);
	void *copy = size > 16 * PAGE ? MAP_FAILED
				      : mmap(NULL, size, PROT_READ | PROT_WRITE,
						MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (copy == MAP_FAILED || !target_read(t, m->start, copy, size)) {
		return -1;
	}
	m->image = copy;
	m->image_size = size;
	return rcgo__elf_from_memory(&m->elf, (struct rcgo_bytes){.at = copy, .size = size});
}

static bool
open_image(struct target *t, struct module *m)
{
	bool vdso = strcmp(m->path, "[vdso]") == 0;
	uint64_t top;
	uint8_t *image;

	if (vdso ? open_vdso(t, m) != 0
		 : m->file == NULL || rcgo__elf_open(&m->elf, m->file) != 0) {
		return false;
	}
	if (!m->elf.wide || m->elf.big || m->elf.machine != t->machine || !find_bias(m, &top)) {
		return false;
	}
	if (!vdso) {
		m->image_size = (size_t)((top - m->base + PAGE - 1) & -PAGE);
		// Bytes between segments, and bytes without a file, read as zeros.
		image = mmap(NULL, m->image_size, PROT_READ,
			MAP_PRIVATE | MAP_ANONYMOUS | RCGO_MAP_LAZY, -1, 0);
		if (image == MAP_FAILED || !lay_segments(m, image)) {
			return false;
		}
		m->image = image;
		if (m->bias + top > m->end && m->bias + top - m->end < IMAGE_MAX) {
			m->end = m->bias + top; // its .bss is no mapping of the file
		}
	}
	return true;
}

bool
module_open(struct target *t, struct module *m)
{
	if (!m->tried) {
		m->tried = true;
		m->usable = open_image(t, m);
		if (m->usable) {
			find_eh_frame(m);
		}
	}
	return m->usable;
}

uint64_t
module_build_id(const struct module *m, uint8_t *id, size_t cap)
{
	struct rcgo_bytes note = m->usable ? rcgo__elf_build_id(&m->elf) : (struct rcgo_bytes){0};

	if (note.size > 0) {
		memcpy(id, rcgo__bytes_load(note).at, note.size < cap ? note.size : cap);
	}
	return note.size < cap ? note.size : cap;
}

// Called by the unwinder for an object without .eh_frame_hdr; the key is the address of
// the struct module.
struct rcgo_frame_section
rcgo__frame_section(const struct rcgo_module *key)
{
	const struct module *m =
		(const struct module *)key->key; // NOLINT(performance-no-int-to-ptr)
	struct rcgo_section section;
	struct rcgo_bytes bytes;
	const uint8_t *found;
	uint8_t *copy;
	size_t size;

	if (rcgo__elf_section_find(&m->elf, ".eh_frame", &section) != 0 &&
		section.address >= m->base) {
		bytes = module_bytes(m, section.address + m->bias);
		if (section.size <= bytes.size && section.size > 8) {
			return (struct rcgo_frame_section){
				(uint8_t *)(uintptr_t)rcgo__bytes_load(bytes).at, section.size,
				true};
		}
	}
	if (m->elf.section_count == 0 && module_search_eh_frame(m, &found, &size)) {
		return (struct rcgo_frame_section){(uint8_t *)(uintptr_t)found, size, true};
	}
	if (rcgo__elf_section_find(&m->elf, ".debug_frame", &section) == 0 ||
		(section.flags & SHF_COMPRESSED) != 0) {
		return (struct rcgo_frame_section){0};
	}
	bytes = rcgo__elf_section_raw(&m->elf, &section);
	copy = bytes.size == 0 || bytes.size > UINT32_MAX ? NULL : malloc(bytes.size);
	if (copy == NULL) {
		return (struct rcgo_frame_section){0};
	}
	memcpy(copy, rcgo__bytes_load(bytes).at, bytes.size);
	return (struct rcgo_frame_section){copy, bytes.size, false};
}
