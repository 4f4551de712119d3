// SPDX-License-Identifier: BSD-3-Clause
// Finds the name of a function, which may be an attribute of another entry, in another unit or
// file. Runs on any stack, also in signal handlers.

#include <string.h>

#include "dwarf_inline.h"

// More steps mean a loop. An inlined call, its abstract origin and the declaration in a class are
// three steps; dwz adds none.
#define NAME_STEPS 16

// The prefix that gcc gives to the cold part of a function in DWARF 2, which cannot describe a
// function of two parts.
#define NAME_OF_PART "__second_sect_of_"

struct name_search {
	struct rcgo_unit *unit; // of the current entry
	struct rcgo_unit other; // storage for the last other unit that was read
	struct rcgo_die die;
};

static bool
name_read_die(struct name_search *w, uint64_t offset)
{
	struct rcgo_unit *unit = w->unit;
	struct rcgo_bytes info = rcgo__dwarf_section(unit->dwarf, RCGO_DW_INFO);
	const struct rcgo_abbrev *abbrev;
	struct rcgo_reader c;

	if (offset < unit->first || offset >= unit->end || !rcgo__unit_abbrevs(unit)) {
		return false;
	}
	c = rcgo__reader_make(
		rcgo__bytes_slice(info, offset, unit->end - offset), unit->encoding.big);
	abbrev = rcgo__abbrev_find(unit->abbrevs, rcgo__reader_uleb(&c), unit->dwarf);
	if (abbrev == NULL) {
		return false;
	}
	w->die.offset = offset;
	rcgo__die_read(&c, abbrev, rcgo__abbrevs_specs(unit->abbrevs), &unit->encoding, &w->die);
	return true;
}

// Moves to the unit that contains the entry that origin refers to.
static bool
name_follow(struct name_search *w, const struct rcgo_value *origin)
{
	struct rcgo_dwarf *dwarf = w->unit->dwarf;
	uint64_t at;

	if (origin->kind == RCGO_VALUE_REF) {
		if (origin->u >= w->unit->first && origin->u < w->unit->end) {
			return true;
		}
	} else if (origin->kind == RCGO_VALUE_REF_COMMON && dwarf->common != NULL) {
		dwarf = dwarf->common;
	} else {
		return false;
	}
	if (w->unit->skeleton != NULL || !rcgo__dwarf_unit_at(dwarf, origin->u, &at)) {
		return false; // a split unit refers only to itself
	}
	memset(&w->other, 0, sizeof w->other);
	w->unit = &w->other;
	return rcgo__unit_read(&w->other, dwarf, at, NULL);
}

// Returns the name of the whole function, given its name or the name of its cold part.
static const char *
name_strip_cold(const char *name)
{
	const char *whole = name;

	if (strncmp(name, NAME_OF_PART, sizeof NAME_OF_PART - 1) == 0) {
		whole += sizeof NAME_OF_PART - 1;
	}
	return *whole != 0 ? whole : NULL;
}

const char *
rcgo__inline_node_name(struct rcgo_unit *unit, struct rcgo_inline_node *node)
{
	struct name_search *w;
	uint64_t offset = node->die;
	const char *name = NULL;

	if (node->named) {
		return node->name;
	}
	w = rcgo__arena_alloc(&unit->dwarf->memory->scratch, sizeof *w);
	if (w == NULL) {
		return NULL;
	}
	w->unit = unit;
	for (int step = 0; step < NAME_STEPS && name_read_die(w, offset); step++) {
		const char *linkage = rcgo__value_text(w->unit, &w->die.linkage_name);
		struct rcgo_value origin = w->die.origin;

		if (linkage != NULL && linkage[0] != 0) {
			name = linkage;
			node->mangled = true;
			break;
		}
		if (name == NULL || name[0] == 0) {
			name = rcgo__value_text(w->unit, &w->die.name);
		}
		if (!name_follow(w, &origin)) {
			break;
		}
		offset = origin.u;
	}
	name = name != NULL ? name_strip_cold(name) : NULL;
	if (name != NULL && !node->mangled && unit->dwarf->memory->qualified &&
		rcgo__unit_mangles(unit)) {
		name = rcgo__scope_qualified(w->unit, w->die.offset, name);
	}
	node->name = name;
	node->named = true;
	return node->name;
}

// Qualifies the name of a function that has no linker name by the namespaces, classes and functions
// around its entry. Without it, all lambdas would be named "operator()".

#define QUALIFY_DEPTH 48
#define QUALIFY_NAME 1024

struct qualify_level {
	const char *name; // NULL if it has none
	uint16_t tag;
	uint32_t lambda;  // its number among the lambdas of its parent
	uint32_t lambdas; // number of lambdas among its children so far
	uint64_t origin;  // offset of a function's declaration, if that is elsewhere; else 0
};

struct qualify {
	struct rcgo_unit *unit;
	struct rcgo_reader c;
	const uint8_t *info;
	uint64_t target;
	uint32_t depth;
	struct rcgo_die die;
	struct qualify_level levels[QUALIFY_DEPTH], around[QUALIFY_DEPTH];
	char text[QUALIFY_NAME];
	size_t used;
	bool truncated;
};

static bool
qualify_is_class(uint16_t tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

// gcc names the class of a lambda <lambda(int)>; clang gives it no name.
static bool
qualify_is_lambda(uint16_t tag, const char *name)
{
	return qualify_is_class(tag) && (name == NULL || strncmp(name, "<lambda", 7) == 0);
}

// Returns the name of an entry. A definition has its name at its declaration.
static const char *
qualify_name(struct qualify *q, const struct rcgo_die *die)
{
	struct rcgo_unit *unit = q->unit;
	const char *name = rcgo__value_text(unit, &die->name);
	const struct rcgo_value origin = die->origin;
	const struct rcgo_abbrev *abbrev;
	struct rcgo_reader c = q->c;

	if (name != NULL || origin.kind != RCGO_VALUE_REF || origin.u < unit->first ||
		origin.u >= unit->end) {
		return name;
	}
	rcgo__reader_go(&c, q->info + origin.u);
	abbrev = rcgo__abbrev_find(unit->abbrevs, rcgo__reader_uleb(&c), unit->dwarf);
	if (abbrev == NULL) {
		return NULL;
	}
	rcgo__die_read(&c, abbrev, rcgo__abbrevs_specs(unit->abbrevs), &unit->encoding, &q->die);
	return rcgo__value_text(unit, &q->die.name);
}

// Moves to the next entry that may contain the target. Returns false to end the traversal.
static bool
qualify_step(struct qualify *q, const struct rcgo_abbrev *abbrev)
{
	struct qualify_level *parent = &q->levels[q->depth];
	struct rcgo_value sibling, origin;
	const char *name;
	bool lambda;

	rcgo__die_read(
		&q->c, abbrev, rcgo__abbrevs_specs(q->unit->abbrevs), &q->unit->encoding, &q->die);
	if (!abbrev->children) {
		return true;
	}
	sibling = q->die.sibling;
	origin = q->die.origin;
	name = qualify_name(q, &q->die);
	lambda = qualify_is_lambda(abbrev->tag, name);
	parent->lambdas += lambda;
	if (sibling.kind == RCGO_VALUE_REF && sibling.u <= q->target &&
		q->info + sibling.u > q->c.at) {
		rcgo__reader_go(&q->c, q->info + sibling.u);
		return true;
	}
	if (++q->depth == QUALIFY_DEPTH) {
		return false;
	}
	q->levels[q->depth] = (struct qualify_level){
		.name = name, .tag = abbrev->tag, .lambda = lambda ? parent->lambdas : 0};
	if (abbrev->tag == DW_TAG_subprogram && origin.kind == RCGO_VALUE_REF) {
		q->levels[q->depth].origin = origin.u;
	}
	return true;
}

// Traverses the unit from the root to the target. The levels are then the target's parents. Returns
// whether the target was found.
static bool
qualify_walk(struct qualify *q)
{
	while (rcgo__reader_left(&q->c) > 0 && !q->c.bad) {
		uint64_t offset = (uint64_t)(q->c.at - q->info), code;
		const struct rcgo_abbrev *abbrev;

		if (offset >= q->target) {
			return offset == q->target;
		}
		code = rcgo__reader_uleb(&q->c);
		if (code == 0) {
			if (q->depth == 0) {
				return false;
			}
			q->depth--;
			continue;
		}
		abbrev = rcgo__abbrev_find(q->unit->abbrevs, code, q->unit->dwarf);
		if (abbrev == NULL || !rcgo__dwarf_charge(q->unit->dwarf, 1) ||
			!qualify_step(q, abbrev)) {
			return false;
		}
	}
	return false;
}

static void
qualify_add(struct qualify *q, const char *s, size_t n)
{
	if (q->truncated || n >= sizeof q->text - q->used) {
		q->truncated = true;
		return;
	}
	memcpy(q->text + q->used, s, n);
	q->used += n;
}

static void
qualify_add_level(struct qualify *q, const struct qualify_level *level)
{
	const char *name = level->name;
	char number[12];
	size_t at = sizeof number;

	if (level->tag == DW_TAG_namespace && (name == NULL || name[0] == 0)) {
		name = "(anonymous namespace)";
	}
	if (level->lambda != 0) {
		// The notation of demanglers: {lambda(int)#1}
		qualify_add(q, "{", 1);
		if (name == NULL) {
			qualify_add(q, "lambda", 6);
		} else {
			qualify_add(
				q, name + 1, strlen(name) - (name[strlen(name) - 1] == '>') - 1);
		}
		for (uint32_t n = level->lambda; n != 0; n /= 10) {
			number[--at] = (char)('0' + n % 10);
		}
		number[--at] = '#';
		qualify_add(q, number + at, sizeof number - at);
		qualify_add(q, "}::", 3);
	} else if (name != NULL &&
		   (level->tag == DW_TAG_namespace || qualify_is_class(level->tag) ||
			   level->tag == DW_TAG_subprogram)) {
		qualify_add(q, name, strlen(name));
		qualify_add(q, "::", 2);
	}
}

// Finds the parents of target. Returns whether target was found.
static bool
qualify_find(struct qualify *q, uint64_t target)
{
	struct rcgo_bytes info = rcgo__dwarf_section(q->unit->dwarf, RCGO_DW_INFO);

	q->info = info.at;
	q->target = target;
	q->depth = 0;
	q->levels[0] = (struct qualify_level){.name = NULL};
	q->c = rcgo__reader_make(rcgo__bytes_slice(info, 0, q->unit->end), q->unit->encoding.big);
	rcgo__reader_go(&q->c, info.at + q->unit->first);
	return qualify_walk(q);
}

// Adds the names of the levels around target. If one of them is a function defined apart from its
// declaration, the levels around the declaration are used.
static void
qualify_add_parents(struct qualify *q, uint64_t target)
{
	uint32_t depth, from = 2; // level 1 is the unit itself

	if (!qualify_find(q, target)) {
		return;
	}
	depth = q->depth;
	memcpy(q->around, q->levels, sizeof q->around);
	for (uint32_t i = 2; i <= depth; i++) {
		if (q->around[i].origin != 0 && qualify_find(q, q->around[i].origin)) {
			for (uint32_t k = 2; k <= q->depth; k++) {
				qualify_add_level(q, &q->levels[k]);
			}
			from = i;
			break;
		}
	}
	for (uint32_t i = from; i <= depth; i++) {
		qualify_add_level(q, &q->around[i]);
	}
}

const char *
rcgo__scope_qualified(struct rcgo_unit *unit, uint64_t die, const char *name)
{
	struct rcgo_dwarf_memory *memory = unit->dwarf->memory;
	size_t mark = rcgo__arena_mark(&memory->scratch), size = strlen(name) + 1;
	struct qualify *q = rcgo__arena_zalloc(&memory->scratch, sizeof *q);
	const char *out = name;

	if (q != NULL && rcgo__unit_abbrevs(unit) && unit->first < unit->end) {
		q->unit = unit;
		qualify_add_parents(q, die);
		qualify_add(q, name, size);
		if (!q->truncated && q->used > size) {
			char *copy = rcgo__arena_alloc(memory->keep, q->used);

			out = copy != NULL ? memcpy(copy, q->text, q->used) : name;
		}
	}
	rcgo__arena_release(&memory->scratch, mark);
	return out;
}
