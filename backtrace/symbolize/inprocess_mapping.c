// SPDX-License-Identifier: BSD-3-Clause
// Maps a program counter of this process to its module, and builds its fallback name. Runs on any
// stack, also in signal handlers.

#include <string.h>

#include "symbolizer_internal.h"

const char *
rcgo__inprocess_copy(struct rcgo_line_text *text, const char *s)
{
	size_t size = s == NULL ? 0 : strlen(s) + 1;
	size_t room = text->size - text->used;
	char *at = text->at + text->used;

	if (size > room) {
		size = room;
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
rcgo__inprocess_find(uintptr_t pc, struct rcgo_inprocess_mapping *place)
{
	place->edition = rcgo__generation_untag(&pc);
	place->pc = pc;
	place->generated = rcgo__generation_is_jit(place->edition);
	if (place->edition == NULL || place->generated) {
		place->edition = NULL;
		place->known = rcgo__module_find(pc, &place->module);
		place->generated = place->generated && !place->known;
		return;
	}
	place->module = place->edition->module;
	place->known = place->edition->path[0] != 0;
}

bool
rcgo__inprocess_is_code(struct rcgo_inprocess *here, struct rcgo_inprocess_mapping *place)
{
	uintptr_t start = 0, end = 0;

	// A tagged program counter was code when it was sampled.
	if (place->known || place->edition != NULL || place->generated) {
		return true;
	}
	if (here != NULL &&
		place->pc - here->generated_start < here->generated_end - here->generated_start) {
		place->generated = true;
		return true;
	}
	switch (rcgo__module_code(place->pc, &start, &end)) {
	case RCGO_CODE_NONE:
		return false;
	case RCGO_CODE_GENERATED:
		place->generated = true;
		if (here != NULL) {
			here->generated_start = start;
			here->generated_end = end;
		}
		return true;
	default:
		return true;
	}
}

bool
rcgo__inprocess_name(const struct rcgo_inprocess_mapping *place, char *path, size_t cap)
{
	if (place->edition == NULL) {
		return rcgo__module_name(&place->module, path, cap);
	}
	if (cap > sizeof place->edition->path) {
		cap = sizeof place->edition->path;
	}
	memcpy(path, place->edition->path, cap);
	path[cap - 1] = 0;
	return path[0] != 0;
}

// Longer paths are truncated, because this buffer is on the stack.
#define FALLBACK_PATH 768

void
rcgo__inprocess_fallback(const struct rcgo_inprocess_mapping *place, struct rcgo_frame *frame,
	struct rcgo_line_text *text)
{
	static const char digits[] = "0123456789abcdef";
	char name[FALLBACK_PATH + 24];
	uintptr_t number = place->pc - (place->known ? place->module.bias : 0);
	size_t n = 0;
	int shift = (int)sizeof number * 8 - 4;

	*frame = (struct rcgo_frame){0};
	if (place->generated) {
		frame->function = rcgo__inprocess_copy(text, "[JIT]");
		return;
	}
	if (place->known && rcgo__inprocess_name(place, name, FALLBACK_PATH)) {
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
