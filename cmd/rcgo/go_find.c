// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: finds Go runtimes by content: the head of a pclntab in a file, the moduledata that
// points to it in memory. Neither symbols nor sections are needed.
// GO: runtime/symtab.go pcHeader, moduledata
#include "stack_go.h"

#include <ctype.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define TABLES_MAX 64
#define CHUNK ((size_t)1 << 20)
#define SCAN_MAX ((uint64_t)1 << 30)
#define TABLE_MAX ((uint64_t)1 << 31)

// The words of a moduledata.
enum {
	MD_HEADER = 0,
	MD_NAMES = 1,
	MD_CU = 4,
	MD_FILES = 7,
	MD_PCTAB = 10,
	MD_FUNCTIONS = 13,
	MD_FTAB = 16,
	MD_FTAB_LEN = 17,
	MD_TEXT = 22,
	MD_ETEXT = 23,
	MD_DATA = 24,	  // noptrdata, enoptrdata, data, edata, bss, ebss,
	MD_DATA_END = 31, // noptrbss, enoptrbss: in the order of whichever linker
	MD_WORDS = 44,
};

static uint64_t
word_at(const uint8_t *at)
{
	return rcgo__get64(at, false);
}

// Returns whether a pclntab begins here. Its offsets begin with the eighth word.
static bool
is_pclntab(struct rcgo_bytes b)
{
	uint32_t magic;
	uint64_t names, functions;

	if (b.size < 72) {
		return false;
	}
	magic = rcgo__get32(b.at, false);
	if (magic != 0xfffffff1 && magic != 0xfffffff0) {
		return false;
	}
	names = word_at(b.at + 32);
	functions = word_at(b.at + 64);
	return b.at[4] == 0 && b.at[5] == 0 && (b.at[6] == 1 || b.at[6] == 4) && b.at[7] == 8 &&
	       names >= 72 && names < b.size && functions > names && functions < b.size;
}

// Returns a slice of a moduledata, as bytes of the file. length is the size of an element.
static struct rcgo_bytes
slice(const struct module *m, const uint64_t *w, unsigned at, size_t length)
{
	struct rcgo_bytes b = module_bytes(m, w[at]);
	uint64_t size = w[at + 1] < TABLE_MAX ? w[at + 1] * length : 0;

	return rcgo__bytes_slice(b, 0, size < b.size ? size : b.size);
}

static void
take_data(struct go_table *table, const uint64_t *w)
{
	table->data = UINT64_MAX;
	table->data_end = 0;
	for (unsigned i = MD_DATA; i < MD_DATA_END; i += 2) {
		if (w[i] < w[i + 1]) {
			table->data = w[i] < table->data ? w[i] : table->data;
			table->data_end = w[i + 1] > table->data_end ? w[i + 1] : table->data_end;
		}
	}
	table->data &= ~(uint64_t)7;
}

static bool
take_moduledata(struct target *t, struct go_table *table, struct module *m, uint64_t at)
{
	struct rcgo_bytes header = module_bytes(m, table->pclntab);
	uint64_t w[MD_WORDS];

	if (!target_read(t, at, w, sizeof w) || w[MD_HEADER] != table->pclntab ||
		w[MD_NAMES] != table->pclntab + word_at(header.at + 32) ||
		w[MD_FUNCTIONS] != table->pclntab + word_at(header.at + 64) ||
		w[MD_FTAB_LEN] != word_at(header.at + 8) + 1 || w[MD_TEXT] >= w[MD_ETEXT]) {
		return false;
	}
	table->module = m;
	table->moduledata = at;
	table->text = w[MD_TEXT];
	table->etext = w[MD_ETEXT];
	take_data(table, w);
	table->names = slice(m, w, MD_NAMES, 1);
	table->cu = slice(m, w, MD_CU, 4);
	table->files = slice(m, w, MD_FILES, 1);
	table->pctab = slice(m, w, MD_PCTAB, 1);
	table->functions = slice(m, w, MD_FUNCTIONS, 1);
	table->ftab = slice(m, w, MD_FTAB, 8);
	table->nfunc = table->ftab.size / 8 > 0 ? table->ftab.size / 8 - 1 : 0;
	table->quantum = header.at[6];
	table->old = rcgo__get32(header.at, false) == 0xfffffff0;
	table->gofunc = go_find_gofunc(t, table);
	return table->nfunc > 0;
}

// Searches the target's memory from lo to hi for the word that points to the pclntab.
static bool
find_moduledata(
	struct target *t, struct go_table *table, struct module *m, uint64_t lo, uint64_t hi)
{
	uint8_t *chunk = xalloc(CHUNK);
	bool found = false;

	for (uint64_t at = lo; at < hi && at - lo < SCAN_MAX && !found; at += CHUNK) {
		size_t want = hi - at < CHUNK ? (size_t)(hi - at) : CHUNK;
		size_t size = target_read_some(t, at, chunk, want);

		for (size_t i = 0; i + 8 <= size && !found; i += 8) {
			found = word_at(chunk + i) == table->pclntab &&
				take_moduledata(t, table, m, at + i);
		}
	}
	free(chunk);
	return found;
}

static bool
take_pclntab(struct target *t, struct go_state *go, struct module *m, uint64_t address)
{
	struct go_table table = {.pclntab = address};
	struct rcgo_segment s;
	bool found = false;

	if (go->tables >= TABLES_MAX) {
		return false;
	}
	for (uint32_t i = 0; !found && rcgo__elf_segment_at(&m->elf, i, &s); i++) {
		uint64_t lo = (m->bias + s.address + 7) & ~(uint64_t)7;

		if (s.type == PT_LOAD && (s.flags & PF_X) == 0 && s.memory_size > 8) {
			found = find_moduledata(
				t, &table, m, lo, m->bias + s.address + s.memory_size);
		}
	}
	if (found) {
		go->table[go->tables++] = table;
	}
	return found;
}

// Searches the section .gopclntab if the file has one, else all of the file's data.
static bool
by_section(struct target *t, struct go_state *go, struct module *m)
{
	static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
	struct rcgo_section s;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (rcgo__elf_section_find(&m->elf, names[i], &s) != 0 && s.address != 0 &&
			is_pclntab(module_bytes(m, m->bias + s.address)) &&
			take_pclntab(t, go, m, m->bias + s.address)) {
			return true;
		}
	}
	return false;
}

// Reports whether a segment may have Go's data: no code, and not so large that a scan takes long.
static bool
is_scanned(const struct rcgo_segment *s)
{
	return s->type == PT_LOAD && (s->flags & PF_X) == 0 && s->file_size <= SCAN_MAX;
}

static void
by_content(struct target *t, struct go_state *go, struct module *m)
{
	struct rcgo_segment s;

	for (uint32_t i = 0; rcgo__elf_segment_at(&m->elf, i, &s); i++) {
		// Linkers of other languages align it less than Go's does.
		uint64_t at = (m->bias + s.address + 7) & ~(uint64_t)7;
		struct rcgo_bytes b;

		if (!is_scanned(&s)) {
			continue;
		}
		b = module_bytes(m, at);
		for (size_t k = 0; k + 72 <= b.size && k < s.file_size; k += 8) {
			if (is_pclntab((struct rcgo_bytes){.at = b.at + k, .size = b.size - k}) &&
				take_pclntab(t, go, m, at + k)) {
				return;
			}
		}
	}
}

// GO: cmd/go's build information: a magic of 14 bytes, two of flags, and from offset 32 on the
// version with its length before it. It is aligned to 16 bytes.
static const char build_magic[] = "\xff Go buildinf:";

static bool
is_build_info(struct rcgo_bytes b)
{
	return b.size >= 64 && memcmp(b.at, build_magic, sizeof build_magic - 1) == 0;
}

// Returns the build information, from the section .go.buildinfo or else from all of the data.
static struct rcgo_bytes
find_build_info(const struct module *m)
{
	struct rcgo_section section;
	struct rcgo_segment s;

	if (rcgo__elf_section_find(&m->elf, ".go.buildinfo", &section) != 0) {
		return module_bytes(m, m->bias + section.address);
	}
	for (uint32_t i = 0; rcgo__elf_segment_at(&m->elf, i, &s); i++) {
		struct rcgo_bytes b = module_bytes(m, (m->bias + s.address + 15) & ~(uint64_t)15);

		if (!is_scanned(&s)) {
			continue;
		}
		for (size_t k = 0; k < b.size && k < s.file_size; k += 16) {
			struct rcgo_bytes info = {.at = b.at + k, .size = b.size - k};

			if (is_build_info(info)) {
				return info;
			}
		}
	}
	return (struct rcgo_bytes){0};
}

static void
find_version(struct go_runtime *r)
{
	struct rcgo_bytes b = find_build_info(r->table->module);
	size_t n;

	r->minor = -1;
	if (!is_build_info(b) || (b.at[15] & 2) == 0 || b.at[32] >= sizeof r->version ||
		b.at[32] + (size_t)33 > b.size) {
		return;
	}
	n = b.at[32];
	memcpy(r->version, b.at + 33, n);
	r->version[n] = 0;
	for (size_t i = 0; i < n; i++) {
		r->version[i] = isgraph((unsigned char)r->version[i]) ? r->version[i] : ' ';
	}
	if (has_prefix(r->version, "go1.")) {
		r->minor = atoi(r->version + 4);
	}
}

// Marks the table of an object that was unloaded. It only names frames that were read before.
static void
drop_table(struct go_table *table)
{
	table->gone = true;
	if (table->runtime != NULL) {
		table->runtime->layout = NULL;
		table->runtime->allms = 0;
		table->runtime->gone = true;
	}
}

static void
add_runtime(struct target *t, struct go_state *go, struct go_table *table, bool first)
{
	struct go_runtime *r = &go->runtime[go->runtimes];

	*r = (struct go_runtime){.table = table};
	find_version(r);
	r->layout = go_layout_fit(t, r);
	// A plugin has functions, but uses the runtime of the program that loaded it.
	if (r->layout != NULL || first) {
		table->runtime = r;
		go->runtimes++;
	}
}

void
go_find(struct target *t, struct go_state *go)
{
	size_t before = go->tables;

	if (go->table == NULL) {
		go->table = xalloc(TABLES_MAX * sizeof *go->table);
		go->runtime = xalloc(TABLES_MAX * sizeof *go->runtime);
		go->cache = go_func_cache_new();
	}
	for (size_t i = 0; i < go->tables; i++) {
		if (!go->table[i].module->listed) {
			drop_table(&go->table[i]);
		}
	}
	for (size_t i = 0; i < t->modules; i++) {
		struct module *m = t->module[i];

		if (!m->searched && module_open(t, m) && !by_section(t, go, m)) {
			by_content(t, go, m);
		}
		m->searched = true;
	}
	for (size_t i = before; i < go->tables; i++) {
		add_runtime(t, go, &go->table[i], i == 0);
	}
}
