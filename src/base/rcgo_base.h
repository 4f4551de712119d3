// SPDX-License-Identifier: BSD-3-Clause
// Base: the words that every file of src/ uses: attributes, atomics, and linkage.
#ifndef RCGO_BASE_H
#define RCGO_BASE_H

#include <stddef.h>
#include <stdint.h>

#include "rcgo_linkage.h"

#define RCGO_NORETURN __attribute__((noreturn))
#define RCGO_COLD __attribute__((cold, noinline))
#define RCGO_UNUSED __attribute__((unused))
#define RCGO_ALWAYS_INLINE static inline __attribute__((always_inline, unused))
#define RCGO_LIKELY(x) __builtin_expect(!!(x), 1)
#define RCGO_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define RCGO_COUNTOF(array) (sizeof(array) / sizeof((array)[0]))

// Atomics are named by their ordering. A relaxed pair is for words whose order is given by
// something else, which the comment beside the word names.
#define rcgo_load_acq(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define rcgo_load_rlx(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define rcgo_store_rel(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define rcgo_store_rlx(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define rcgo_add_rlx(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define rcgo_add_acq_rel(p, v) __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
// Stores v where p points if that is still *want; else *want becomes what is there.
#define rcgo_cas(p, want, v) \
	__atomic_compare_exchange_n((p), (want), (v), 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

#endif // RCGO_BASE_H
