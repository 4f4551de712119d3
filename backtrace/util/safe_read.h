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
// The pages are probed, then copied with the signals of faults unblocked (about 0.4 us in all).
// A page that another thread unmaps in between makes a fault, which the handler of SIGSEGV and
// SIGBUS passes to rcgo__copy_nofault_catches; only where that handler is not ours does it stay a
// fault.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__copy_nofault(void *dst, const void *src, size_t n);

// Whether a fault at pc is that of a copy; execution then goes on at *resume, and the copy fails.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__copy_nofault_catches(uintptr_t pc, uintptr_t *resume);

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
