// SPDX-License-Identifier: BSD-3-Clause
// symbol_table.h: finds the function at an address in the symbol tables of an object and of its
// debug files: .symtab, .dynsym, MiniDebugInfo, and the dynamic tables of a vDSO without sections.
#ifndef RCGO_SYMBOL_TABLE_H
#define RCGO_SYMBOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "elf_reader.h"

struct rcgo_symbol {
	const char *name; // points into its file
	const char *file; // source file of a local symbol, without directories; or NULL
	uint64_t address, size;
	bool covers; // size is 0, or the symbol contains the address
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

// Adds the symbols of an object: .symtab, else .dynsym, else the dynamic linker's table. A zeroed
// table is a valid empty table. Returns whether there were any symbols.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__symtab_add(struct rcgo_symtab *table, const struct rcgo_elf *elf);

// Sorts the added symbols, so that each lookup is a binary search. Without it, each lookup reads
// all symbols. Allocates 32 bytes per function from the arena and releases half of them. Returns
// false, and changes nothing, if there is not enough memory.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__symtab_sort(struct rcgo_symtab *table, struct rcgo_arena *arena);

// Finds the nearest function at or below address, in the section that contains the address. Among
// several at one address it prefers, in this order: one that covers the address, a function over a
// bare label, the smaller one, one that is not local, the first. Returns whether there is one.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__symtab_find(
	const struct rcgo_symtab *table, uint64_t address, struct rcgo_symbol *symbol);

// The fields of one symbol. Internal to the symbol table files.
struct rcgo_symtab_raw {
	uint64_t address, size;
	uint32_t name;
	uint8_t type, binding;
};

// Reads a symbol. Returns whether it may name code. name, type and binding are set in any case.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__symtab_read(
	const struct rcgo_symtab_source *source, uint32_t index, struct rcgo_symtab_raw *raw);

#endif // RCGO_SYMBOL_TABLE_H
