// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: which functions hold an address, by a walk for that address alone, or from
// what one walk over the whole unit has left in the cache. Runs on any stack.

#include "rcgo_dwarf_scope.h"

#include <string.h>

// A unit whose scopes did not fit is remembered by a block that says so.
#define SCOPES_TOO_MANY UINT32_MAX

static struct rcgo_scope_walk *
scopes_walk_make(struct rcgo_unit *unit, uint64_t address, bool all)
{
	struct rcgo_arena *scratch = &unit->dwarf->memory->scratch;
	struct rcgo_bytes info = rcgo__dwarf_section(unit->dwarf, RCGO_DW_INFO);
	uint64_t bytes = unit->end - unit->first;
	struct rcgo_scope_walk *w = rcgo__arena_alloc(scratch, sizeof *w);
	struct rcgo_scopes *head;

	if (w == NULL || !rcgo__unit_abbrevs(unit)) {
		return NULL;
	}
	memset(w, 0, sizeof *w);
	w->unit = unit;
	w->info = info.at;
	w->address = address;
	w->all = all;
	w->c = rcgo__reader_make(rcgo__bytes_slice(info, unit->first, bytes), unit->encoding.big);
	w->below = UINT32_MAX;
	w->current = RCGO_SCOPE_NONE;
	w->inner = RCGO_SCOPE_NONE;
	w->found = UINT32_MAX;
	// An entry with code takes some bytes. Pages of arenas that are not touched cost nothing.
	w->scope_room = all ? (uint32_t)(bytes / 8) + 16 : 512;
	w->span_room = all ? (uint32_t)(bytes / 4) + 1024 : 0;
	head = rcgo__arena_alloc(scratch, sizeof *head + w->scope_room * sizeof(struct rcgo_scope));
	w->spans = rcgo__arena_alloc(scratch, w->span_room * sizeof(struct rcgo_span));
	if (head == NULL || w->spans == NULL) {
		return NULL;
	}
	*head = (struct rcgo_scopes){0};
	w->scopes = rcgo__scopes_all(head);
	return w;
}

static struct rcgo_scopes *
scopes_head(struct rcgo_scope_walk *w)
{
	struct rcgo_scopes *head = (struct rcgo_scopes *)(void *)w->scopes - 1;

	head->count = w->scope_count;
	return head;
}

// The scopes that hold address alone.
static uint32_t
scopes_one(struct rcgo_unit *unit, uint64_t address, struct rcgo_scopes **scopes)
{
	struct rcgo_arena *scratch = &unit->dwarf->memory->scratch;
	size_t mark = rcgo__arena_mark(scratch);

	for (int careful = 0; careful < 2; careful++) {
		struct rcgo_scope_walk *w = scopes_walk_make(unit, address, false);

		if (w == NULL) {
			return RCGO_SCOPE_NONE;
		}
		w->careful = careful != 0;
		rcgo__scope_walk(w);
		if (w->inner != RCGO_SCOPE_NONE) {
			*scopes = scopes_head(w);
			return w->inner;
		}
		unit->abbrevs = NULL; // they may lie behind the mark
		rcgo__arena_release(scratch, mark);
	}
	return RCGO_SCOPE_NONE;
}

// Reads all scopes of unit into a block of the cache, or of scratch memory while they are too many
// for it. NULL without memory.
static struct rcgo_scopes *
scopes_read(struct rcgo_unit *unit, bool careful)
{
	struct rcgo_dwarf_memory *memory = unit->dwarf->memory;
	struct rcgo_scope_walk *w = scopes_walk_make(unit, 0, true);
	struct rcgo_scopes *out;
	size_t scopes_size, spans_size;
	bool full;

	if (w == NULL) {
		return NULL;
	}
	w->careful = careful;
	rcgo__scope_walk(w);
	full = w->scope_count == w->scope_room || w->span_count == w->span_room ||
	       memory->budget <= 0 || !rcgo__spans_sort(w->spans, w->span_count, &memory->scratch);
	scopes_size = sizeof *out + w->scope_count * sizeof(struct rcgo_scope);
	spans_size = w->span_count * sizeof(struct rcgo_span);
	full = full || !rcgo__cache_fits(&memory->cache, scopes_size + spans_size);
	out = rcgo__cache_put(&memory->cache, RCGO_CACHE_SCOPES, unit->dwarf->id,
		unit->encoding.unit, full ? sizeof *out : scopes_size + spans_size);
	if (out == NULL) {
		return NULL;
	}
	if (full) {
		*out = (struct rcgo_scopes){.count = SCOPES_TOO_MANY};
		return out;
	}
	*out = (struct rcgo_scopes){
		.count = w->scope_count, .span_count = w->span_count, .careful = careful};
	memcpy(rcgo__scopes_all(out), w->scopes, w->scope_count * sizeof(struct rcgo_scope));
	memcpy(rcgo__scopes_spans(out), w->spans, spans_size);
	return out;
}

// All scopes of unit, from the cache or read into it; of a walk that was careful, if that is asked
// for. NULL when they are too many.
static struct rcgo_scopes *
scopes_all(struct rcgo_unit *unit, bool careful)
{
	struct rcgo_dwarf_memory *memory = unit->dwarf->memory;
	size_t mark = rcgo__arena_mark(&memory->scratch);
	struct rcgo_scopes *block = rcgo__cache_get(
		&memory->cache, RCGO_CACHE_SCOPES, unit->dwarf->id, unit->encoding.unit);

	if (block == NULL || (careful && !block->careful && block->count != SCOPES_TOO_MANY)) {
		block = scopes_read(unit, careful);
	}
	// unit->abbrevs may lie behind the mark, but are not used any more if so.
	if (block == NULL || block->count == SCOPES_TOO_MANY) {
		unit->abbrevs = NULL;
		rcgo__arena_release(&memory->scratch, mark);
		return NULL;
	}
	return block;
}

uint32_t
rcgo__scope_find(struct rcgo_unit *unit, uint64_t address, bool all, struct rcgo_scopes **scopes)
{
	for (int careful = 0; all && careful < 2; careful++) {
		struct rcgo_scopes *block = scopes_all(unit, careful != 0);
		uint32_t at;

		if (block == NULL) {
			break;
		}
		at = rcgo__spans_find(rcgo__scopes_spans(block), block->span_count, address);
		if (at != RCGO_SPAN_NONE) {
			*scopes = block;
			return rcgo__scopes_spans(block)[at].value;
		}
		if (block->careful) {
			return RCGO_SCOPE_NONE;
		}
	}
	return scopes_one(unit, address, scopes);
}
