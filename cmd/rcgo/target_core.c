// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: a core file. Memory that the kernel left out, mainly code, is read from the files
// that were mapped. Their build-ids must equal those in the core.
#include "stack.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// From linux/auxvec.h: the entry with the path of the program.
#define LINUX_AT_EXECFN 31

#define THREADS_MAX 100000
#define LINKS_MAX 10000

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
		.tid = from->tid, .ns_tid = from->tid, .read = READ_CORE, .blocked_ms = -1};
	th->pc = from->pc;
	th->sp = from->reg[t->machine == EM_AARCH64 ? 31 : 7];
	memcpy(th->reg, from->reg, sizeof th->reg);
	th->known = from->known;
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

// Reads the build-id of an object from the core, which has the object's first page.
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

// Reads a string of the core to to[0..size).
static bool
core_string(struct target *t, uint64_t address, char *to, size_t size)
{
	size_t n = rcgo_target_read(&t->from, address, to, size - 1);

	to[n] = 0;
	return n > 0 && to[0] != 0;
}

// Adds an object of a core that does not list its files, by the file's own segments. bias is its
// load bias; if it is NULL, the address of the program headers determines it. Returns the address
// of its dynamic section, or 0.
static uint64_t
add_by_file(
	struct target *t, const char *path, const char *file, const uint64_t *bias, uint64_t phdr)
{
	struct rcgo_segment s;
	struct rcgo_elf elf;
	struct module *m;
	uint64_t lo = UINT64_MAX, hi = 0, offset = 0, headers = 0, dynamic = 0, by;

	if (file == NULL || rcgo__elf_open(&elf, file) != 0) {
		return 0;
	}
	for (uint32_t i = 0; rcgo__elf_segment_at(&elf, i, &s); i++) {
		if (s.type == PT_LOAD && s.address < lo) {
			lo = s.address & ~(uint64_t)4095;
			offset = s.offset & ~(uint64_t)4095;
			headers =
				headers == 0 ? s.address - s.offset + sizeof(Elf64_Ehdr) : headers;
		}
		hi = s.type == PT_LOAD && s.address + s.memory_size > hi ? s.address + s.memory_size
									 : hi;
		headers = s.type == PT_PHDR ? s.address : headers;
		dynamic = s.type == PT_DYNAMIC ? s.address : dynamic;
	}
	rcgo__elf_close(&elf);
	if (lo >= hi) {
		return 0;
	}
	by = bias != NULL ? *bias : phdr - headers;
	m = target_add_module(t, path);
	m->file = xstrdup(file);
	m->start = m->first = lo + by;
	m->end = hi + by;
	m->offset = offset;
	return dynamic != 0 ? dynamic + by : 0;
}

// Reads the dynamic linker's list of objects, from the program's dynamic section.
static void
add_by_links(struct target *t, uint64_t dynamic)
{
	uint64_t entry[2], link[4] = {0}, debug[2] = {0};
	char path[4096];

	for (unsigned i = 0; i < 1000 && debug[0] == 0; i++) {
		if (rcgo_target_read(&t->from, dynamic + 16 * (uint64_t)i, entry, 16) != 16 ||
			entry[0] == DT_NULL) {
			return;
		}
		debug[0] = entry[0] == DT_DEBUG ? entry[1] : 0;
	}
	// struct r_debug: a version, and the first struct link_map: l_addr, l_name, l_ld, l_next.
	if (rcgo_target_read(&t->from, debug[0], debug, sizeof debug) != sizeof debug) {
		return;
	}
	link[3] = debug[1];
	for (unsigned i = 0; i < LINKS_MAX && link[3] != 0; i++) {
		if (rcgo_target_read(&t->from, link[3], link, sizeof link) != sizeof link) {
			return;
		}
		// The program itself has no name, and the vDSO no file.
		if (core_string(t, link[1], path, sizeof path) && path[0] == '/') {
			add_by_file(t, path, local_file(t, path), &link[0], 0);
		}
	}
}

// qemu's cores have no list of mapped files. The program is the one that the user named, or the one
// in the auxiliary vector.
static void
add_without_list(struct target *t)
{
	uint64_t name = 0, phdr = 0, dynamic;
	char path[4096] = "";

	rcgo_target_auxv(&t->from, AT_PHDR, &phdr);
	if (rcgo_target_auxv(&t->from, LINUX_AT_EXECFN, &name)) {
		core_string(t, name, path, sizeof path);
	}
	dynamic = add_by_file(t, path[0] != 0 ? path : "program",
		t->exe != NULL ? t->exe : local_file(t, path), NULL, phdr);
	if (dynamic != 0) {
		add_by_links(t, dynamic);
	}
	if (t->modules == 0) {
		warn(problem("the core does not say which files were mapped", NULL,
			"name the program with -e, and the directory of its libraries with "
			"-sysroot"));
	}
}

// Returns whether the core lists a mapped file. The vDSO is listed too, but is not one.
static bool
lists_files(const struct target *t)
{
	for (size_t i = 0; i < t->modules; i++) {
		if (strcmp(t->module[i]->path, "[vdso]") != 0) {
			return true;
		}
	}
	return false;
}

static void
check_modules(struct target *t)
{
	uint64_t phdr;

	rcgo_target_auxv(&t->from, AT_PHDR, &phdr);
	for (size_t i = 0; i < t->modules; i++) {
		struct module *m = t->module[i];

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

// The kernel cuts a core at the limit of its size, or where the disk is full.
static void
warn_if_cut(const char *path)
{
	struct rcgo_segment s;
	struct rcgo_elf elf;
	uint64_t end = 0;

	if (rcgo__elf_open(&elf, path) != 0) {
		return;
	}
	for (uint32_t i = 0; rcgo__elf_segment_at(&elf, i, &s); i++) {
		if (s.offset < UINT64_MAX - s.file_size && s.offset + s.file_size > end) {
			end = s.offset + s.file_size;
		}
	}
	if (end > elf.image.size) {
		warn(problem(fmt("the core is cut short: it has %.1f of %.1f MB",
				     (double)elf.image.size / 1e6, (double)end / 1e6),
			"memory is missing, so stacks and goroutines may be",
			"let the program write it again after `ulimit -c unlimited`"));
	}
	rcgo__elf_close(&elf);
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
	t->walker = err == 0 ? walker_of(t->from.machine) : NULL;
	if (t->walker == NULL) {
		fail(fmt("%s is the core of another processor's program", path),
			"rcgo knows the stacks of amd64 and arm64", NULL);
	}
	warn_if_cut(path);
	t->core = true;
	t->machine = t->from.machine;
	t->label = fmt("core %s", path);
	rcgo_target_each_thread(&t->from, take_thread, t);
	rcgo_target_each_module(&t->from, take_module, t);
	if (!lists_files(t)) {
		add_without_list(t);
	}
	target_sort_modules(t);
	check_modules(t);
	if (t->threads == 0) {
		fail(fmt("%s has no threads in it", path), "it may have been cut short", NULL);
	}
}
