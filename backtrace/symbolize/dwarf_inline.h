// SPDX-License-Identifier: BSD-3-Clause
// dwarf_inline.h: nested address ranges searched by address, and the tree of a unit's functions and
// inlined calls.
#ifndef RCGO_DWARF_INLINE_H
#define RCGO_DWARF_INLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "dwarf_unit.h"

struct rcgo_pc_range {
	uint64_t low, high; // high is exclusive
	uint32_t value;
	uint32_t up; // nearest earlier range that ends after low, or RCGO_PC_RANGE_NONE
};

#define RCGO_PC_RANGE_NONE UINT32_MAX

// Sorts ranges by start, then longest first, then by value, and links them. Working memory from
// scratch is released on return. Returns false if there is not enough.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__pc_ranges_sort(
	struct rcgo_pc_range *ranges, uint32_t count, struct rcgo_arena *scratch);

// Returns the index of the innermost range that contains address, or RCGO_PC_RANGE_NONE.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__pc_ranges_find(
	const struct rcgo_pc_range *ranges, uint32_t count, uint64_t address);

// Returns the next enclosing range of `at` that contains address, or RCGO_PC_RANGE_NONE.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__pc_ranges_outward(
	const struct rcgo_pc_range *ranges, uint32_t at, uint64_t address);

// The functions of a unit and the calls that were inlined into them.

// A node of the tree: a function, or an inlined copy of one.
struct rcgo_inline_node {
	uint64_t die;	  // offset in .debug_info
	uint64_t entry;	  // first address
	const char *name; // NULL until it is requested, or if there is none
	uint32_t parent;  // index of the enclosing node, or RCGO_INLINE_NODE_NONE
	uint32_t depth;
	uint32_t call_file, call_line, call_column; // of an inlined call
	bool inlined;
	bool named;   // name was looked up
	bool mangled; // name is a linker name
};

#define RCGO_INLINE_NODE_NONE UINT32_MAX

// The inline tree of a unit. Either all nodes, with ranges whose values are node indexes, or only
// the nodes that contain one address, without ranges.
struct rcgo_inline_tree {
	// Whether the traversal that built the tree was exhaustive.
	_Alignas(struct rcgo_inline_node) bool exhaustive;
	uint32_t count, range_count;
	// count nodes and range_count ranges follow
};

static inline struct rcgo_inline_node *
rcgo__inline_tree_nodes(struct rcgo_inline_tree *tree)
{
	return (struct rcgo_inline_node *)(tree + 1);
}

static inline struct rcgo_pc_range *
rcgo__inline_tree_ranges(struct rcgo_inline_tree *tree)
{
	return (struct rcgo_pc_range *)(rcgo__inline_tree_nodes(tree) + tree->count);
}

// A traversal of a unit's entries. It collects the nodes that contain one address, or all nodes
// that have code.
struct rcgo_inline_walk {
	struct rcgo_unit *unit;
	const struct rcgo_abbrev *abbrev; // of the current entry
	struct rcgo_reader c;
	const uint8_t *info; // start of .debug_info
	uint64_t address;
	bool all;
	bool exhaustive;     // also visits types, and functions that do not contain address
	uint32_t depth;	     // of the current entry
	uint32_t skip_depth; // entries deeper than this are skipped
	uint32_t current;    // node that may enclose the current entry
	uint32_t inner;	     // the last node that contains address
	uint32_t found;	     // depth of the function that contains address, or UINT32_MAX
	uint32_t node_count, node_capacity;
	uint32_t range_count, range_capacity;
	struct rcgo_inline_node *nodes;
	struct rcgo_pc_range *ranges;
	struct rcgo_die die;
};

// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__inline_tree_walk(struct rcgo_inline_walk *w);

// Finds the innermost node of unit that contains address. Returns its index and stores its tree in
// *tree, or returns RCGO_INLINE_NODE_NONE. If all is set, the whole unit is read once and kept in
// the cache.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__inline_tree_find(
	struct rcgo_unit *unit, uint64_t address, bool all, struct rcgo_inline_tree **tree);

// Returns the name of a node: its linker name, else its source name, else NULL.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__inline_node_name(
	struct rcgo_unit *unit, struct rcgo_inline_node *node);

// Returns the qualified name of the function that the entry die of unit declares: with the
// namespaces, classes and functions around it. Returns name alone if they are not found. The result
// lives as long as the files.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__scope_qualified(
	struct rcgo_unit *unit, uint64_t die, const char *name);

#endif // RCGO_DWARF_INLINE_H
