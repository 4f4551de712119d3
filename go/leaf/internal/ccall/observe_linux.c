// SPDX-License-Identifier: BSD-3-Clause
// Looks at the g and m of the goroutine that is in this very call. At start, on the system stack.
#include "leafcall.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// Copies words through a pipe: for an address that cannot be read, write fails with EFAULT, where a
// load would end the program. In a Go newer than this file any word may hold anything.
static size_t
copy(uintptr_t *to, uintptr_t from, size_t words)
{
	int ends[2];
	ssize_t n = -1;

	if (from == 0 || from % sizeof *to != 0 || pipe(ends) != 0) {
		return 0;
	}
	// Not by write: AddressSanitizer would look at memory that is not C's.
	if (syscall(SYS_write, ends[1], from, words * sizeof *to) > 0) {
		n = read(ends[0], to, words * sizeof *to);
	}
	close(ends[0]);
	close(ends[1]);
	return n < 0 ? 0 : (size_t)n / sizeof *to;
}

void
rcgo_leaf_observe(struct leaf_facts *f)
{
	uintptr_t words[LEAF_G_SCHED / sizeof(uintptr_t) + 1];

	uintptr_t m, g0;

	f->m = f->g0 = f->g0_m = f->g0_sp = 0;
	f->c_sp = (uintptr_t)__builtin_frame_address(0);
	memset(f->g_words, 0, sizeof f->g_words);
	memset(f->m_words, 0, sizeof f->m_words);
	if (copy(f->g_words, f->g, LEAF_WORDS) < LEAF_WORDS / 2) {
		return;
	}
	m = f->g_words[LEAF_G_M / sizeof(uintptr_t)];
	if (copy(f->m_words, m, LEAF_WORDS) < LEAF_WORDS / 2) {
		return;
	}
	f->m = m;
	g0 = f->m_words[LEAF_M_G0 / sizeof(uintptr_t)];
	if (copy(words, g0, sizeof words / sizeof *words) == sizeof words / sizeof *words) {
		f->g0 = g0;
		f->g0_m = words[LEAF_G_M / sizeof(uintptr_t)];
		f->g0_sp = words[LEAF_G_SCHED / sizeof(uintptr_t)];
	}
}
