// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the notes of a core file. Contract: core(5), elf(5), the kernel's fs/binfmt_elf.c
#include "target_core.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <unistd.h>

#define FILES_MAX 100000
#define THREADS_MAX 100000
#define NOTE_FILE 0x46494c45

static void
take_thread(struct target *t, struct rcgo_bytes b)
{
	struct elf_prstatus p;
	const elf_greg_t *r = p.pr_reg; // r15 … in the order of struct user_regs_struct
	struct thread *th;

	if (b.size < sizeof p || t->threads >= THREADS_MAX) {
		return;
	}
	memcpy(&p, b.at, sizeof p);
	t->thread = realloc(t->thread, (t->threads + 1) * sizeof *t->thread);
	if (t->thread == NULL) {
		xalloc(SIZE_MAX);
	}
	th = &t->thread[t->threads++];
	*th = (struct thread){
		.tid = p.pr_pid, .ns_tid = p.pr_pid, .how = HOW_CORE, .blocked_ms = -1};
	th->regs = (struct rcgo_frame_regs){.pc = r[16],
		.reg = {r[10], r[12], r[11], r[5], r[13], r[14], r[4], r[19], r[9], r[8], r[7],
			r[6], r[3], r[2], r[1], r[0], r[16]},
		.known = ~(uint64_t)0 >> (64 - RCGO_DW_REGS)};
	th->syscall = (long)r[15];
	th->in_syscall = th->syscall >= 0;
	th->args[0] = r[14];
	th->args[1] = r[13];
	th->args[2] = r[12];
}

static void
take_auxv(struct core *c, struct rcgo_bytes b)
{
	for (size_t i = 0; i + 16 <= b.size; i += 16) {
		uint64_t type = rcgo__get64(b.at + i, false);
		uint64_t value = rcgo__get64(b.at + i + 8, false);

		c->phdr = type == AT_PHDR ? value : c->phdr;
		c->vdso = type == AT_SYSINFO_EHDR ? value : c->vdso;
	}
}

static char *
local_file(const struct target *t, const char *path)
{
	char *file = t->sysroot != NULL ? fmt("%s%s", t->sysroot, path) : xstrdup(path);

	return access(file, R_OK) == 0 ? file : NULL;
}

// The mapped files: how many, the size of a page, then start, end and offset in pages of each, then
// their names.
static void
take_files(struct target *t, struct rcgo_bytes b)
{
	uint64_t n = b.size >= 16 ? rcgo__get64(b.at, false) : 0;
	uint64_t page = n > 0 ? rcgo__get64(b.at + 8, false) : 0;
	size_t name = 16 + 24 * (size_t)n;

	if (n > FILES_MAX || name > b.size) {
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const uint8_t *at = b.at + 16 + 24 * i;
		const char *path = rcgo__bytes_string(b, name);
		struct module *last = t->modules > 0 ? &t->module[t->modules - 1] : NULL;
		uint64_t start = rcgo__get64(at, false);
		uint64_t end = rcgo__get64(at + 8, false);
		uint64_t offset = rcgo__get64(at + 16, false) * page;

		if (path == NULL) {
			return;
		}
		name += strlen(path) + 1;
		if (last != NULL && strcmp(last->path, path) == 0 && offset > last->offset) {
			last->end = end;
			continue;
		}
		last = target_add_module(t, path);
		last->file = local_file(t, path);
		last->start = last->first = start;
		last->end = end;
		last->offset = offset;
	}
}

static void
take_note(struct target *t, uint32_t type, struct rcgo_bytes b)
{
	switch (type) {
	case NT_PRSTATUS:
		take_thread(t, b);
		break;
	case NT_AUXV:
		take_auxv(t->own, b);
		break;
	case NOTE_FILE:
		take_files(t, b);
		break;
	default:
		break;
	}
}

void
core_notes(struct target *t, struct rcgo_bytes b)
{
	rcgo__bytes_load(b);
	for (size_t at = 0; at + 12 <= b.size;) {
		size_t name = ((size_t)rcgo__get32(b.at + at, false) + 3) & ~(size_t)3;
		size_t size = rcgo__get32(b.at + at + 4, false);
		uint32_t type = rcgo__get32(b.at + at + 8, false);

		at += 12;
		if (name > b.size - at || size > b.size - at - name) {
			break;
		}
		take_note(t, type, (struct rcgo_bytes){.at = b.at + at + name, .size = size});
		at += name + ((size + 3) & ~(size_t)3);
	}
}
