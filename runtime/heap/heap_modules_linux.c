// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: records the addresses of the code of objects, for readers of the tables
// after the process has ended or has unloaded the object. Runs wherever C code allocates, but
// only for new stacks.
// Contract: proc(5), the lines of /proc/self/maps.

//rcgo:small

#include <string.h>

#include "heap_record.h"
#include "module.h"
#include "strbuf.h"

#define PAGE_BYTES 4096

static struct rcgo_heap_module *
modules(const struct rcgo_heap_control *control)
{
	return (struct rcgo_heap_module *)(void *)((char *)control->header +
						   control->header->modules);
}

uint64_t
rcgo__heap_module_key(struct rcgo_module *module, uintptr_t pc)
{
	if (pc - module->start >= module->end - module->start && !rcgo__module_find(pc, module)) {
		*module = (struct rcgo_module){0};
	}
	return module->nodelete ? 0 : module->key;
}

// Returns the last note that overlaps a range, or NULL.
static const struct rcgo_heap_module *
last_note(const struct rcgo_heap_control *control, uint64_t start, uint64_t end)
{
	const struct rcgo_heap_module *module = modules(control);

	for (uint64_t i = rcgo_load_acq(&control->header->modules_used); i > 0; i--) {
		if (start < module[i - 1].end && module[i - 1].start < end) {
			return &module[i - 1];
		}
	}
	return NULL;
}

// Returns whether the last note of a program counter is of the object that is there now.
static bool
is_noted(const struct rcgo_heap_control *control, struct rcgo_module *now, uintptr_t pc)
{
	const struct rcgo_heap_module *note = last_note(control, pc, pc + 1);

	return note != NULL && note->key == rcgo__heap_module_key(now, pc);
}

// Adds a module unless the last note of its addresses is the same. The lock is held.
static void
add_module(struct rcgo_heap_control *control, const struct rcgo_heap_module *new, const char *path)
{
	struct rcgo_heap_header *header = control->header;
	const struct rcgo_heap_module *last = last_note(control, new->start, new->end);
	struct rcgo_heap_module *module = modules(control);
	char *text = (char *)header + header->text;
	uint64_t n = header->modules_used, size = strlen(path) + 1;

	if (last != NULL && last->start == new->start && last->end == new->end &&
		last->key == new->key &&strcmp(text + last->path, path) == 0) {
		return;
	}
	if (n == RCGO_HEAP_MODULES || header->text_used + size > RCGO_HEAP_TEXT ||
		!rcgo__heap_has_room(control, &module[n], sizeof *module) ||
		!rcgo__heap_has_room(control, text + header->text_used, size)) {
		return;
	}
	module[n] = *new;
	module[n].path = header->text_used;
	memcpy(text + header->text_used, path, size);
	header->text_used += size;
	rcgo_store_rel(&header->modules_used, n + 1);
}

// Skips a word of a line and the spaces after it.
static const char *
skip_word(const char *s)
{
	while (*s != 0 && *s != ' ') {
		s++;
	}
	while (*s == ' ') {
		s++;
	}
	return s;
}

// The program counters whose objects are to be noted.
struct wanted {
	struct rcgo_heap_control *control;
	const uintptr_t *pcs;
	size_t n;
};

static bool
is_wanted(const struct wanted *wanted, const struct rcgo_heap_module *module)
{
	for (size_t i = 0; i < wanted->n; i++) {
		if (wanted->pcs[i] >= module->start && wanted->pcs[i] < module->end) {
			return true;
		}
	}
	return false;
}

// A line is: start-end rights offset device inode path. The code of other objects is not read:
// another thread may unload them meanwhile.
static bool
note_line(const char *line, void *arg)
{
	const struct wanted *wanted = arg;
	struct rcgo_heap_module new;
	struct rcgo_module now = {0};
	const char *rights;

	if (rcgo__parse_hex(&line, &new.start) != 0 || *line++ != '-' ||
		rcgo__parse_hex(&line, &new.end) != 0 || *line++ != ' ') {
		return false;
	}
	rights = line;
	line = skip_word(line);
	if (rights[0] == 0 || rights[1] == 0 || rights[2] != 'x' || !is_wanted(wanted, &new) ||
		rcgo__parse_hex(&line, &new.offset) != 0) {
		return false;
	}
	new.key = rcgo__heap_module_key(&now, new.start);
	add_module(wanted->control, &new, skip_word(skip_word(skip_word(line))));
	return false;
}

uint16_t
rcgo__heap_modules_note(struct rcgo_heap_control *control, const uintptr_t *pcs, size_t n)
{
	struct wanted wanted = {.control = control, .pcs = pcs, .n = n};
	struct rcgo_module now = {0};
	uintptr_t unknown = 0;

	for (size_t i = 0; i < n && unknown == 0; i++) {
		unknown = is_noted(control, &now, pcs[i]) ? 0 : pcs[i];
	}
	if (unknown != 0 && rcgo__heap_lock(&control->module_lock)) {
		rcgo__file_each_line("/proc/self/maps", note_line, &wanted);
		// Keeps the next stack with such a pc from reading the file again.
		for (size_t i = 0; i < n; i++) {
			if (!is_noted(control, &now, pcs[i])) {
				struct rcgo_heap_module none = {
					.start = pcs[i] & ~(uintptr_t)(PAGE_BYTES - 1)};

				none.end = none.start + PAGE_BYTES;
				none.key = rcgo__heap_module_key(&now, pcs[i]);
				add_module(control, &none, "");
			}
		}
		rcgo__heap_unlock(&control->module_lock);
	}
	return (uint16_t)rcgo_load_acq(&control->header->modules_used);
}
