// SPDX-License-Identifier: BSD-3-Clause
// An opened object: an ELF file, its DWARF and its symbol tables. DWARF is consulted first. Runs on
// any stack, also in signal handlers.

#include <errno.h>
#include <string.h>

#include "symbolizer_internal.h"

#define OBJECT_SCRATCH ((size_t)256 << 20)    // address space; pages are allocated on first use
#define OBJECT_SCRATCH_KEPT ((size_t)1 << 20) // pages that are kept between two lookups
#define OBJECT_CACHE ((size_t)32 << 20)
#define OBJECT_TEXT ((size_t)64 << 10)

int
rcgo__object_memory_init(struct rcgo_dwarf_memory *memory, struct rcgo_arena *keep, size_t cache)
{
	int err;

	*memory = (struct rcgo_dwarf_memory){
		.keep = keep, .step_limit = RCGO_DWARF_BUDGET, .cached = true};
	err = rcgo__arena_init(&memory->scratch, OBJECT_SCRATCH);
	if (err == 0) {
		rcgo__cache_init(&memory->cache, keep, cache / 2);
	}
	return err;
}

// Opens the object's ELF file and compares its build-id.
static int
object_elf(struct rcgo_object *object, struct rcgo_bytes build_id)
{
	int err;

	if (strcmp(object->path, "[vdso]") == 0) {
		return rcgo__elf_from_vdso(&object->elf);
	}
	err = rcgo__elf_open(&object->elf, object->path);
	if (err == 0 && build_id.size != 0 &&
		!rcgo__bytes_equal(rcgo__elf_build_id(&object->elf), build_id)) {
		rcgo__elf_close(&object->elf);
		err = -ESTALE;
	}
	return err;
}

// Opens the file that contains the DWARF, and dwz's common file.
static void
object_dwarf(struct rcgo_object *object, uint16_t id)
{
	struct rcgo_arena *keep = object->memory->keep;
	const struct rcgo_elf *dwarf = &object->elf;
	const char *path = object->path;
	bool common;

	if (!rcgo__debugfile_has_dwarf(dwarf)) {
		if (rcgo__debugfile_open(&object->elf, path, keep, &object->file) != 0) {
			return;
		}
		dwarf = &object->file.elf;
		path = object->file.path;
	}
	common = rcgo__debugfile_dwz(dwarf, path, keep, &object->common) == 0;
	object->has_dwarf = rcgo__debug_init(
		&object->debug, object->memory, dwarf, common ? &object->common : NULL, id);
	object->debug.path = object->path;
}

static const char *
object_copy(struct rcgo_arena *arena, const char *path)
{
	size_t size = strlen(path) + 1;
	char *copy = rcgo__arena_alloc(arena, size);

	if (copy != NULL) {
		memcpy(copy, path, size);
	}
	return copy;
}

int
rcgo__object_open_in(struct rcgo_dwarf_memory *memory, const char *path, struct rcgo_bytes build_id,
	uint16_t id, struct rcgo_object **out)
{
	struct rcgo_object *object = rcgo__arena_zalloc(memory->keep, sizeof *object);
	int err;

	*out = NULL;
	if (object == NULL) {
		return -ENOMEM;
	}
	object->memory = memory;
	object->path = object_copy(memory->keep, path);
	if (object->path == NULL) {
		return -ENOMEM;
	}
	err = object_elf(object, build_id);
	if (err != 0) {
		return err;
	}
	object_dwarf(object, id);
	*out = object;
	return 0;
}

int
rcgo__object_open(struct rcgo_arena *arena, const char *path, struct rcgo_bytes build_id,
	struct rcgo_object **out)
{
	struct rcgo_dwarf_memory *memory = rcgo__arena_zalloc(arena, sizeof *memory);
	size_t cache = (arena->cap - arena->used) / 4;
	char *text = rcgo__arena_alloc(arena, OBJECT_TEXT);
	int err;

	*out = NULL;
	if (memory == NULL || text == NULL) {
		return -ENOMEM;
	}
	err = rcgo__object_memory_init(
		memory, arena, cache < 2 * OBJECT_CACHE ? cache : 2 * OBJECT_CACHE);
	if (err == 0) {
		err = rcgo__object_open_in(memory, path, build_id, 1, out);
	}
	if (err != 0) {
		rcgo__arena_free(&memory->scratch);
		return err;
	}
	(*out)->owns_memory = true;
	(*out)->text = (struct rcgo_line_text){.at = text, .size = OBJECT_TEXT};
	return 0;
}

void
rcgo__object_close(struct rcgo_object *object)
{
	if (object == NULL) {
		return;
	}
	rcgo__debug_close(&object->debug);
	rcgo__elf_close(&object->file.elf);
	rcgo__elf_close(&object->common);
	rcgo__elf_close(&object->mini);
	rcgo__elf_close(&object->elf);
	if (object->owns_memory) {
		rcgo__arena_free(&object->memory->scratch);
	}
}

// Adds the object's symbol tables, the most complete source first.
static void
object_symbols(struct rcgo_object *object)
{
	object->symbols_known = true;
	rcgo__symtab_add(&object->symbols, &object->elf);
	if (object->file.elf.image.size != 0) {
		rcgo__symtab_add(&object->symbols, &object->file.elf);
	} else if (rcgo__debugfile_mini(&object->elf, object->memory->keep, &object->mini) == 0) {
		rcgo__symtab_add(&object->symbols, &object->mini);
	}
}

// Finds the function at address in the symbol tables. Returns whether there is one with a name.
static bool
object_symbol(struct rcgo_object *object, uint64_t address, struct rcgo_symbol *symbol)
{
	if (!object->symbols_known) {
		object_symbols(object);
	}
	// A single lookup costs less than sorting.
	if (++object->symbol_lookups == 2) {
		rcgo__symtab_sort(&object->symbols, object->memory->keep);
	}
	return rcgo__symtab_find(&object->symbols, address, symbol) && symbol->covers &&
	       symbol->name != NULL && symbol->name[0] != 0;
}

// Sets the function name of the outermost frame from the symbol tables if DWARF has none. Replaces
// a source name by the linker name.
static size_t
object_name(struct rcgo_object *object, uint64_t address, struct rcgo_frame *frames, size_t n)
{
	struct rcgo_frame *outermost = &frames[n > 0 ? n - 1 : 0];
	struct rcgo_symbol symbol;

	if (n == 0) {
		*outermost = (struct rcgo_frame){0};
	}
	if (n > 0 && outermost->function != NULL) {
		if (object->debug.source_name && outermost->entry != 0 &&
			object_symbol(object, outermost->entry, &symbol) &&
			symbol.address == outermost->entry) {
			outermost->function = symbol.name;
		}
	} else if (n < 2 && object_symbol(object, address, &symbol)) {
		outermost->function = symbol.name;
		outermost->entry = (uintptr_t)symbol.address;
		return 1;
	}
	return n;
}

size_t
rcgo__object_frames_in(struct rcgo_object *object, uint64_t address, struct rcgo_frame *frames,
	size_t max, struct rcgo_line_text *text)
{
	struct rcgo_arena *scratch = &object->memory->scratch;
	size_t n = 0;

	if (max == 0) {
		return 0;
	}
	if (object->has_dwarf) {
		n = rcgo__debug_frames(&object->debug, address, frames, max, text);
		if (scratch->peak > OBJECT_SCRATCH_KEPT) {
			rcgo__arena_trim(scratch);
		}
	}
	return object_name(object, address, frames, n);
}

size_t
rcgo__object_frames(
	struct rcgo_object *object, uint64_t address, struct rcgo_frame *frames, size_t max)
{
	object->text.used = 0;
	return rcgo__object_frames_in(object, address, frames, max, &object->text);
}
