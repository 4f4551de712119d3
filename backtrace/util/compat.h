// SPDX-License-Identifier: BSD-3-Clause
// Symbol visibility, attributes and atomics that all files use. Go imports x_cgo_* and _cgo_*; no
// other name is exported, so a user's C code may define any other name.
#ifndef RCGO_COMPAT_H
#define RCGO_COMPAT_H

#include <stddef.h>
#include <stdint.h>

#define RCGO_EXPORT __attribute__((visibility("default")))
#define RCGO_HIDDEN __attribute__((visibility("hidden")))

// Functions shared between files are hidden. tools/amalgamate joins the files of a group of parts
// into one. Functions that only the group uses (RCGO_INTERN) are static there, so the compiler can
// inline them. Functions that groups share (RCGO_SHARED) stay hidden.
// A table that inline functions read is declared by RCGO_INTERN and defined by RCGO_INTERN_OBJECT.
#ifdef RCGO_AMALGAMATION
#	define RCGO_INTERN static __attribute__((unused))
#	define RCGO_INTERN_OBJECT static
#else
#	define RCGO_INTERN extern RCGO_HIDDEN
#	define RCGO_INTERN_OBJECT
#endif
#define RCGO_SHARED extern RCGO_HIDDEN

// The frame pointer of a function's caller, which the function's own frame pointer leads to; 0
// where it leads to nothing. RCGO_SAVED_FP_KNOWN says whether this CPU has such frame pointers.
#if defined(__riscv) // a frame pointer is the CFA
#	define RCGO_SAVED_FP_KNOWN 1
#	define RCGO_SAVED_FP(frame) ((frame)[-2])
#elif defined(__x86_64__) || defined(__aarch64__) || defined(__i386__)
#	define RCGO_SAVED_FP_KNOWN 1
#	define RCGO_SAVED_FP(frame) (*(frame))
#else
#	define RCGO_SAVED_FP_KNOWN 0
#	define RCGO_SAVED_FP(frame) ((void)(frame), (uintptr_t)0)
#endif

// The CFA of the function itself: its frame address where that is the CFA, for which clang has no
// other way.
#if defined(__riscv)
#	define RCGO_OWN_CFA() ((uintptr_t)__builtin_frame_address(0))
#else
#	define RCGO_OWN_CFA() ((uintptr_t)__builtin_dwarf_cfa())
#endif

// The number of the lowest bit that is set in x, which is not 0. Where words have 32 bits, the
// compiler's function for 64 would be libgcc's, and Go's own linker cannot link all of libgcc.
#if UINTPTR_MAX > UINT32_MAX
#	define rcgo_lowest_bit(x) ((unsigned)__builtin_ctzll(x))
#else
#	define rcgo_lowest_bit(x)                                       \
		((uint32_t)(x) != 0                                      \
				? (unsigned)__builtin_ctz((uint32_t)(x)) \
				: 32 + (unsigned)__builtin_ctz((uint32_t)((uint64_t)(x) >> 32)))
#endif

// For a declaration of code as an array of char. On s390x code has even addresses, which one
// instruction makes. For odd ones compilers use a relocation that Go's own linker does not know.
#ifdef __s390x__
#	define RCGO_CODE __attribute__((aligned(2)))
#else
#	define RCGO_CODE
#endif

// Attributes and atomics.

#define RCGO_NORETURN __attribute__((noreturn))
#define RCGO_COLD __attribute__((cold, noinline))
#define RCGO_UNUSED __attribute__((unused))
#define RCGO_ALWAYS_INLINE static inline __attribute__((always_inline, unused))
#define RCGO_LIKELY(x) __builtin_expect(!!(x), 1)
#define RCGO_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define RCGO_COUNTOF(array) (sizeof(array) / sizeof((array)[0]))

// Flags of mmap, for memory that is not the program's but ours: MAP_DENYWRITE and MAP_EXECUTABLE,
// which Linux ignores, and which together nobody else uses. The library of `rcgo heap run` tells by
// them what is not C memory of the program (tools/amalgamate).
#define RCGO_MAP_OWN 0x1800

// A word of 64 bits for atomic operations. The ABI of 386 aligns uint64_t to 4 bytes in structures.
// A word in two cache lines is not read at once, and clang calls libatomic for it.
typedef uint64_t rcgo_atomic_u64 __attribute__((aligned(8)));

// The pointer p, with the promise that *p has its natural alignment.
#define RCGO_ALIGNED(p)                                                                       \
	__extension__({                                                                       \
		typedef __typeof__(*(p)) rcgo_aligned __attribute__((aligned(sizeof(*(p))))); \
		(rcgo_aligned *)(p);                                                          \
	})

// Atomics are named by their memory ordering. Use the relaxed pair for words that are ordered by
// something else; the comment at the word says by what.
#define rcgo_load_acq(p) __atomic_load_n(RCGO_ALIGNED(p), __ATOMIC_ACQUIRE)
#define rcgo_load_rlx(p) __atomic_load_n(RCGO_ALIGNED(p), __ATOMIC_RELAXED)
#define rcgo_store_rel(p, v) __atomic_store_n(RCGO_ALIGNED(p), (v), __ATOMIC_RELEASE)
#define rcgo_store_rlx(p, v) __atomic_store_n(RCGO_ALIGNED(p), (v), __ATOMIC_RELAXED)
#define rcgo_add_rlx(p, v) __atomic_fetch_add(RCGO_ALIGNED(p), (v), __ATOMIC_RELAXED)
#define rcgo_add_acq_rel(p, v) __atomic_fetch_add(RCGO_ALIGNED(p), (v), __ATOMIC_ACQ_REL)
// Compare-and-swap: stores v in *p if it equals *want; otherwise stores *p in *want.
#define rcgo_cas(p, want, v)         \
	__atomic_compare_exchange_n( \
		RCGO_ALIGNED(p), (want), (v), 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

#endif // RCGO_COMPAT_H
