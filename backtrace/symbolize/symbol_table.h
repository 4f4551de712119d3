// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the function at an address, by the symbol tables of an object and of the
// files beside it: .symtab, .dynsym, MiniDebugInfo, and what a vDSO without sections has.
#ifndef RCGO_SYMBOL_TABLE_H
#define RCGO_SYMBOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "elf_reader.h"

struct rcgo_symbol {
	const char *name; // in the file that it comes from
	const char *file; // the source's name without directories, of a local one; or NULL
	uint64_t address, size;
	bool covers; // size is 0, or the address asked for lies inside
};

// One table. Its bytes belong to elf, which must outlive it.
struct rcgo_symtab_source {
	const struct rcgo_elf *elf;
	struct rcgo_bytes symbols, strings;
	uint32_t count;
};

struct rcgo_symtab_entry {
	uint64_t address;
	uint32_t source, index;
};

#define RCGO_SYMTAB_SOURCES 4

struct rcgo_symtab {
	struct rcgo_symtab_source sources[RCGO_SYMTAB_SOURCES];
	uint32_t source_count;
	uint32_t entry_count;
	struct rcgo_symtab_entry *entries; // by address; NULL until rcgo__symtab_sort
};

// Adds the symbols of an object: .symtab, else .dynsym, else those that the dynamic linker sees.
// The table may begin as all 0. Returns whether there were any.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__symtab_add(struct rcgo_symtab *table, const struct rcgo_elf *elf);

// Sorts what was added, so that finding takes no longer than a search in a sorted row. Without it
// each look reads all. Takes 32 bytes a function of the arena and gives half of them back. Returns
// false, and changes nothing, when they are not there.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__symtab_sort(struct rcgo_symtab *table, struct rcgo_arena *arena);

// The nearest function at or below address, in the section that has the address. Of several at one
// place: one that covers the address, a function rather than a bare label, the smaller one, one
// that is not local, the first. Returns whether there is one.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__symtab_find(
	const struct rcgo_symtab *table, uint64_t address, struct rcgo_symbol *symbol);

// What a symbol table says of one function. For the files of the symbol tables alone.
struct rcgo_symtab_raw {
	uint64_t address, size;
	uint32_t name;
	uint8_t type, binding;
};

// Reads a symbol. Returns whether it may name code; name, type and binding are set in any case.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__symtab_read(
	const struct rcgo_symtab_source *source, uint32_t index, struct rcgo_symtab_raw *raw);

#endif // RCGO_SYMBOL_TABLE_H
