// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, default: what Go's tables say about the program. Read on g0 as Go starts.
// Re-read runtime/symtab.go (moduledata, moduledataverify1) and cmd/link/internal/ld/pcln.go.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // memmem
#endif

#include <string.h>

#include "rcgo_default.h"

#define MAGIC_1_18 0xfffffff0 // Go 1.18 and 1.19
#define MAGIC_1_20 0xfffffff1 // Go 1.20 on

// Two structures that each count the functions agree only where both have the layout we know.
bool
rcgo__go_module_known(const struct rcgo_go_module *m)
{
	const struct rcgo_go_pc_header *h = m->pcHeader;
	uintptr_t lo = (uintptr_t)h;
	uintptr_t names = (uintptr_t)m->funcnametab.array;
	uintptr_t funcs = (uintptr_t)m->ftab.array;

	return h != NULL && (h->magic == MAGIC_1_18 || h->magic == MAGIC_1_20) && h->pad1 == 0 &&
	       h->pad2 == 0 && h->ptrSize == sizeof(void *) && h->nfunc > 0 &&
	       m->ftab.len == h->nfunc + 1 && names > lo && funcs > names &&
	       m->funcnametab.len > 0 && (uintptr_t)m->funcnametab.len <= funcs - names &&
	       m->text < m->etext && m->text <= m->minpc && m->maxpc <= m->etext;
}

bool
rcgo__go_module_has(const struct rcgo_go_module *m, const char *name, size_t size)
{
	return memmem(m->funcnametab.array, (size_t)m->funcnametab.len, name, size) != NULL;
}

uintptr_t
rcgo__go_module_text(const struct rcgo_go_module *m)
{
	const struct rcgo_go_func *funcs = m->ftab.array;
	const char *table = m->pclntable.array;
	intptr_t i = 0;

	while (i + 1 < m->ftab.len) {
		const struct rcgo_go_func_info *info = (const void *)(table + funcs[i].funcoff);

		if (info->pcsp != 0) {
			break;
		}
		i++;
	}
	return m->text + funcs[i].entryoff;
}
