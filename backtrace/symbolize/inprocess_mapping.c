// SPDX-License-Identifier: BSD-3-Clause
// Maps a program counter of this process to its module, and builds its fallback name. Runs on any
// stack, also in signal handlers.

#include <string.h>

#include "symbolizer_internal.h"

const char *
rcgo__inprocess_copy(struct rcgo_line_text *text, const char *s)
{
	size_t size = s == NULL ? 0 : strlen(s) + 1;
	size_t space = text->size - text->used;
	char *at = text->at + text->used;

	if (size > space) {
		size = space;
	}
	if (size == 0) {
		return NULL;
	}
	memcpy(at, s, size - 1);
	at[size - 1] = 0;
	text->used += size;
	return at;
}

void
rcgo__inprocess_find(uintptr_t pc, struct rcgo_inprocess_mapping *mapping)
{
	mapping->generation = rcgo__generation_untag(&pc);
	mapping->pc = pc;
	mapping->generated = rcgo__generation_is_jit(mapping->generation);
	if (mapping->generation == NULL || mapping->generated) {
		mapping->generation = NULL;
		mapping->known = rcgo__module_find(pc, &mapping->module);
		mapping->generated = mapping->generated && !mapping->known;
		return;
	}
	mapping->module = mapping->generation->module;
	mapping->known = mapping->generation->path[0] != 0;
}

bool
rcgo__inprocess_is_code(struct rcgo_inprocess *inprocess, struct rcgo_inprocess_mapping *mapping)
{
	uintptr_t start = 0, end = 0;

	// A tagged program counter was code when it was sampled.
	if (mapping->known || mapping->generation != NULL || mapping->generated) {
		return true;
	}
	if (inprocess != NULL && mapping->pc - inprocess->generated_start <
					 inprocess->generated_end - inprocess->generated_start) {
		mapping->generated = true;
		return true;
	}
	switch (rcgo__module_code(mapping->pc, &start, &end)) {
	case RCGO_CODE_NONE:
		return false;
	case RCGO_CODE_GENERATED:
		mapping->generated = true;
		if (inprocess != NULL) {
			inprocess->generated_start = start;
			inprocess->generated_end = end;
		}
		return true;
	default:
		return true;
	}
}

bool
rcgo__inprocess_name(const struct rcgo_inprocess_mapping *mapping, char *path, size_t cap)
{
	if (mapping->generation == NULL) {
		return rcgo__module_name(&mapping->module, path, cap);
	}
	if (cap > sizeof mapping->generation->path) {
		cap = sizeof mapping->generation->path;
	}
	memcpy(path, mapping->generation->path, cap);
	path[cap - 1] = 0;
	return path[0] != 0;
}

// Longer paths are truncated, because this buffer is on the stack.
#define FALLBACK_PATH 768

void
rcgo__inprocess_fallback(const struct rcgo_inprocess_mapping *mapping, struct rcgo_frame *frame,
	struct rcgo_line_text *text)
{
	static const char digits[] = "0123456789abcdef";
	char name[FALLBACK_PATH + 24];
	uintptr_t number = mapping->pc - (mapping->known ? mapping->module.bias : 0);
	size_t n = 0;
	int shift = (int)sizeof number * 8 - 4;

	*frame = (struct rcgo_frame){0};
	if (mapping->generated) {
		frame->function = rcgo__inprocess_copy(text, "[JIT]");
		return;
	}
	if (mapping->known && rcgo__inprocess_name(mapping, name, FALLBACK_PATH)) {
		const char *base = strrchr(name, '/');

		frame->file = rcgo__inprocess_copy(text, name);
		base = base == NULL || base[1] == 0 ? name : base + 1;
		n = strlen(base);
		memmove(name, base, n);
		name[n++] = '+';
	}
	name[n++] = '0';
	name[n++] = 'x';
	while (shift > 0 && number >> shift == 0) {
		shift -= 4;
	}
	for (; shift >= 0; shift -= 4) {
		name[n++] = digits[number >> shift & 15];
	}
	name[n] = 0;
	frame->function = rcgo__inprocess_copy(text, name);
}
