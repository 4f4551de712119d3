// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: sets of 128 signals in four words of 32 bits, as on FreeBSD. The functions under
// test are compiled with that layout.

#include <stdint.h>

#define RCGO_SIGSET_WORD uint32_t
#define RCGO_SIGSET_WORDS 4

#include "sigset_cases.h"

// Signals are at the bits that FreeBSD's sigaddset uses: _SIG_WORD and _SIG_BIT.
TEST(layout_of_freebsd)
{
	go_sigset_t set = rcgo__sigset_empty();

	CHECK_INT(sizeof set, 16);
	CHECK_INT(RCGO_SIGNALS, 128);
	rcgo__sigset_add(&set, 1);
	rcgo__sigset_add(&set, 32);
	rcgo__sigset_add(&set, 33);
	rcgo__sigset_add(&set, 65);
	rcgo__sigset_add(&set, 128);
	CHECK_INT(set.word[0], 0x80000001u);
	CHECK_INT(set.word[1], 1);
	CHECK_INT(set.word[2], 1);
	CHECK_INT(set.word[3], 0x80000000u);
}

UNIT_MAIN(SIGSET_CASES, UNIT_TEST(layout_of_freebsd))
