// SPDX-License-Identifier: BSD-3-Clause
// Finds words in the thread-local storage of the calling thread. At start, on the system stack.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include <link.h>
#include <string.h>

#include "leafcall.h"

struct search {
	uintptr_t value;
	uintptr_t *found;
	size_t n, room;
};

// Looks through the storage of one object.
static int
look(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct search *s = arg;
	uintptr_t block = (uintptr_t)info->dlpi_tls_data;

	if (size < offsetof(struct dl_phdr_info, dlpi_tls_data) + sizeof block || block == 0) {
		return 0;
	}
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		for (uintptr_t at = 0; p->p_type == PT_TLS && at + sizeof at <= p->p_memsz;
			at += sizeof at) {
			uintptr_t word;

			memcpy(&word, (const void *)(block + at), sizeof word);
			if (word == s->value && s->n < s->room) {
				s->found[s->n++] =
					block + at - (uintptr_t)__builtin_thread_pointer();
			}
		}
	}
	return 0;
}

size_t
rcgo_leaf_tls(uintptr_t value, uintptr_t *offsets, size_t room)
{
	struct search s = {value, offsets, 0, room};

	dl_iterate_phdr(look, &s);
	return s.n;
}
