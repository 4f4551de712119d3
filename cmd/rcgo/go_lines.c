// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: files and lines of Go code, and functions that were inlined.
// GO: runtime/symtab.go funcfile, funcline; runtime/symtabinl.go inlinedCall
#include "stack_go.h"

#include <string.h>

enum {
	PCDATA_INLINE = 2,
	FUNCDATA_INLINE = 3,
	TREE_MAX = 100000,
};

struct go_tree {
	struct rcgo_bytes bytes;
	size_t record; // the size of one call
	size_t name, parent_pc;
};

static size_t
head_size(const struct go_table *t)
{
	return t->old ? 40 : 44;
}

static struct go_tree
tree_of(const struct go_table *t, uint64_t offset)
{
	struct go_tree tree = {
		.record = t->old ? 20 : 16, .name = t->old ? 12 : 4, .parent_pc = t->old ? 16 : 8};

	tree.bytes = module_bytes(t->module, t->gofunc + offset);
	return tree;
}

// Stores the offset of the function's inline tree. Returns false if no function is inlined in it.
static bool
tree_offset(const struct go_func *f, uint32_t *offset)
{
	size_t head = head_size(f->table);
	uint32_t npcdata = go_record32(f, 28);
	uint8_t nfuncdata = f->record.at[head - 1];

	if (npcdata <= PCDATA_INLINE || npcdata > 64 || nfuncdata <= FUNCDATA_INLINE) {
		return false;
	}
	*offset = go_record32(f, head + 4 * (npcdata + FUNCDATA_INLINE));
	return *offset != UINT32_MAX;
}

static const char *
call_name(const struct go_table *t, const struct go_tree *tree, uint32_t i, uint32_t *parent_pc)
{
	struct rcgo_bytes b =
		rcgo__bytes_slice(tree->bytes, (uint64_t)i * tree->record, tree->record);
	const char *name;
	uint32_t offset;

	if (b.size == 0 || i > TREE_MAX) {
		return NULL;
	}
	offset = rcgo__get32(b.at + tree->name, false);
	// A name begins after the end of the previous one, or is the first.
	name = offset > t->names.size || (offset != 0 && t->names.at[offset - 1] != 0)
		       ? NULL
		       : rcgo__bytes_string(t->names, offset);
	*parent_pc = rcgo__get32(b.at + tree->parent_pc, false);
	return name != NULL && name[0] != 0 ? name : NULL;
}

// Returns the index into the inline tree at pc; -1 if pc belongs to the function itself.
static int32_t
inline_index(const struct go_func *f, uint64_t pc)
{
	int32_t index;

	if (!go_pcvalue(f, go_record32(f, head_size(f->table) + 4 * PCDATA_INLINE), pc, &index)) {
		return -1;
	}
	return index;
}

static void
place(const struct go_func *f, uint64_t pc, struct go_line *line)
{
	int32_t file, number;
	struct rcgo_bytes cu;

	line->file = NULL;
	line->line = 0;
	if (!go_pcvalue(f, go_record32(f, 20), pc, &file) || file < 0) {
		return;
	}
	cu = rcgo__bytes_from(
		f->table->cu, 4 * ((uint64_t)go_record32(f, 32) + (uint64_t)(uint32_t)file));
	if (cu.size >= 4) {
		line->file = rcgo__bytes_string(f->table->files, rcgo__get32(cu.at, false));
	}
	if (go_pcvalue(f, go_record32(f, 24), pc, &number) && number > 0) {
		line->line = (unsigned)number;
	}
}

size_t
go_lines(const struct go_func *f, uint64_t pc, struct go_line *lines, size_t max)
{
	struct go_tree tree;
	uint32_t offset, parent;
	bool inlines = f->table->gofunc != 0 && tree_offset(f, &offset);
	size_t n = 0;

	if (inlines) {
		tree = tree_of(f->table, offset);
	}
	while (n + 1 < max) {
		int32_t index = inlines ? inline_index(f, pc) : -1;
		const char *name =
			index < 0 ? NULL : call_name(f->table, &tree, (uint32_t)index, &parent);

		place(f, pc, &lines[n]);
		if (name == NULL || parent > f->end - f->entry) {
			break;
		}
		lines[n++].function = name;
		pc = f->entry + parent;
	}
	if (n + 1 == max) { // a chain that long is broken, and was not followed to its end
		lines[n] = (struct go_line){0};
	}
	lines[n++].function = f->name;
	return n;
}

// Returns whether the inline trees are plausible if they begin at gofunc.
static bool
trees_fit(struct go_table *t, uint64_t gofunc)
{
	struct go_state one = {.table = t, .tables = 1};
	unsigned good = 0;

	t->gofunc = gofunc;
	for (size_t i = 0; i < t->nfunc && i < 20000 && good < 40; i++) {
		struct go_func f;
		uint32_t offset, parent;
		struct go_tree tree;
		const char *name;

		if (!go_func_at(&one, t->text + rcgo__get32(t->ftab.at + 8 * i, false), &f) ||
			!tree_offset(&f, &offset)) {
			continue;
		}
		tree = tree_of(t, offset);
		name = call_name(t, &tree, 0, &parent);
		if (name == NULL || parent > f.end - f.entry) {
			return false;
		}
		good += name != (const char *)t->names.at; // which zeros stand for, too
	}
	return good > 0;
}

// GO: moduledata.gofunc: its offset differs between versions, so it is the word for which the
// trees are plausible.
uint64_t
go_find_gofunc(struct target *t, const struct go_table *table)
{
	struct go_table try = *table;
	uint64_t word;

	for (unsigned i = 36; i < 48; i++) {
		if (target_word(t, table->moduledata + 8 * (uint64_t)i, &word) && word != 0 &&
			module_bytes(table->module, word).size > 16 && trees_fit(&try, word)) {
			return word;
		}
	}
	return 0;
}
