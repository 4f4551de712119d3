// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: sets of the first 64 signals as numbers, in which bit n-1 is signal n.
#ifndef SIGSET_TOOLS_H
#define SIGSET_TOOLS_H

#include "go_sigset.h"

static inline go_sigset_t
set_of_bits(uint64_t bits)
{
	go_sigset_t set = rcgo__sigset_empty();

	for (int sig = 1; sig <= 64; sig++) {
		if ((bits >> (sig - 1) & 1) != 0) {
			rcgo__sigset_add(&set, sig);
		}
	}
	return set;
}

static inline uint64_t
bits_of_set(go_sigset_t set)
{
	uint64_t bits = 0;

	for (int sig = 1; sig <= 64; sig++) {
		bits |= (uint64_t)rcgo__sigset_has(&set, sig) << (sig - 1);
	}
	return bits;
}

#endif // SIGSET_TOOLS_H
