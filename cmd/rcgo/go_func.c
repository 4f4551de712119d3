// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: Go functions and the sizes of their frames, from the pclntab.
// GO: runtime/symtab.go findfunc, pcvalue; runtime/runtime2.go _func
#include "stack_go.h"

#include <string.h>

#define FUNCTION_MAX ((uint64_t)64 << 20)
#define FRAME_MAX (1 << 28)

const struct go_table *
go_table_at(const struct go_state *go, uint64_t pc)
{
	for (size_t i = 0; i < go->tables; i++) {
		if (!go->table[i].gone && pc >= go->table[i].text && pc < go->table[i].etext) {
			return &go->table[i];
		}
	}
	return NULL;
}

uint32_t
go_record32(const struct go_func *f, size_t at)
{
	return at + 4 <= f->record.size ? rcgo__get32(f->record.at + at, false) : 0;
}

static uint64_t
ftab_entry(const struct go_table *t, size_t i, uint32_t *record)
{
	*record = rcgo__get32(t->ftab.at + 8 * i + 4, false);
	return t->text + rcgo__get32(t->ftab.at + 8 * i, false);
}

#define SPECIAL(name, special)                 \
	{                                      \
		name, sizeof name - 1, special \
	}

static enum go_special
special_of(const char *name)
{
	static const struct {
		const char *name;
		size_t length; // compared first, because this is called for each frame
		enum go_special special;
	} known[] = {
		SPECIAL("runtime.asmcgocall", GO_ASMCGOCALL),
		SPECIAL("runtime.asmcgocall.abi0", GO_ASMCGOCALL),
		SPECIAL("runtime.asmcgocall_landingpad", GO_ASMCGOCALL),
		SPECIAL("runtime.asmcgocall_no_g", GO_ASMCGOCALL),
		SPECIAL("runtime.cgocallback", GO_CGOCALLBACK),
		SPECIAL("runtime.cgocallback.abi0", GO_CGOCALLBACK),
		SPECIAL("crosscall2", GO_CROSSCALL2),
		SPECIAL("runtime.systemstack", GO_SYSTEMSTACK),
		SPECIAL("runtime.systemstack.abi0", GO_SYSTEMSTACK),
		SPECIAL("runtime.morestack", GO_MORESTACK),
		SPECIAL("runtime.morestack.abi0", GO_MORESTACK),
		SPECIAL("runtime.sigreturn", GO_SIGRETURN),
		SPECIAL("runtime.sigreturn.abi0", GO_SIGRETURN),
		SPECIAL("runtime.sigreturn__sigaction", GO_SIGRETURN),
		SPECIAL("runtime.sigreturn__sigaction.abi0", GO_SIGRETURN),
		SPECIAL("runtime.nanotime1", GO_VDSO),
		SPECIAL("runtime.walltime", GO_VDSO),
		SPECIAL("runtime.walltime1", GO_VDSO),
		SPECIAL("time.now", GO_VDSO),
		SPECIAL("runtime.goexit", GO_BOTTOM),
		SPECIAL("runtime.goexit.abi0", GO_BOTTOM),
		SPECIAL("runtime.mcall", GO_BOTTOM),
		SPECIAL("runtime.mstart", GO_BOTTOM),
		SPECIAL("runtime.mstart.abi0", GO_BOTTOM),
		SPECIAL("runtime.rt0_go", GO_BOTTOM),
		SPECIAL("runtime.rt0_go.abi0", GO_BOTTOM),
	};
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (length == known[i].length && memcmp(name, known[i].name, length) == 0) {
			return known[i].special;
		}
	}
	return GO_PLAIN;
}

bool
go_func_of(const struct go_state *go, const struct module *module, uint64_t pc, struct go_func *f)
{
	for (size_t i = 0; i < go->tables; i++) {
		const struct go_table *t = &go->table[i];

		if (t->module == module && pc >= t->text && pc < t->etext) {
			return go_func_in(t, pc, f);
		}
	}
	return false;
}

bool
go_func_in(const struct go_table *t, uint64_t pc, struct go_func *f)
{
	size_t lo = 0, hi = t->nfunc;
	uint32_t record;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (ftab_entry(t, mid, &record) <= pc) {
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
	if (lo == 0) {
		return false;
	}
	f->table = t;
	f->end = ftab_entry(t, lo, &record);
	f->entry = ftab_entry(t, lo - 1, &record);
	f->record = rcgo__bytes_from(t->functions, record);
	f->name = f->record.size >= 48 ? rcgo__bytes_string(t->names, go_record32(f, 4)) : NULL;
	if (f->name == NULL || f->end - f->entry > FUNCTION_MAX || pc >= f->end) {
		return false;
	}
	f->special = special_of(f->name);
	f->sized_at = 0;
	return true;
}

// Reads LEB128 of at most 32 bits. Returns false at the end.
static bool
uleb(struct rcgo_bytes *b, uint32_t *value)
{
	*value = 0;
	for (unsigned shift = 0; b->size > 0 && shift < 35; shift += 7) {
		uint8_t byte = *b->at++;

		b->size--;
		*value |= (uint32_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			return true;
		}
	}
	return false;
}

// The table has pairs: the change of the value, and the number of bytes for which it holds. A
// change of 0 after the first pair ends it.
bool
go_pcvalue(const struct go_func *f, uint32_t offset, uint64_t pc, int32_t *value)
{
	struct rcgo_bytes b = rcgo__bytes_from(f->table->pctab, offset);
	uint64_t at = f->entry;
	uint32_t change, distance;

	*value = -1;
	if (offset == 0) {
		return false;
	}
	for (bool first = true; uleb(&b, &change); first = false) {
		if ((change == 0 && !first) || !uleb(&b, &distance)) {
			return false;
		}
		*value = (int32_t)((uint32_t)*value +
				   ((change & 1) != 0 ? ~(change >> 1) : change >> 1));
		at += (uint64_t)distance * f->table->quantum;
		if (pc < at) {
			return true;
		}
		if (at > f->end) {
			return false;
		}
	}
	return false;
}

static int32_t
read_frame_size(const struct go_func *f, uint64_t pc)
{
	int32_t n;

	return go_pcvalue(f, go_record32(f, 16), pc, &n) && n <= FRAME_MAX ? n : -1;
}

// Many threads have the same frames. The tables of an object do not change.
#define CACHED_BITS 10
#define CACHED_SPREAD 0x9e3779b97f4a7c15u
struct go_func_cache {
	struct go_func at[1 << CACHED_BITS]; // by sized_at
};

struct go_func_cache *
go_func_cache_new(void)
{
	return xalloc(sizeof(struct go_func_cache));
}

bool
go_func_at(const struct go_state *go, uint64_t pc, struct go_func *f)
{
	const struct go_table *t = go_table_at(go, pc);
	struct go_func *cached;

	if (t == NULL || go->cache == NULL) {
		return t != NULL && go_func_in(t, pc, f);
	}
	cached = &go->cache->at[pc * CACHED_SPREAD >> (64 - CACHED_BITS)];
	if (cached->table != t || cached->sized_at != pc) {
		if (!go_func_in(t, pc, f)) {
			return false;
		}
		f->size = read_frame_size(f, pc);
		f->sized_at = pc;
		*cached = *f;
	}
	*f = *cached;
	return true;
}

bool
go_frame_size(const struct go_func *f, uint64_t pc, uint64_t *size)
{
	int32_t n = f->sized_at == pc ? f->size : read_frame_size(f, pc);

	*size = (uint64_t)(n < 0 ? 0 : n);
	return n >= 0;
}
