// SPDX-License-Identifier: BSD-3-Clause
// Base: annotations for the thread and memory sanitizers; empty if the sanitizers are off. Re-read
// runtime/cgo/libcgo.h and cmd/cgo/out.go (tsanProlog) when Go changes.
#ifndef RCGO_SANITIZER_H
#define RCGO_SANITIZER_H

#include <stddef.h>

#include "compat.h"

#ifndef __has_feature
#	define __has_feature(x) 0
#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#	define RCGO_TSAN 1
#else
#	define RCGO_TSAN 0
#endif

// A sanitizer intercepts C library functions itself. Our interposers of these functions are left
// out.
#if RCGO_TSAN || defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) || \
	__has_feature(memory_sanitizer)
#	define RCGO_SANITIZED 1
#else
#	define RCGO_SANITIZED 0
#endif

// TSAN cannot see how Go synchronises its threads. So Go and C acquire and release a dummy lock at
// every crossing: acquire when Go calls C, release when C returns to Go. The code that cmd/cgo
// generates uses the same lock by name and type, so it is a common symbol.
#if RCGO_TSAN
// owner: TSAN; lock: it is one; ordering: its own
long long _cgo_sync __attribute__((common));
extern void __tsan_acquire(void *);
extern void __tsan_release(void *);
#	define rcgo_tsan_acquire() __tsan_acquire(&_cgo_sync)
#	define rcgo_tsan_release() __tsan_release(&_cgo_sync)
#else
#	define rcgo_tsan_acquire() ((void)0)
#	define rcgo_tsan_release() ((void)0)
#endif

// MSan treats data that Go passes in registers or on Go stacks as uninitialised (golang/go#47543).
#if __has_feature(memory_sanitizer)
extern void __msan_unpoison(const void *, size_t);
#	define rcgo_msan_unpoison(p, size) __msan_unpoison((p), (size))
#else
#	define rcgo_msan_unpoison(p, size) ((void)0)
#endif

#endif // RCGO_SANITIZER_H
