// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: names for program counters, each computed once.
#include "stack.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols.h"

#define MEMORY ((size_t)4 << 30) // pages are taken as needed
#define CACHE ((size_t)64 << 20)
#define SLOTS 65536
#define NAMES_MAX 64

// Names that have been computed.
struct known {
	uint64_t pc;
	enum frame_lang lang;
	const struct module *module;
	size_t n;
	struct name *names;
	struct known *next;
};
static struct known *known[SLOTS]; // of the one process or core that rcgo looks at

void
names_open(struct stacks *s)
{
	int err = rcgo__arena_init(&s->t.arena, MEMORY);

	if (err == 0) {
		err = rcgo__object_memory_init(&s->t.names, &s->t.arena, CACHE);
	}
	if (err != 0) {
		fail(fmt("no memory for names: %s", strerror(-err)), NULL, NULL);
	}
}

// Names come from files that are not trusted, and are written to terminals.
const char *
clean_text(const char *s)
{
	char *copy;

	if (s == NULL) {
		return NULL;
	}
	copy = xstrdup(s);
	for (char *c = copy; *c != 0; c++) {
		*c = iscntrl((unsigned char)*c) ? '?' : *c;
	}
	return copy;
}

static bool
hidden_go(const char *name)
{
	static const char *const names[] = {"runtime.cgocall", "runtime.cgocallback",
		"runtime.cgocallbackg", "runtime.cgocallbackg1", "runtime.asmcgocall", "crosscall2",
		"runtime.systemstack_switch", "runtime.goexit", "runtime.asmcgocall_landingpad"};
	size_t n = strlen(name);

	n -= has_suffix(name, ".abi0") ? strlen(".abi0") : 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strncmp(name, names[i], n) == 0 && names[i][n] == 0) {
			return true;
		}
	}
	return has_prefix(name, "_cgoexp_");
}

static bool
hidden_c(const char *name)
{
	return (has_prefix(name, "_cgo_") && strstr(name, "_Cfunc_") != NULL) ||
	       has_prefix(name, "_cgoexp_");
}

static size_t
name_go(struct stacks *s, uint64_t pc, const struct module *m, struct name *names)
{
	struct go_line lines[NAMES_MAX];
	struct go_func f;
	size_t n;

	if (m != NULL ? !go_func_of(&s->go, m, pc, &f) : !go_func_at(&s->go, pc, &f)) {
		return 0;
	}
	n = go_lines(&f, pc, lines, NAMES_MAX);
	for (size_t i = 0; i < n; i++) {
		names[i] = (struct name){.function = clean_text(lines[i].function),
			.file = clean_text(lines[i].file),
			.line = lines[i].line,
			.module = f.table->module->path,
			.offset = pc - f.table->module->bias,
			.lang = FRAME_GO,
			.inlined = i + 1 < n,
			.hidden = hidden_go(lines[i].function)};
	}
	return n;
}

// Returns the directory of debug files in the target's root, if that is not rcgo's own root;
// otherwise "".
static const char *
other_root(const struct target *t)
{
	if (t->sysroot != NULL) {
		return fmt("%s/usr/lib/debug", t->sysroot);
	}
	return t->core || t->same_root || t->pid == 0
		       ? ""
		       : fmt("/proc/%d/root/usr/lib/debug", t->files);
}

// Finds the separate debug file, below the directory that the user named or in the
// target's own files.
static const char *
debug_file(const struct target *t, const struct module *m)
{
	uint8_t id[64];
	size_t n = module_build_id(m, id, sizeof id);
	char hex[2 * sizeof id + 1] = "";
	const char *directories[] = {t->debug != NULL ? t->debug : "", other_root(t)};
	char *path;

	for (size_t i = 0; i < n; i++) {
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	}
	if (n < 2) {
		return NULL;
	}
	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
		path = fmt("%s/.build-id/%.2s/%s.debug", directories[i], hex, hex + 2);
		if (directories[i][0] != 0 && access(path, R_OK) == 0) {
			return path;
		}
	}
	path = fmt("%s/%s.debug", directories[0], symbols_base_name(m->path));
	return t->debug != NULL && access(path, R_OK) == 0 ? path : NULL;
}

static struct rcgo_object *
object_of(struct target *t, struct module *m)
{
	struct rcgo_bytes none = {0};

	if (!m->object_tried && module_open(t, m)) {
		const char *vdso = strcmp(m->path, "[vdso]") == 0 && !t->core ? m->path : NULL;
		const char *debug = debug_file(t, m);
		const char *path = vdso != NULL ? vdso : m->file;

		m->object_tried = true;
		t->names_id += 2;
		if (debug == NULL ||
			rcgo__object_open_in(&t->names, debug, rcgo__elf_build_id(&m->elf),
				t->names_id, &m->object) != 0) {
			if (path == NULL || rcgo__object_open_in(&t->names, path, none, t->names_id,
						    &m->object) != 0) {
				m->object = NULL;
			}
		}
	}
	return m->object;
}

static const char *
demangled(const char *name)
{
	return name == NULL ? NULL : clean_text(symbols_demangle(name, false));
}

// Names code outside of ELF objects: that of a just-in-time compiler.
static bool
name_jit(struct stacks *s, uint64_t pc, struct name *name)
{
	uint64_t start;
	const char *function = jit_name(&s->t, pc, &start);

	if (function != NULL) {
		*name = (struct name){.function = clean_text(function),
			.module = "[jit]",
			.offset = pc - start,
			.lang = FRAME_C};
	}
	return function != NULL;
}

// Names code that has no symbol, as profiles of runtime/cgo do: one name for a function, which
// .eh_frame knows, and one for all code that was generated while the program ran.
static const char *
name_without_symbol(struct stacks *s, uint64_t pc, const struct module *m, uint64_t address)
{
	uint64_t start;
	uint8_t byte;

	if (m == NULL && target_read(&s->t, pc, &byte, sizeof byte)) {
		return "[JIT]";
	}
	if (m == NULL) {
		return fmt("0x%lx", (unsigned long)pc);
	}
	if (m->usable && rcgo__elf_function(&m->elf, address, &start)) {
		address = start;
	}
	return fmt("%s+0x%lx", symbols_base_name(clean_text(m->path)), (unsigned long)address);
}

static size_t
name_c(struct stacks *s, uint64_t pc, struct module *m, struct name *names)
{
	struct rcgo_frame frames[NAMES_MAX];
	struct rcgo_object *object = m != NULL ? object_of(&s->t, m) : NULL;
	uint64_t address = m != NULL && m->usable ? pc - m->bias : pc;
	size_t n = object != NULL ? rcgo__object_frames(object, address, frames, NAMES_MAX) : 0;

	for (size_t i = 0; i < n; i++) {
		names[i] = (struct name){.function = demangled(frames[i].function),
			.file = clean_text(frames[i].file),
			.line = frames[i].line,
			.lang = FRAME_C,
			.inlined = i + 1 < n,
			.hidden = frames[i].function != NULL && hidden_c(frames[i].function)};
	}
	if ((m == NULL || (!m->usable && n == 0)) && name_jit(s, pc, names)) {
		return 1;
	}
	n = n == 0 ? 1 : n;
	for (size_t i = 0; i < n; i++) {
		names[i].module = m != NULL ? clean_text(m->path) : NULL;
		names[i].offset = address;
		names[i].lang = FRAME_C;
		if (names[i].function == NULL) {
			names[i].function = name_without_symbol(s, pc, m, address);
		}
	}
	return n;
}

size_t
names_of(struct stacks *s, const struct frame *f, const struct name **names)
{
	struct known **slot = &known[fnv1a(FNV1A_START, &f->pc, sizeof f->pc) % SLOTS];
	struct name found[NAMES_MAX] = {{0}};
	struct known *k;

	for (k = *slot; k != NULL; k = k->next) {
		if (k->pc == f->pc && k->lang == f->lang && k->module == f->module) {
			*names = k->names;
			return k->n;
		}
	}
	k = xalloc(sizeof *k);
	*k = (struct known){.pc = f->pc, .lang = f->lang, .module = f->module, .next = *slot};
	k->n = f->lang == FRAME_GO ? name_go(s, f->pc, f->module, found)
				   : name_c(s, f->pc, f->module, found);
	k->names = xalloc((k->n + 1) * sizeof *k->names);
	memcpy(k->names, found, k->n * sizeof *k->names);
	*slot = k;
	*names = k->names;
	return k->n;
}
