// SPDX-License-Identifier: BSD-3-Clause
// rcgo heap: names for the program counters of the tables. The process may have ended: its code
// comes from the files that it had loaded, and Go's moduledata from the tables.
#include "heap.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols.h"

// Copies the part of [address, address + size) that is in a saved moduledata.
static void
lay_moduledata(const struct rcgo_heap_go_module *saved, uint64_t address, uint8_t *to, size_t size)
{
	for (size_t i = 0; i < sizeof saved->bytes && saved->address != 0; i++) {
		if (saved->address + i - address < size) {
			to[saved->address + i - address] = saved->bytes[i];
		}
	}
}

static size_t
read_files(struct target *t, uint64_t address, void *to, size_t size)
{
	const struct heap *h = t->own;
	size_t got = 0;

	for (size_t i = 0; i < t->modules && got == 0; i++) {
		struct rcgo_bytes b = module_bytes(t->module[i], address);

		got = b.size < size ? b.size : size;
		if (got > 0) {
			memcpy(to, b.at, got);
		}
	}
	for (size_t i = 0; i < RCGO_HEAP_GO_MODULES; i++) {
		lay_moduledata(&h->header.go_module[i], address, to, got);
	}
	return got;
}

static bool
overlaps(const struct target *t, const struct rcgo_heap_module *m)
{
	for (size_t i = 0; i < t->modules; i++) {
		if (m->start < t->module[i]->end && t->module[i]->start < m->end) {
			return true;
		}
	}
	return false;
}

// The address range to which code is moved that was unloaded before other code was loaded
// at its addresses.
#define ELSEWHERE ((uint64_t)1 << 62)
#define ELSEWHERE_EACH ((uint64_t)1 << 40)

// Says if a file is newer than the process: it may have been built again, and then has other names.
static void
warn_if_newer(const struct heap *h, const char *path)
{
	struct stat info;

	if (stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_mtime >= 0 &&
		(uint64_t)info.st_mtime > h->header.started) {
		fprintf(stderr,
			"rcgo: %s is newer than the process of this profile; its names and lines "
			"may be wrong\n",
			path);
	}
}

static void
add_modules(struct heap *h)
{
	struct target *t = &h->s.t;

	h->moved = xalloc((size_t)(h->header.modules_used + 1) * sizeof *h->moved);
	// If two modules overlap, the later one keeps its addresses.
	for (uint64_t i = h->header.modules_used; i > 0; i--) {
		const struct rcgo_heap_module *from = &h->module[i - 1];
		const char *path = h->text + from->path;
		struct module *m;

		if (path[0] != '/') {
			continue;
		}
		h->moved[i - 1] =
			overlaps(t, from) ? ELSEWHERE + i * ELSEWHERE_EACH - from->start : 0;
		m = target_add_module(t, path);
		m->file = xstrdup(path);
		if (h->running && access(path, R_OK) != 0) {
			m->file = fmt("/proc/%d/root%s", (int)h->header.pid, path);
		}
		if (h->moved[i - 1] == 0) {
			warn_if_newer(h, m->file);
		}
		m->start = m->first = from->start + h->moved[i - 1];
		m->end = from->end + h->moved[i - 1];
		m->offset = from->offset;
	}
	target_sort_modules(t);
	for (size_t i = 0; i < t->modules; i++) {
		module_open(t, t->module[i]);
	}
}

// Returns the address of a stack's program counter of C, as add_modules places the object that was
// there when the stack was recorded.
static uint64_t
placed(const struct heap *h, const struct rcgo_heap_stack *stack, uint64_t pc)
{
	for (uint64_t i = stack->modules; i > 0; i--) {
		if (pc - h->module[i - 1].start < h->module[i - 1].end - h->module[i - 1].start) {
			return pc + h->moved[i - 1];
		}
	}
	return pc;
}

void
heap_names(struct heap *h)
{
	struct target *t = &h->s.t;

	t->read = read_files;
	t->own = h;
	t->label = "heap profile";
#ifdef __x86_64__
	t->machine = EM_X86_64;
#else
	t->machine = EM_AARCH64;
#endif
	names_open(&h->s);
	add_modules(h);
	go_find(t, &h->s.go);
}

// Returns whether pc is the entry of a function of Go's runtime between C and Go. The tables have
// it in the place of a return address: Go 1.19 keeps the entry of systemstack_switch as
// the position at which the goroutine called C.
static bool
is_hidden_entry(struct heap *h, uint64_t pc)
{
	struct frame frame = {.pc = pc, .lang = FRAME_GO, .module = module_find(&h->s.t, pc)};
	const struct name *names;
	size_t n = names_of(&h->s, &frame, &names);

	return n > 0 && names[0].hidden;
}

const struct stack *
heap_frames(struct heap *h, size_t number)
{
	const struct rcgo_heap_stack *from = &h->stack[number];
	size_t n = (size_t)from->c + from->go;
	struct stack *stack = xalloc(sizeof *stack + (n + 1) * sizeof stack->frame[0]);

	for (size_t i = 0; i < n; i++) {
		uint64_t pc = h->word[from->at + i];
		bool go = i >= from->c;

		// Other program counters of Go are return addresses.
		if (go && (i > from->c || !is_hidden_entry(h, pc))) {
			pc--;
		}
		stack->frame[i].pc = go ? pc : placed(h, from, pc);
		stack->frame[i].lang = go ? FRAME_GO : FRAME_C;
		stack->frame[i].module = module_find(&h->s.t, stack->frame[i].pc);
	}
	stack->n = n;
	return stack;
}

static bool
is_system(const char *library)
{
	static const char *const prefixes[] = {
		"libc.", "libc-", "ld-", "libstdc++", "libc++", "libgcc_s", "libpthread", "libm."};

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		if (has_prefix(library, prefixes[i])) {
			return true;
		}
	}
	return false;
}

const char *
heap_library(struct heap *h, size_t number)
{
	const struct rcgo_heap_stack *from = &h->stack[number];
	const char *library = "unknown";

	for (size_t i = 0; i < from->c; i++) {
		const struct module *m =
			module_find(&h->s.t, placed(h, from, h->word[from->at + i]));

		if (m != NULL) {
			library = symbols_base_name(m->path);
			if (!is_system(library)) {
				break;
			}
		}
	}
	return library;
}
