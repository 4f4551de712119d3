// SPDX-License-Identifier: BSD-3-Clause
// Safe reads: reads of memory that may not be mapped. With all signals blocked a fault ends the
// process, so the kernel checks the memory first or copies it.
#ifndef RCGO_SAFE_READ_H
#define RCGO_SAFE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

// The kernel protects memory in pages of this size or a multiple of it.
#define RCGO_NOFAULT_PAGE 4096

// For functions that read other code's stacks and objects. The sanitizers' knowledge of that memory
// does not apply, and thread sanitizer must not report reads of words that another thread may
// write.
#if defined(__clang__)
#	define RCGO_UNINSTRUMENTED_READS \
		__attribute__((no_sanitize("address", "thread", "memory")))
#else
#	define RCGO_UNINSTRUMENTED_READS __attribute__((no_sanitize("address", "thread")))
#endif

// Reports whether all n bytes at p are readable now. It costs one system call per page, about 0.1
// us. Another thread may unmap them a moment later, so prefer rcgo__copy_nofault for everything
// except stacks of the calling thread.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__readable_nofault(const void *p, size_t n);

// Copies n bytes from src to dst. Returns false if any of them cannot be read; the content of dst
// is then undefined. It probes the pages, then copies with SIGSEGV and SIGBUS unblocked, in about
// 0.4 us. If another thread unmaps a page in between, the copy faults. The handler of SIGSEGV and
// SIGBUS must pass that fault to rcgo__copy_nofault_catches; with a foreign handler it remains a
// fault.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__copy_nofault(void *dst, const void *src, size_t n);

// Reports whether a fault at pc is that of a copy. If so, the handler must resume at *resume, and
// the copy returns false.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__copy_nofault_catches(uintptr_t pc, uintptr_t *resume);

// One piece of a copy.
struct rcgo_nofault_piece {
	void *dst;
	const void *src;
	size_t size;
};
#define RCGO_NOFAULT_PIECES 4 // the maximum in one call

// Copies up to RCGO_NOFAULT_PIECES pieces like rcgo__copy_nofault, for the cost of one.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__copy_nofault_pieces(const struct rcgo_nofault_piece *piece, size_t count);

#endif // RCGO_SAFE_READ_H
