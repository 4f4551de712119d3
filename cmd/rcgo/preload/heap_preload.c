// SPDX-License-Identifier: BSD-3-Clause
// The library that `rcgo heap run` preloads: heap profiling for programs that were built by plain
// go. It is linked without libc, so that one file serves glibc and musl. It is active in processes
// whose program has a Go runtime, and passes all calls on elsewhere, such as in `timeout` or `sh`.

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "heap_profiling.h"
#include "heap_record.h"
#include "module.h"
#include "unwinder.h"

#define MODULE_WORDS 44
#define TABLE_HEAD 72

// The words of a moduledata, and of the table that its first word points to.
// GO: runtime/symtab.go struct moduledata: pcHeader funcnametab cutab filetab pctab pclntable ftab
// findfunctab minpc maxpc text etext ...
enum { MD_NAMES = 1, MD_FUNCTIONS = 13, MD_FTAB_LEN = 17, MD_TEXT = 22, MD_ETEXT = 23 };

// A part of the program in memory.
struct range {
	uintptr_t lo, hi;
};

static bool
is_moduledata(const uint64_t *w, const struct range *data)
{
	const uint8_t *table = (const uint8_t *)w[0];
	uint64_t head[TABLE_HEAD / 8];
	uint32_t magic;

	if (w[0] < data->lo || w[0] > data->hi - TABLE_HEAD || w[0] % 8 != 0) {
		return false;
	}
	memcpy(&magic, table, sizeof magic);
	memcpy(head, table, sizeof head);
	return (magic == 0xfffffff1 || magic == 0xfffffff0) && table[4] == 0 && table[5] == 0 &&
	       (table[6] == 1 || table[6] == 4) && table[7] == 8 && w[MD_NAMES] == w[0] + head[4] &&
	       w[MD_FUNCTIONS] == w[0] + head[8] && w[MD_FTAB_LEN] == head[1] + 1 &&
	       w[MD_TEXT] < w[MD_ETEXT];
}

// Searches the program's variables for the description of its Go code. The loader has relocated it.
static const uint64_t *
find_moduledata(const ElfW(Phdr) * phdr, size_t n, uintptr_t bias)
{
	struct range all = {UINTPTR_MAX, 0};

	for (size_t i = 0; i < n; i++) {
		uintptr_t lo = bias + phdr[i].p_vaddr;

		if (phdr[i].p_type == PT_LOAD) {
			all.lo = lo < all.lo ? lo : all.lo;
			all.hi = lo + phdr[i].p_filesz > all.hi ? lo + phdr[i].p_filesz : all.hi;
		}
	}
	for (size_t i = 0; i < n; i++) {
		uintptr_t lo = bias + phdr[i].p_vaddr, hi = lo + phdr[i].p_filesz;

		if (phdr[i].p_type != PT_LOAD || (phdr[i].p_flags & PF_W) == 0) {
			continue;
		}
		lo = (lo + 7) & ~(uintptr_t)7;
		for (; lo + MODULE_WORDS * 8 <= hi; lo += 8) {
			if (is_moduledata((const uint64_t *)lo, &all)) {
				return (const uint64_t *)lo;
			}
		}
	}
	return NULL;
}

static const uint64_t *
find_go(void)
{
	uintptr_t at = (uintptr_t)getauxval(AT_PHDR), bias = 0;
	const ElfW(Phdr) *phdr = (const ElfW(Phdr) *)at;
	size_t n = (size_t)getauxval(AT_PHNUM);

	for (size_t i = 0; i < n; i++) {
		if (phdr[i].p_type == PT_PHDR) {
			bias = at - phdr[i].p_vaddr;
		}
	}
	return at == 0 ? NULL : find_moduledata(phdr, n, bias);
}

bool
rcgo__heap_own_stack(struct rcgo_stack_bounds *stack)
{
	(void)stack;
	return false;
}

__attribute__((constructor)) static void
start(void)
{
	const char *value = secure_getenv("RCGO_HEAP");
	const uint64_t *module = find_go();

	if (value == NULL || (module == NULL && getenv("RCGO_HEAP_ANY") == NULL)) {
		return;
	}
	rcgo__modules_init();
	if (module != NULL) {
		const struct rcgo_unwind_boundary boundary = {
			.start = module[MD_TEXT],
			.end = module[MD_ETEXT],
			.note = {.name = "Go", .type = 4},
		};

		rcgo__unwind_set_boundary(&boundary);
		rcgo__heap_set_go_text(module[MD_TEXT], module[MD_ETEXT]);
	}
	rcgo__heap_configure(value);
	rcgo__heap_note_go_module((uintptr_t)module);
}
