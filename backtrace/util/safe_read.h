// SPDX-License-Identifier: BSD-3-Clause
// Base: reads of memory that may not be there. Where all signals are blocked a fault is the end of
// the process, so the kernel is asked first, or is made to copy.
#ifndef RCGO_SAFE_READ_H
#define RCGO_SAFE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

// The kernel protects memory in pages of this size or of a multiple of it.
#define RCGO_NOFAULT_PAGE 4096

// For functions that read stacks and objects of others: what the sanitizers know of such memory is
// not for them, and thread sanitizer need not see a read of what another thread may write.
#if defined(__clang__)
#	define RCGO_UNINSTRUMENTED_READS \
		__attribute__((no_sanitize("address", "thread", "memory")))
#else
#	define RCGO_UNINSTRUMENTED_READS __attribute__((no_sanitize("address", "thread")))
#endif

// Whether all n bytes at p can be read now. One system call a page, about 0.1 us. Another thread
// may unmap them a moment later: rcgo__copy_nofault is better for all but stacks of this thread.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__readable_nofault(const void *p, size_t n);

// Copies n bytes from src to dst. Returns false when some cannot be read; dst then holds anything.
// The kernel copies (about 0.9 us), so no other thread can make it fault. Where a seccomp filter
// forbids that, the bytes are probed first and then copied.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__copy_nofault(void *dst, const void *src, size_t n);

// One piece of a copy.
struct rcgo_nofault_piece {
	void *dst;
	const void *src;
	size_t size;
};
#define RCGO_NOFAULT_PIECES 4 // the most in one call

// As rcgo__copy_nofault, for up to RCGO_NOFAULT_PIECES pieces at the price of one.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__copy_nofault_pieces(const struct rcgo_nofault_piece *piece, size_t count);

#endif // RCGO_SAFE_READ_H
