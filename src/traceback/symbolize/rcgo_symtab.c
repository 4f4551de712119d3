// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the symbol tables of an ELF image. Runs on any stack, in signal handlers
// too. Contract: the ELF gABI; GNU's hash table as its linkers write it.

#include "rcgo_symtab.h"

#include <elf.h>

static size_t
symtab_symbol_bytes(const struct rcgo_elf *elf)
{
	return elf->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
}

// A word of the dynamic section by its tag.
static bool
symtab_dynamic(const struct rcgo_elf *elf, struct rcgo_bytes dynamic, uint64_t tag, uint64_t *value)
{
	size_t word = elf->wide ? 8 : 4;

	for (size_t at = 0; at + 2 * word <= dynamic.size; at += 2 * word) {
		const uint8_t *entry = dynamic.at + at;
		uint64_t have =
			elf->wide ? rcgo__get64(entry, elf->big) : rcgo__get32(entry, elf->big);

		if (have == tag) {
			*value = elf->wide ? rcgo__get64(entry + word, elf->big)
					   : rcgo__get32(entry + word, elf->big);
			return true;
		}
		if (have == DT_NULL) {
			break;
		}
	}
	return false;
}

// How many symbols GNU's hash table at hash knows of, its first ones included.
static uint32_t
symtab_gnu_count(const struct rcgo_elf *elf, struct rcgo_bytes hash)
{
	uint32_t buckets, first, last = 0;
	uint64_t chains_at;

	if (hash.size < 16) {
		return 0;
	}
	buckets = rcgo__get32(hash.at, elf->big);
	first = rcgo__get32(hash.at + 4, elf->big);
	chains_at = 16 + (uint64_t)rcgo__get32(hash.at + 8, elf->big) * (elf->wide ? 8 : 4);
	for (uint32_t i = 0; i < buckets; i++) {
		struct rcgo_bytes b = rcgo__bytes_slice(hash, chains_at + 4 * (uint64_t)i, 4);
		uint32_t symbol = b.size != 0 ? rcgo__get32(b.at, elf->big) : 0;

		if (b.size == 0) {
			return 0;
		}
		last = symbol > last ? symbol : last;
	}
	chains_at += 4 * (uint64_t)buckets;
	// The last bucket's chain ends with a hash whose lowest bit is set.
	for (; last >= first; last++) {
		struct rcgo_bytes b =
			rcgo__bytes_slice(hash, chains_at + 4 * (uint64_t)(last - first), 4);

		if (b.size == 0) {
			return 0;
		}
		if ((rcgo__get32(b.at, elf->big) & 1) != 0) {
			return last + 1;
		}
	}
	return first;
}

// The tables that the dynamic linker uses, where there are no sections.
static bool
symtab_add_dynamic(struct rcgo_symtab_source *source, const struct rcgo_elf *elf)
{
	struct rcgo_bytes dynamic = {0};
	struct rcgo_segment segment;
	uint64_t symbols, strings, size, hash;

	for (uint32_t i = 0; dynamic.size == 0 && rcgo__elf_segment_at(elf, i, &segment); i++) {
		if (segment.type == PT_DYNAMIC) {
			dynamic = rcgo__bytes_slice(elf->image, segment.offset, segment.file_size);
		}
	}
	if (!symtab_dynamic(elf, dynamic, DT_SYMTAB, &symbols) ||
		!symtab_dynamic(elf, dynamic, DT_STRTAB, &strings) ||
		!symtab_dynamic(elf, dynamic, DT_STRSZ, &size)) {
		return false;
	}
	source->symbols = rcgo__elf_at_address(elf, symbols);
	source->strings = rcgo__bytes_slice(rcgo__elf_at_address(elf, strings), 0, size);
	if (symtab_dynamic(elf, dynamic, DT_HASH, &hash)) {
		struct rcgo_bytes table = rcgo__bytes_slice(rcgo__elf_at_address(elf, hash), 0, 8);

		source->count = table.size != 0 ? rcgo__get32(table.at + 4, elf->big) : 0;
	} else if (symtab_dynamic(elf, dynamic, DT_GNU_HASH, &hash)) {
		source->count = symtab_gnu_count(elf, rcgo__elf_at_address(elf, hash));
	}
	return true;
}

static bool
symtab_add_section(struct rcgo_symtab_source *source, const struct rcgo_elf *elf, uint32_t type)
{
	struct rcgo_section section, strings;

	for (uint32_t i = 1; rcgo__elf_section_at(elf, i, &section); i++) {
		if (section.type == type && rcgo__elf_section_at(elf, section.link, &strings)) {
			source->symbols = rcgo__elf_section_raw(elf, &section);
			source->strings = rcgo__elf_section_raw(elf, &strings);
			source->count = UINT32_MAX;
			return source->symbols.size > symtab_symbol_bytes(elf);
		}
	}
	return false;
}

bool
rcgo__symtab_add(struct rcgo_symtab *table, const struct rcgo_elf *elf)
{
	struct rcgo_symtab_source *source = &table->sources[table->source_count];
	size_t most;

	if (table->source_count == RCGO_SYMTAB_SOURCES) {
		return false;
	}
	*source = (struct rcgo_symtab_source){.elf = elf};
	if (!symtab_add_section(source, elf, SHT_SYMTAB) &&
		!symtab_add_section(source, elf, SHT_DYNSYM) && !symtab_add_dynamic(source, elf)) {
		return false;
	}
	most = source->symbols.size / symtab_symbol_bytes(elf);
	if (source->count > most) {
		source->count = most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
	}
	table->source_count += source->count > 1;
	return source->count > 1;
}

// On these machines $x, $d and the like tell code from data, and are no names.
static bool
symtab_is_mapping(const struct rcgo_symtab_source *source, uint32_t name)
{
	uint16_t machine = source->elf->machine;

	return (machine == EM_AARCH64 || machine == EM_ARM || machine == EM_RISCV) &&
	       source->strings.at[name] == '$';
}

bool
rcgo__symtab_read(
	const struct rcgo_symtab_source *source, uint32_t index, struct rcgo_symtab_raw *raw)
{
	const struct rcgo_elf *elf = source->elf;
	const uint8_t *at = source->symbols.at + index * symtab_symbol_bytes(elf);
	uint8_t info = at[elf->wide ? offsetof(Elf64_Sym, st_info) : offsetof(Elf32_Sym, st_info)];
	uint16_t section = rcgo__get16(
		at + (elf->wide ? offsetof(Elf64_Sym, st_shndx) : offsetof(Elf32_Sym, st_shndx)),
		elf->big);

	raw->type = info & 15;
	raw->binding = info >> 4;
	raw->name = rcgo__get32(at, elf->big);
	if ((raw->type != STT_FUNC && raw->type != STT_NOTYPE && raw->type != STT_GNU_IFUNC) ||
		section == SHN_UNDEF || (section >= SHN_LORESERVE && section != SHN_XINDEX) ||
		raw->name >= source->strings.size || source->strings.at[raw->name] == 0) {
		return false;
	}
	if (elf->wide) {
		raw->address = rcgo__get64(at + offsetof(Elf64_Sym, st_value), elf->big);
		raw->size = rcgo__get64(at + offsetof(Elf64_Sym, st_size), elf->big);
	} else {
		raw->address = rcgo__get32(at + offsetof(Elf32_Sym, st_value), elf->big);
		raw->size = rcgo__get32(at + offsetof(Elf32_Sym, st_size), elf->big);
	}
	return raw->type != STT_NOTYPE || !symtab_is_mapping(source, raw->name);
}
