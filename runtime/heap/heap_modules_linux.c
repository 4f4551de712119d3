// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: notes which object's code lies where, for readers of the tables after the process
// has ended or has unloaded the object. Runs wherever C code allocates, but only for new stacks.
// Contract: proc(5), the lines of /proc/self/maps.

//rcgo:small

#include <string.h>

#include "heap_record.h"
#include "strbuf.h"

#define PAGE_BYTES 4096

static struct rcgo_heap_module *
modules(const struct rcgo_heap_control *control)
{
	return (struct rcgo_heap_module *)(void *)((char *)control->header +
						   control->header->modules);
}

static bool
is_noted(const struct rcgo_heap_control *control, uintptr_t pc)
{
	const struct rcgo_heap_module *module = modules(control);

	for (uint64_t i = rcgo_load_acq(&control->header->modules_used); i > 0; i--) {
		if (pc - module[i - 1].start < module[i - 1].end - module[i - 1].start) {
			return true;
		}
	}
	return false;
}

// Adds a module unless there is the same one. The lock is held.
static void
add_module(const struct rcgo_heap_control *control, const struct rcgo_heap_module *new,
	const char *path)
{
	struct rcgo_heap_header *header = control->header;
	struct rcgo_heap_module *module = modules(control);
	char *text = (char *)header + header->text;
	uint64_t n = header->modules_used, size = strlen(path) + 1;

	for (uint64_t i = n; i > 0; i--) {
		if (module[i - 1].start == new->start &&
			module[i - 1].end == new->end &&module[i - 1].offset ==
				new->offset &&strcmp(text + module[i - 1].path, path) == 0) {
			return;
		}
	}
	if (n == RCGO_HEAP_MODULES || header->text_used + size > RCGO_HEAP_TEXT) {
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

// A line is: start-end rights offset device inode path.
static bool
note_line(const char *line, void *arg)
{
	struct rcgo_heap_module new;
	const char *rights;

	if (rcgo__parse_hex(&line, &new.start) != 0 || *line++ != '-' ||
		rcgo__parse_hex(&line, &new.end) != 0 || *line++ != ' ') {
		return false;
	}
	rights = line;
	line = skip_word(line);
	if (rights[0] == 0 || rights[1] == 0 || rights[2] != 'x' ||
		rcgo__parse_hex(&line, &new.offset) != 0) {
		return false;
	}
	add_module(arg, &new, skip_word(skip_word(skip_word(line))));
	return false;
}

void
rcgo__heap_modules_note(struct rcgo_heap_control *control, const uintptr_t *pcs, size_t n)
{
	uintptr_t unknown = 0;

	for (size_t i = 0; i < n && unknown == 0; i++) {
		unknown = is_noted(control, pcs[i]) ? 0 : pcs[i];
	}
	if (unknown == 0 || !rcgo__heap_lock(&control->module_lock)) {
		return;
	}
	rcgo__file_each_line("/proc/self/maps", note_line, control);
	// Keeps the next stack with such a pc from reading the file again.
	for (size_t i = 0; i < n; i++) {
		if (!is_noted(control, pcs[i])) {
			struct rcgo_heap_module none = {
				.start = pcs[i] & ~(uintptr_t)(PAGE_BYTES - 1)};

			none.end = none.start + PAGE_BYTES;
			add_module(control, &none, "");
		}
	}
	rcgo__heap_unlock(&control->module_lock);
}
