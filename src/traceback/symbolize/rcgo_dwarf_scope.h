// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the functions of a unit, with what was inlined into them.
#ifndef RCGO_DWARF_SCOPE_H
#define RCGO_DWARF_SCOPE_H

#include "rcgo_dwarf.h"
#include "rcgo_dwarf_span.h"

// A function, or a copy of one that was inlined.
struct rcgo_scope {
	uint64_t die;	  // in .debug_info
	uint64_t entry;	  // its first address
	const char *name; // NULL until it is wanted, or without one
	uint32_t parent;  // the scope that it lies in, or RCGO_SCOPE_NONE
	uint32_t depth;
	uint32_t call_file, call_line, call_column; // of an inlined one
	bool inlined;
	bool named;   // name has been looked for
	bool mangled; // name is as the linker knows it
};

#define RCGO_SCOPE_NONE UINT32_MAX

// The scopes of a unit: all, with spans whose values are scopes; or those that hold one address,
// without spans.
struct rcgo_scopes {
	_Alignas(struct rcgo_scope) bool careful; // as the walk was that they come from
	uint32_t count, span_count;
	// count scopes and span_count spans follow
};

static inline struct rcgo_scope *
rcgo__scopes_all(struct rcgo_scopes *scopes)
{
	return (struct rcgo_scope *)(scopes + 1);
}

static inline struct rcgo_span *
rcgo__scopes_spans(struct rcgo_scopes *scopes)
{
	return (struct rcgo_span *)(rcgo__scopes_all(scopes) + scopes->count);
}

// A walk that takes the scopes that hold one address, or all scopes that have code.
struct rcgo_scope_walk {
	struct rcgo_unit *unit;
	const struct rcgo_abbrev *abbrev; // of the entry at hand
	struct rcgo_reader c;
	const uint8_t *info; // what offsets count from
	uint64_t address;
	bool all;
	bool careful;	  // looks everywhere: into types, and into functions that do not hold it
	uint32_t depth;	  // of the entry at hand
	uint32_t below;	  // entries deeper than this are passed over
	uint32_t current; // scope that the entry may lie in
	uint32_t inner;	  // the last scope that holds the address
	uint32_t found;	  // depth of the function that holds the address, or UINT32_MAX
	uint32_t scope_count, scope_room;
	uint32_t span_count, span_room;
	struct rcgo_scope *scopes;
	struct rcgo_span *spans;
	struct rcgo_die die;
};

// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__scope_walk(struct rcgo_scope_walk *w);

// Finds the innermost scope of unit that holds address, or RCGO_SCOPE_NONE; *scopes is then where
// it and its parents are. With all set the unit is read once and kept in the cache.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__scope_find(
	struct rcgo_unit *unit, uint64_t address, bool all, struct rcgo_scopes **scopes);

// The name of a scope as the linker knows it, or as the source does; NULL without one.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__scope_name(struct rcgo_unit *unit, struct rcgo_scope *scope);

#endif // RCGO_DWARF_SCOPE_H
