// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: address ranges that may lie in one another, searched by address.
#ifndef RCGO_DWARF_INLINE_H
#define RCGO_DWARF_INLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "dwarf_unit.h"

struct rcgo_pc_range {
	uint64_t low, high; // high is one past
	uint32_t value;
	uint32_t
		up; // the nearest before that begins no later and ends later, or RCGO_PC_RANGE_NONE
};

#define RCGO_PC_RANGE_NONE UINT32_MAX

// Sorts spans by where they begin, the longer first, then by value, and links them. scratch is used
// and given back. Returns whether there was room.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__pc_ranges_sort(
	struct rcgo_pc_range *ranges, uint32_t count, struct rcgo_arena *scratch);

// The innermost span that holds address, or RCGO_PC_RANGE_NONE.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__pc_ranges_find(
	const struct rcgo_pc_range *ranges, uint32_t count, uint64_t address);

// The next one outward from at that holds address, or RCGO_PC_RANGE_NONE.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__pc_ranges_outward(
	const struct rcgo_pc_range *ranges, uint32_t at, uint64_t address);

// Traceback Generation: the functions of a unit, with what was inlined into them.

// A function, or a copy of one that was inlined.
struct rcgo_inline_node {
	uint64_t die;	  // in .debug_info
	uint64_t entry;	  // its first address
	const char *name; // NULL until it is wanted, or without one
	uint32_t parent;  // the scope that it lies in, or RCGO_INLINE_NODE_NONE
	uint32_t depth;
	uint32_t call_file, call_line, call_column; // of an inlined one
	bool inlined;
	bool named;   // name has been looked for
	bool mangled; // name is as the linker knows it
};

#define RCGO_INLINE_NODE_NONE UINT32_MAX

// The scopes of a unit: all, with spans whose values are scopes; or those that hold one address,
// without spans.
struct rcgo_inline_tree {
	_Alignas(struct rcgo_inline_node) bool exhaustive; // as the walk was that they come from
	uint32_t count, range_count;
	// count scopes and span_count spans follow
};

static inline struct rcgo_inline_node *
rcgo__inline_tree_nodes(struct rcgo_inline_tree *nodes)
{
	return (struct rcgo_inline_node *)(nodes + 1);
}

static inline struct rcgo_pc_range *
rcgo__inline_tree_ranges(struct rcgo_inline_tree *nodes)
{
	return (struct rcgo_pc_range *)(rcgo__inline_tree_nodes(nodes) + nodes->count);
}

// A walk that takes the scopes that hold one address, or all scopes that have code.
struct rcgo_inline_walk {
	struct rcgo_unit *unit;
	const struct rcgo_abbrev *abbrev; // of the entry at hand
	struct rcgo_reader c;
	const uint8_t *info; // what offsets count from
	uint64_t address;
	bool all;
	bool exhaustive;     // looks everywhere: into types, and into functions that do not hold it
	uint32_t depth;	     // of the entry at hand
	uint32_t skip_depth; // entries deeper than this are passed over
	uint32_t current;    // scope that the entry may lie in
	uint32_t inner;	     // the last scope that holds the address
	uint32_t found;	     // depth of the function that holds the address, or UINT32_MAX
	uint32_t node_count, node_capacity;
	uint32_t range_count, range_capacity;
	struct rcgo_inline_node *nodes;
	struct rcgo_pc_range *ranges;
	struct rcgo_die die;
};

// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__inline_tree_walk(struct rcgo_inline_walk *w);

// Finds the innermost scope of unit that holds address, or RCGO_INLINE_NODE_NONE; *scopes is then
// where it and its parents are. With all set the unit is read once and kept in the cache.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__inline_tree_find(
	struct rcgo_unit *unit, uint64_t address, bool all, struct rcgo_inline_tree **nodes);

// The name of a scope as the linker knows it, or as the source does; NULL without one.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__inline_node_name(
	struct rcgo_unit *unit, struct rcgo_inline_node *node);

// The name of the function that the entry die of unit declares, with the namespaces, classes and
// functions around it; name alone where they are not found. It lives as long as the files.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__scope_qualified(
	struct rcgo_unit *unit, uint64_t die, const char *name);

// Whether the linker knows functions of the unit by other names than the source does.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unit_mangles(const struct rcgo_unit *unit);

#endif // RCGO_DWARF_INLINE_H
