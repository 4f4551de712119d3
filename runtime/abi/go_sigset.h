// SPDX-License-Identifier: BSD-3-Clause
// ABI: a set of signals as Go, the kernel and libc lay it out: an array of words, in which signal
// n is bit (n-1) % w of word (n-1) / w, for words of w bits. The size of a word and the number of
// words depend on the system. Code uses these functions and never the words, so that sets of 64
// and of 128 signals are one code path. Where a set is one word, each function is an instruction
// or two.
//
// All functions are MT-Safe and AS-Safe and keep errno. Signals are numbered from 1 to
// RCGO_SIGNALS; the caller checks that. Those that change a shared set say so in their names.
#ifndef RCGO_GO_SIGSET_H
#define RCGO_GO_SIGSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

// A test that needs the layout of another system defines both macros itself.
#ifndef RCGO_SIGSET_WORDS
#	if defined(__linux__)
#		define RCGO_SIGSET_WORD unsigned long
#		if defined(__mips__)
#			define RCGO_SIGSET_WORDS (128 / 8 / sizeof(unsigned long))
#		else
#			define RCGO_SIGSET_WORDS (64 / 8 / sizeof(unsigned long))
#		endif
#	elif defined(__FreeBSD__)
#		define RCGO_SIGSET_WORD uint32_t
#		define RCGO_SIGSET_WORDS 4
#	else
#		error "runtime_cgo: no signal set for this system: see doc/porting.md"
#	endif
#endif

// GO: runtime/defs_freebsd_amd64.go struct sigset: __bits
// GO: runtime/defs_freebsd_arm64.go struct sigset: __bits
// GO: runtime/defs_freebsd_386.go struct sigset: __bits
// GO: runtime/defs_freebsd_arm.go struct sigset: __bits
// GO: runtime/defs_freebsd_riscv64.go struct sigset: __bits (go 1.20-)
typedef struct {
	RCGO_SIGSET_WORD word[RCGO_SIGSET_WORDS];
} go_sigset_t;

#define RCGO_SIGSET_WORD_BITS (8 * (int)sizeof(RCGO_SIGSET_WORD))
#define RCGO_SIGNALS (RCGO_SIGSET_WORD_BITS * (int)RCGO_SIGSET_WORDS)

static inline size_t
rcgo__sigset_index(int sig)
{
	return (size_t)((unsigned)(sig - 1) / (unsigned)RCGO_SIGSET_WORD_BITS);
}

static inline RCGO_SIGSET_WORD
rcgo__sigset_bit(int sig)
{
	return (RCGO_SIGSET_WORD)1 << ((unsigned)(sig - 1) % (unsigned)RCGO_SIGSET_WORD_BITS);
}

static inline go_sigset_t
rcgo__sigset_empty(void)
{
	return (go_sigset_t){{0}};
}

static inline go_sigset_t
rcgo__sigset_full(void)
{
	go_sigset_t set;

	for (size_t i = 0; i < RCGO_SIGSET_WORDS; i++) {
		set.word[i] = ~(RCGO_SIGSET_WORD)0;
	}
	return set;
}

static inline void
rcgo__sigset_add(go_sigset_t *set, int sig)
{
	set->word[rcgo__sigset_index(sig)] |= rcgo__sigset_bit(sig);
}

static inline void
rcgo__sigset_remove(go_sigset_t *set, int sig)
{
	set->word[rcgo__sigset_index(sig)] &= ~rcgo__sigset_bit(sig);
}

static inline bool
rcgo__sigset_has(const go_sigset_t *set, int sig)
{
	return (set->word[rcgo__sigset_index(sig)] & rcgo__sigset_bit(sig)) != 0;
}

// Returns the set of one signal.
static inline go_sigset_t
rcgo__sigset_of(int sig)
{
	go_sigset_t set = rcgo__sigset_empty();

	rcgo__sigset_add(&set, sig);
	return set;
}

// Returns the set of the signals from first to last.
static inline go_sigset_t
rcgo__sigset_range(int first, int last)
{
	go_sigset_t set = rcgo__sigset_empty();

	for (int sig = first; sig <= last; sig++) {
		rcgo__sigset_add(&set, sig);
	}
	return set;
}

static inline go_sigset_t
rcgo__sigset_union(go_sigset_t a, go_sigset_t b)
{
	for (size_t i = 0; i < RCGO_SIGSET_WORDS; i++) {
		a.word[i] |= b.word[i];
	}
	return a;
}

static inline go_sigset_t
rcgo__sigset_intersect(go_sigset_t a, go_sigset_t b)
{
	for (size_t i = 0; i < RCGO_SIGSET_WORDS; i++) {
		a.word[i] &= b.word[i];
	}
	return a;
}

// Returns the signals of a that are not in b.
static inline go_sigset_t
rcgo__sigset_minus(go_sigset_t a, go_sigset_t b)
{
	for (size_t i = 0; i < RCGO_SIGSET_WORDS; i++) {
		a.word[i] &= ~b.word[i];
	}
	return a;
}

static inline bool
rcgo__sigset_is_empty(go_sigset_t set)
{
	RCGO_SIGSET_WORD any = 0;

	for (size_t i = 0; i < RCGO_SIGSET_WORDS; i++) {
		any |= set.word[i];
	}
	return any == 0;
}

static inline bool
rcgo__sigset_equal(go_sigset_t a, go_sigset_t b)
{
	RCGO_SIGSET_WORD differ = 0;

	for (size_t i = 0; i < RCGO_SIGSET_WORDS; i++) {
		differ |= a.word[i] ^ b.word[i];
	}
	return differ == 0;
}

// Returns the lowest signal of the set that is greater than after, or 0. after is 0 at first.
static inline int
rcgo__sigset_next(const go_sigset_t *set, int after)
{
	size_t first = rcgo__sigset_index(after + 1);

	for (size_t i = first; i < RCGO_SIGSET_WORDS; i++) {
		unsigned long long rest = set->word[i];

		if (i == first) {
			rest &= ~((unsigned long long)rcgo__sigset_bit(after + 1) - 1);
		}
		if (rest != 0) {
			return (int)i * RCGO_SIGSET_WORD_BITS + (int)rcgo_lowest_bit(rest) + 1;
		}
	}
	return 0;
}

// Iterates over the signals of *set in ascending order.
#define RCGO_SIGSET_EACH(sig, set)                              \
	for (int sig = rcgo__sigset_next((set), 0); (sig) != 0; \
		(sig) = rcgo__sigset_next((set), (sig)))

// Returns 64 bits that depend on all signals of the set. For a set of 64 signals or fewer it is the
// number with bit n-1 for signal n.
static inline uint64_t
rcgo__sigset_fold(go_sigset_t set)
{
	uint64_t folded = 0;

	for (size_t i = 0; i < RCGO_SIGSET_WORDS; i++) {
		folded ^= (uint64_t)set.word[i]
			  << (unsigned)(i * (size_t)RCGO_SIGSET_WORD_BITS % 64);
	}
	return folded;
}

// Converts to and from the masks of the old BSD functions: bit n-1 is signal n, up to 32.
static inline uint32_t
rcgo__sigset_to_bsd(go_sigset_t set)
{
	return (uint32_t)set.word[0];
}

static inline go_sigset_t
rcgo__sigset_from_bsd(uint32_t mask)
{
	go_sigset_t set = rcgo__sigset_empty();

	set.word[0] = (RCGO_SIGSET_WORD)mask;
	return set;
}

// Shared sets: each word is atomic, with sequential consistency. A reader may see one word before
// and another after a change of several.

static inline go_sigset_t
rcgo__sigset_atomic_load(const go_sigset_t *set)
{
	go_sigset_t now;

	for (size_t i = 0; i < RCGO_SIGSET_WORDS; i++) {
		now.word[i] = __atomic_load_n(&set->word[i], __ATOMIC_SEQ_CST);
	}
	return now;
}

static inline bool
rcgo__sigset_atomic_has(const go_sigset_t *set, int sig)
{
	const RCGO_SIGSET_WORD *word = &set->word[rcgo__sigset_index(sig)];

	return (__atomic_load_n(word, __ATOMIC_ACQUIRE) & rcgo__sigset_bit(sig)) != 0;
}

// Adds or removes one signal.
static inline void
rcgo__sigset_atomic_put(go_sigset_t *set, int sig, bool in)
{
	RCGO_SIGSET_WORD *word = &set->word[rcgo__sigset_index(sig)], bit = rcgo__sigset_bit(sig);

	if (in) {
		__atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST);
	} else {
		__atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST);
	}
}

// Adds signals, and writes only words that lack one of them.
static inline void
rcgo__sigset_atomic_add(go_sigset_t *set, go_sigset_t more)
{
	for (size_t i = 0; i < RCGO_SIGSET_WORDS; i++) {
		if ((__atomic_load_n(&set->word[i], __ATOMIC_SEQ_CST) & more.word[i]) !=
			more.word[i]) {
			__atomic_fetch_or(&set->word[i], more.word[i], __ATOMIC_SEQ_CST);
		}
	}
}

#endif // RCGO_GO_SIGSET_H
