// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: a core file. What the kernel left out, code above all, comes from the files that were
// mapped, whose build-ids must be those in the core.
#include "target_core.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENTS_MAX 1000000

static const struct rcgo_segment *
segment_at(const struct core *c, uint64_t address)
{
	size_t lo = 0, hi = c->segments;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->segment[mid].address <= address) {
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
	return lo > 0 && address - c->segment[lo - 1].address < c->segment[lo - 1].memory_size
		       ? &c->segment[lo - 1]
		       : NULL;
}

// The bytes at an address, to the end of what is in one piece.
static struct rcgo_bytes
bytes_at(struct target *t, uint64_t address)
{
	const struct core *c = t->own;
	const struct rcgo_segment *s = segment_at(c, address);
	uint64_t inside = s != NULL ? address - s->address : 0;
	struct module *m;

	if (s != NULL && inside < s->file_size) {
		return rcgo__bytes_slice(c->elf.image, s->offset + inside, s->file_size - inside);
	}
	m = module_find(t, address);
	if (m == NULL || strcmp(m->path, "[vdso]") == 0 || !module_open(t, m)) {
		return (struct rcgo_bytes){0};
	}
	return module_bytes(m, address);
}

static size_t
core_read(struct target *t, uint64_t address, void *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		struct rcgo_bytes b = bytes_at(t, address + done);
		size_t n = size - done < b.size ? size - done : b.size;

		if (n == 0) {
			break;
		}
		memcpy((char *)to + done, rcgo__bytes_read(b, 0, n).at, n);
		done += n;
	}
	return done;
}

static ssize_t
core_read_pieces(struct target *t, const struct iovec *local, const struct iovec *remote, size_t n)
{
	ssize_t done = 0;

	for (size_t i = 0; i < n; i++) {
		done += (ssize_t)core_read(t, (uint64_t)(uintptr_t)remote[i].iov_base,
			local[i].iov_base, local[i].iov_len);
	}
	return done;
}

static const struct target_ops core_ops = {core_read, core_read_pieces};

static int
by_address(const void *a, const void *b)
{
	const struct rcgo_segment *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static void
take_segments(struct target *t, struct core *c)
{
	struct rcgo_segment s;

	c->segment = xalloc((c->elf.segment_count + 1) * sizeof *c->segment);
	for (uint32_t i = 0; i < SEGMENTS_MAX && rcgo__elf_segment_at(&c->elf, i, &s); i++) {
		if (s.type == PT_LOAD) {
			c->segment[c->segments++] = s;
		} else if (s.type == PT_NOTE) {
			core_notes(t, rcgo__bytes_slice(c->elf.image, s.offset, s.file_size));
		}
	}
	qsort(c->segment, c->segments, sizeof *c->segment, by_address);
}

static int
by_start(const void *a, const void *b)
{
	const struct module *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void
add_vdso(struct target *t, const struct core *c)
{
	const struct rcgo_segment *s = c->vdso != 0 ? segment_at(c, c->vdso) : NULL;
	struct module *m;

	if (s == NULL) {
		return;
	}
	m = target_add_module(t, "[vdso]");
	m->start = m->first = c->vdso;
	m->end = s->address + s->memory_size;
}

// The build-id of the object as the core has it, which is in the object's first page.
static bool
same_build(struct target *t, const struct module *m)
{
	struct rcgo_bytes own = rcgo__elf_build_id(&m->elf), had;
	struct rcgo_elf elf;
	uint8_t *page = xalloc(4096);
	bool same = true;

	if (m->offset == 0 && segment_at(t->own, m->start) != NULL &&
		segment_at(t->own, m->start)->file_size >= 4096 &&
		target_read(t, m->start, page, 4096) &&
		rcgo__elf_from_memory(&elf, (struct rcgo_bytes){.at = page, .size = 4096}) == 0) {
		had = rcgo__elf_build_id(&elf);
		same = had.size == 0 || own.size == 0 || rcgo__bytes_equal(own, had);
	}
	free(page);
	return same;
}

static void
check_modules(struct target *t, const struct core *c)
{
	for (size_t i = 0; i < t->modules; i++) {
		struct module *m = &t->module[i];

		if (t->exe != NULL && c->phdr >= m->start && c->phdr < m->end) {
			m->file = xstrdup(t->exe);
		}
		if (!module_open(t, m) || strcmp(m->path, "[vdso]") == 0 || same_build(t, m)) {
			continue;
		}
		if (!t->force) {
			m->usable = false;
			warn(problem(fmt("%s is not the file that the core had mapped", m->file),
				"their build-ids differ, so names would be wrong",
				"name the right files with -e or -sysroot, or take -force"));
		}
	}
}

void
core_open(struct target *t, const char *path)
{
	struct core *c = xalloc(sizeof *c);
	int err = rcgo__elf_open(&c->elf, path);

	if (err != 0) {
		fail(fmt("cannot read %s: %s", path,
			     err == -ENOEXEC ? "it is no ELF file" : strerror(-err)),
			NULL, "rcgo stack wants a process's number or a core file");
	}
	if (c->elf.type != ET_CORE) {
		fail(fmt("%s is no core file", path), NULL, "start it, and give its number");
	}
	if (c->elf.machine != EM_X86_64) {
		fail(fmt("%s is the core of another processor's program", path),
			"this rcgo knows the stacks of amd64", NULL);
	}
	t->core = true;
	t->ops = &core_ops;
	t->own = c;
	t->machine = c->elf.machine;
	t->label = fmt("core %s", path);
	take_segments(t, c);
	add_vdso(t, c);
	if (t->modules == 0 && t->exe != NULL) {
		warn(problem("the core does not say which files were mapped", NULL, NULL));
	}
	if (t->modules > 0) {
		qsort(t->module, t->modules, sizeof *t->module, by_start);
	}
	check_modules(t, c);
	if (t->threads == 0) {
		fail(fmt("%s has no threads in it", path), "it may have been cut short", NULL);
	}
}
