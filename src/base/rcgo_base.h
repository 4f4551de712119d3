// SPDX-License-Identifier: BSD-3-Clause
// Base: the words that every file of src/ uses: linkage, attributes, atomics.
#ifndef RCGO_BASE_H
#define RCGO_BASE_H

#include <stddef.h>
#include <stdint.h>

// Linkage. The edge (x_cgo_*, _cgo_*) is what Go imports and nothing else leaves the package:
// a user's C code may define any other name. Functions shared between files are hidden; in the
// one-file shape that tools/amalgamate makes they are static, so the compiler sees through them.
#define RCGO_EXPORT __attribute__((visibility("default")))
#define RCGO_HIDDEN __attribute__((visibility("hidden")))
#ifdef RCGO_AMALGAMATION
#	define RCGO_INTERN static __attribute__((unused))
#else
#	define RCGO_INTERN extern RCGO_HIDDEN
#endif

#define RCGO_NORETURN __attribute__((noreturn))
#define RCGO_COLD __attribute__((cold, noinline))
#define RCGO_UNUSED __attribute__((unused))
#define RCGO_LIKELY(x) __builtin_expect(!!(x), 1)
#define RCGO_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define RCGO_COUNTOF(array) (sizeof(array) / sizeof((array)[0]))

// Atomics are named by their ordering. A relaxed pair is for words whose order is given by
// something else, which the comment beside the word names.
#define rcgo_load_acq(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define rcgo_load_rlx(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define rcgo_store_rel(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define rcgo_store_rlx(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)

#endif // RCGO_BASE_H
