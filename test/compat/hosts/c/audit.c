// SPDX-License-Identifier: BSD-3-Clause
// An auditor (LD_AUDIT) that sees every object and every binding.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // la_version
#endif
#include <link.h>
#include <stdint.h>

unsigned
la_version(unsigned version)
{
	return version < LAV_CURRENT ? version : LAV_CURRENT;
}

unsigned
la_objopen(struct link_map *map, Lmid_t id, uintptr_t *cookie)
{
	(void)map;
	(void)id;
	(void)cookie;
	return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}

uintptr_t
la_symbind64(Elf64_Sym *symbol, unsigned index, uintptr_t *from, uintptr_t *to, unsigned *flags,
	const char *name)
{
	(void)index;
	(void)from;
	(void)to;
	(void)flags;
	(void)name;
	return symbol->st_value;
}
