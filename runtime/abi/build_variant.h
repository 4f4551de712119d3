// SPDX-License-Identifier: BSD-3-Clause
// Abi: whether our C half is compiled from C here, or was when rcgo was made and only has to be
// assembled. It is read by the preprocessor alone, in C and in assembly, which must agree.
#ifndef RCGO_BUILD_VARIANT_H
#define RCGO_BUILD_VARIANT_H

#include <features.h>

#ifndef __has_feature
#	define __has_feature(x) 0
#endif

// What lies in structures of libc's, or is left to one libc, was compiled for that one alone.
#define RCGO_FOR_GLIBC 1
#define RCGO_FOR_MUSL 2
#if defined(__UCLIBC__) || defined(__BIONIC__) || defined(__ANDROID__)
#	define RCGO_FOR_HERE 0
#elif defined(__GLIBC__)
#	define RCGO_FOR_HERE RCGO_FOR_GLIBC
#else
#	define RCGO_FOR_HERE RCGO_FOR_MUSL // it has no macro of its own
#endif

// RCGO_CARRIED_AMD64 and RCGO_CARRIED_ARM64 are put above by tools/amalgamate: the libc that the
// assembly for this CPU was compiled for, or nothing when there was no compiler for it.
#if defined(__x86_64__) && !defined(__ILP32__) && defined(RCGO_CARRIED_AMD64)
#	define RCGO_FOR_CARRIED RCGO_CARRIED_AMD64
#elif defined(__aarch64__) && !defined(__ILP32__) && !defined(__AARCH64EB__) && \
	defined(RCGO_CARRIED_ARM64)
#	define RCGO_FOR_CARRIED RCGO_CARRIED_ARM64
#else
#	define RCGO_FOR_CARRIED 0
#endif

// A sanitizer instruments C, and one that is told nothing of our stores reports false ones.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||           \
	defined(__SANITIZE_HWADDRESS__) || __has_feature(address_sanitizer) || \
	__has_feature(thread_sanitizer) || __has_feature(memory_sanitizer) ||  \
	__has_feature(hwaddress_sanitizer) || defined(RCGO_WITHOUT_SIGNALS)
#	define RCGO_FOR_SANITIZER 1
#else
#	define RCGO_FOR_SANITIZER 0
#endif

// Whoever wants C has it: rcgo says so when CGO_CFLAGS ask for other code
// (cmd/rcgo/build_variant.c).
#ifndef RCGO_FROM_C
#	if RCGO_FOR_SANITIZER || RCGO_FOR_CARRIED == 0 || RCGO_FOR_CARRIED != RCGO_FOR_HERE
#		define RCGO_FROM_C 1
#	else
#		define RCGO_FROM_C 0
#	endif
#endif

#endif // RCGO_BUILD_VARIANT_H
