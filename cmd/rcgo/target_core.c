// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: a core file. What the kernel left out, code above all, comes from the files that were
// mapped, whose build-ids must be those in the core.
#include "stack_target.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 100000

size_t
core_read(struct target *t, uint64_t address, void *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t n =
			rcgo_target_read(&t->from, address + done, (char *)to + done, size - done);
		struct module *m = n > 0 ? NULL : module_find(t, address + done);
		struct rcgo_bytes b = {0};

		if (m != NULL && strcmp(m->path, "[vdso]") != 0 && module_open(t, m)) {
			b = module_bytes(m, address + done);
		}
		if (n == 0 && b.size == 0) {
			break;
		}
		if (n == 0) {
			// The next page may be in the core again.
			n = 4096 - (size_t)((address + done) % 4096);
			n = n < b.size ? n : b.size;
			n = n < size - done ? n : size - done;
			memcpy((char *)to + done, rcgo__bytes_read(b, 0, n).at, n);
		}
		done += n;
	}
	return done;
}

static bool
take_thread(const struct rcgo_target_thread *from, void *arg)
{
	struct target *t = arg;
	struct thread *th;

	t->thread = realloc(t->thread, (t->threads + 1) * sizeof *t->thread);
	if (t->thread == NULL) {
		xalloc(SIZE_MAX);
	}
	th = &t->thread[t->threads++];
	*th = (struct thread){
		.tid = from->tid, .ns_tid = from->tid, .how = HOW_CORE, .blocked_ms = -1};
	th->regs.pc = from->pc;
	memcpy(th->regs.reg, from->reg, sizeof th->regs.reg);
	th->regs.known = from->known;
	th->syscall = (long)from->syscall;
	th->in_syscall = th->syscall >= 0;
	memcpy(th->args, from->args, sizeof th->args);
	return t->threads >= THREADS_MAX;
}

static char *
local_file(const struct target *t, const char *path)
{
	char *file = t->sysroot != NULL ? fmt("%s%s", t->sysroot, path) : xstrdup(path);

	return access(file, R_OK) == 0 ? file : NULL;
}

static bool
take_module(const struct rcgo_target_module *from, void *arg)
{
	struct target *t = arg;
	struct module *m = target_add_module(t, from->path);

	m->file = strcmp(from->path, "[vdso]") == 0 ? NULL : local_file(t, from->path);
	m->start = m->first = from->start;
	m->end = from->end;
	m->offset = from->offset;
	return false;
}

static int
by_start(const void *a, const void *b)
{
	const struct module *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

// The build-id of the object as the core has it, which is in the object's first page.
static bool
same_build(struct target *t, const struct module *m)
{
	struct rcgo_bytes own = rcgo__elf_build_id(&m->elf), had;
	struct rcgo_elf elf;
	uint8_t *page = xalloc(4096);
	bool same = true;

	if (m->offset == 0 && rcgo_target_read(&t->from, m->start, page, 4096) == 4096 &&
		rcgo__elf_from_memory(&elf, (struct rcgo_bytes){.at = page, .size = 4096}) == 0) {
		had = rcgo__elf_build_id(&elf);
		same = had.size == 0 || own.size == 0 || rcgo__bytes_equal(own, had);
	}
	free(page);
	return same;
}

static void
check_modules(struct target *t)
{
	uint64_t phdr;

	rcgo_target_auxv(&t->from, AT_PHDR, &phdr);
	for (size_t i = 0; i < t->modules; i++) {
		struct module *m = &t->module[i];

		if (t->exe != NULL && phdr >= m->start && phdr < m->end) {
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
	int err = rcgo_target_open_core(&t->from, path);

	if (err == -EINVAL) {
		fail(fmt("%s is no core file", path), NULL, "start it, and give its number");
	}
	if (err != 0 && err != -ENOTSUP) {
		fail(fmt("cannot read %s: %s", path,
			     err == -ENOEXEC ? "it is no ELF file" : strerror(-err)),
			NULL, "rcgo stack wants a process's number or a core file");
	}
	if (err != 0 || t->from.machine != EM_X86_64) {
		fail(fmt("%s is the core of another processor's program", path),
			"this rcgo knows the stacks of amd64", NULL);
	}
	t->core = true;
	t->machine = t->from.machine;
	t->label = fmt("core %s", path);
	rcgo_target_each_thread(&t->from, take_thread, t);
	rcgo_target_each_module(&t->from, take_module, t);
	if (t->modules == 0 && t->exe != NULL) {
		warn(problem("the core does not say which files were mapped", NULL, NULL));
	}
	if (t->modules > 0) {
		qsort(t->module, t->modules, sizeof *t->module, by_start);
	}
	check_modules(t);
	if (t->threads == 0) {
		fail(fmt("%s has no threads in it", path), "it may have been cut short", NULL);
	}
}
