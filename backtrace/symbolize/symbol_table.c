// SPDX-License-Identifier: BSD-3-Clause
// Reads the symbol tables of ELF images and finds the function at an address. Runs on any stack,
// also in signal handlers.
// Contract: the ELF gABI; GNU's hash table as its linkers write it.

#include "symbol_table.h"

#include <elf.h>

static size_t
symtab_symbol_bytes(const struct rcgo_elf *elf)
{
	return elf->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
}

// Reads the value of a tag in the dynamic section.
static bool
symtab_dynamic(const struct rcgo_elf *elf, struct rcgo_bytes dynamic, uint64_t tag, uint64_t *value)
{
	size_t word = elf->wide ? 8 : 4;

	for (size_t at = 0; at + 2 * word <= dynamic.size; at += 2 * word) {
		const uint8_t *entry = dynamic.at + at;
		uint64_t found =
			elf->wide ? rcgo__get64(entry, elf->big) : rcgo__get32(entry, elf->big);

		if (found == tag) {
			*value = elf->wide ? rcgo__get64(entry + word, elf->big)
					   : rcgo__get32(entry + word, elf->big);
			return true;
		}
		if (found == DT_NULL) {
			break;
		}
	}
	return false;
}

// Returns the number of symbols that GNU's hash table implies, including the unhashed ones at the
// start.
static uint32_t
symtab_gnu_count(const struct rcgo_elf *elf, struct rcgo_bytes hash)
{
	uint32_t buckets, first, last = 0;
	uint64_t chains_at;

	if (rcgo__bytes_read(hash, 0, 16).size == 0) {
		return 0;
	}
	buckets = rcgo__get32(hash.at, elf->big);
	first = rcgo__get32(hash.at + 4, elf->big);
	chains_at = 16 + (uint64_t)rcgo__get32(hash.at + 8, elf->big) * (elf->wide ? 8 : 4);
	for (uint32_t i = 0; i < buckets; i++) {
		struct rcgo_bytes b = rcgo__bytes_read(hash, chains_at + 4 * (uint64_t)i, 4);
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
			rcgo__bytes_read(hash, chains_at + 4 * (uint64_t)(last - first), 4);

		if (b.size == 0) {
			return 0;
		}
		if ((rcgo__get32(b.at, elf->big) & 1) != 0) {
			return last + 1;
		}
	}
	return first;
}

// Adds the dynamic linker's tables, for an image without sections.
static bool
symtab_add_dynamic(struct rcgo_symtab_source *source, const struct rcgo_elf *elf)
{
	struct rcgo_bytes dynamic = {0};
	struct rcgo_segment segment;
	uint64_t symbols, strings, size, hash;

	for (uint32_t i = 0; dynamic.size == 0 && rcgo__elf_segment_at(elf, i, &segment); i++) {
		if (segment.type == PT_DYNAMIC) {
			dynamic = rcgo__bytes_read(elf->image, segment.offset, segment.file_size);
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
		struct rcgo_bytes table = rcgo__bytes_read(rcgo__elf_at_address(elf, hash), 0, 8);

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
	rcgo__bytes_read(source->symbols, 0, source->count * symtab_symbol_bytes(elf));
	rcgo__bytes_load(source->strings);
	table->source_count += source->count > 1;
	return source->count > 1;
}

// On these machines $x, $d and similar are mapping symbols, which separate code from data. They are
// not names.
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

// Finds the function at an address. The choice among several symbols matches binutils.

// The range of addresses in which symbols may name the code at an address.
struct symtab_range {
	uint64_t low, high;
};

// Bits per pass of the radix sort.
#define SYMTAB_DIGIT 8

// Returns the section that contains address, in the first file that has one. Otherwise returns the
// segment, and otherwise the whole address space.
static struct symtab_range
symtab_range_of(const struct rcgo_symtab *table, uint64_t address)
{
	for (uint32_t i = 0; i < table->source_count; i++) {
		const struct rcgo_elf *elf = table->sources[i].elf;
		struct rcgo_section section;

		for (uint32_t k = 0; rcgo__elf_section_at(elf, k, &section); k++) {
			if ((section.flags & SHF_ALLOC) != 0 && (section.flags & SHF_TLS) == 0 &&
				address >= section.address &&
				address - section.address < section.size) {
				return (struct symtab_range){
					section.address, section.address + section.size};
			}
		}
	}
	for (uint32_t i = 0; i < table->source_count; i++) {
		struct rcgo_segment segment;

		for (uint32_t k = 0; rcgo__elf_segment_at(table->sources[i].elf, k, &segment);
			k++) {
			if (segment.type == PT_LOAD && address >= segment.address &&
				address - segment.address < segment.memory_size) {
				return (struct symtab_range){
					segment.address, segment.address + segment.memory_size};
			}
		}
	}
	return (struct symtab_range){1, 0};
}

static bool
symtab_covers(const struct rcgo_symtab_raw *raw, uint64_t address)
{
	return address - raw->address < raw->size;
}

// Returns whether a is a better name for the address than b.
static bool
symtab_better(const struct rcgo_symtab_raw *a, const struct rcgo_symtab_raw *b, uint64_t address)
{
	if (a->address != b->address) {
		return a->address > b->address;
	}
	if (!symtab_covers(b, address)) {
		return a->size > b->size;
	}
	if (!symtab_covers(a, address)) {
		return false;
	}
	if ((a->type == STT_NOTYPE) != (b->type == STT_NOTYPE)) {
		return b->type == STT_NOTYPE;
	}
	if (a->size != b->size) {
		return a->size < b->size;
	}
	return a->binding != STB_LOCAL && b->binding == STB_LOCAL;
}

// The best candidate so far.
struct symtab_best {
	struct symtab_range range;
	uint64_t address;
	struct rcgo_symtab_raw raw;
	const struct rcgo_symtab_source *source; // NULL while there is none
	uint32_t index;
};

static void
symtab_consider(struct symtab_best *best, const struct rcgo_symtab_source *source, uint32_t index)
{
	struct rcgo_symtab_raw raw;

	if (rcgo__symtab_read(source, index, &raw) && raw.address <= best->address &&
		raw.address >= best->range.low &&
		(best->source == NULL || symtab_better(&raw, &best->raw, best->address))) {
		best->raw = raw;
		best->source = source;
		best->index = index;
	}
}

// Offers the symbols at the greatest address that is not above the one searched for.
static void
symtab_consider_sorted(const struct rcgo_symtab *table, struct symtab_best *best)
{
	uint32_t low = 0, high = table->entry_count, end;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (table->entries[middle].address <= best->address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	end = low;
	while (low > 0 && table->entries[low - 1].address == table->entries[end - 1].address) {
		low--;
	}
	for (; low < end; low++) {
		const struct rcgo_symtab_entry *entry = &table->entries[low];

		symtab_consider(best, &table->sources[entry->source], entry->index);
	}
}

// Returns the source file of a local symbol. Its STT_FILE symbol precedes it in the table.
static const char *
symtab_file(const struct symtab_best *best)
{
	struct rcgo_symtab_raw raw = {.binding = best->raw.binding};

	for (uint32_t i = best->index; i > 0 && raw.binding == STB_LOCAL; i--) {
		rcgo__symtab_read(best->source, i, &raw);
		if (raw.type == STT_FILE) {
			const char *file = rcgo__bytes_string(best->source->strings, raw.name);

			return file != NULL && file[0] != 0 ? file : NULL;
		}
	}
	return NULL;
}

bool
rcgo__symtab_find(const struct rcgo_symtab *table, uint64_t address, struct rcgo_symbol *symbol)
{
	struct symtab_best best = {.range = symtab_range_of(table, address), .address = address};

	*symbol = (struct rcgo_symbol){0};
	if (best.range.low > best.range.high) {
		return false;
	}
	if (table->entries != NULL) {
		symtab_consider_sorted(table, &best);
	} else {
		for (uint32_t i = 0; i < table->source_count; i++) {
			for (uint32_t k = 1; k < table->sources[i].count; k++) {
				symtab_consider(&best, &table->sources[i], k);
			}
		}
	}
	if (best.source == NULL) {
		return false;
	}
	symbol->name = rcgo__bytes_string(best.source->strings, best.raw.name);
	symbol->file = symtab_file(&best);
	symbol->address = best.raw.address;
	symbol->size = best.raw.size;
	symbol->covers = best.raw.size == 0 || symtab_covers(&best.raw, address);
	return symbol->name != NULL;
}

// Sorts by one digit of the address. The sort is stable.
static void
symtab_sort_digit(const struct rcgo_symtab_entry *from, struct rcgo_symtab_entry *to, uint32_t n,
	unsigned shift)
{
	uint32_t positions[1 << SYMTAB_DIGIT] = {0};
	uint32_t sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		positions[from[i].address >> shift & 0xff]++;
	}
	for (uint32_t i = 0; i < RCGO_COUNTOF(positions); i++) {
		uint32_t count = positions[i];

		positions[i] = sum;
		sum += count;
	}
	for (uint32_t i = 0; i < n; i++) {
		to[positions[from[i].address >> shift & 0xff]++] = from[i];
	}
}

// Stores up to capacity entries; if entries is NULL, only counts them. *differ gets the bits in
// which addresses differ.
static uint32_t
symtab_collect(const struct rcgo_symtab *table, struct rcgo_symtab_entry *entries,
	uint32_t capacity, uint64_t *differ)
{
	uint32_t n = 0;
	uint64_t ones = 0, zeros = 0;

	for (uint32_t i = 0; i < table->source_count; i++) {
		for (uint32_t k = 1; k < table->sources[i].count && n < capacity; k++) {
			struct rcgo_symtab_raw raw;

			if (!rcgo__symtab_read(&table->sources[i], k, &raw)) {
				continue;
			}
			if (entries != NULL) {
				entries[n] = (struct rcgo_symtab_entry){raw.address, i, k};
			}
			ones |= raw.address;
			zeros |= ~raw.address;
			n++;
		}
	}
	*differ = ones & zeros;
	return n;
}

bool
rcgo__symtab_sort(struct rcgo_symtab *table, struct rcgo_arena *arena)
{
	size_t before = rcgo__arena_mark(arena), behind;
	uint64_t differ;
	uint32_t n = symtab_collect(table, NULL, UINT32_MAX, &differ);
	struct rcgo_symtab_entry *entries = rcgo__arena_alloc(arena, n * sizeof *entries);
	struct rcgo_symtab_entry *other;

	behind = rcgo__arena_mark(arena);
	other = rcgo__arena_alloc(arena, n * sizeof *other);
	if (entries == NULL || other == NULL) {
		rcgo__arena_release(arena, before);
		return false;
	}
	// There may be fewer now, if the file was modified meanwhile.
	n = symtab_collect(table, entries, n, &differ);
	for (unsigned shift = 0; shift < 64; shift += SYMTAB_DIGIT) {
		if ((differ >> shift & 0xff) != 0) {
			symtab_sort_digit(entries, other, n, shift);
			memcpy(entries, other, n * sizeof *entries);
		}
	}
	rcgo__arena_release(arena, behind);
	table->entries = entries;
	table->entry_count = n;
	return true;
}
