// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the content of a mapped file, read through copies.
//
// A file that another process truncates raises SIGBUS in whoever reads its mapping. So the mapping
// is never read directly: the kernel copies blocks of it, on demand, into anonymous memory of the
// same size. A block that cannot be copied reads as zeros. A copied block never changes, also when
// the file is rewritten, and the addresses in the copy stay valid until the window is closed.
//
// A window has one user at a time.
#ifndef RCGO_FILE_WINDOW_H
#define RCGO_FILE_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "compat.h"

struct rcgo_file_window {
	const uint8_t *file; // the mapping of the file
	uint8_t *copy;	     // what is read instead
	size_t size;
	size_t mapped;	 // bytes that the window itself takes, this header included
	uint64_t have[]; // a bit for each block that was copied
};

// Makes a window for size bytes that are mapped at file, and owns that mapping from then on.
// Returns NULL when there is no memory; the mapping then stays the caller's.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN struct rcgo_file_window *rcgo__file_window_open(const uint8_t *file, size_t size);

// Unmaps the window and the file.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__file_window_close(struct rcgo_file_window *window);

// Copies the blocks of the n bytes at at, an address in the copy, that were not copied yet.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__file_window_load(
	struct rcgo_file_window *window, const uint8_t *at, size_t n);

// Copies what follows at, before end: one block, or a few where the block before was copied, as
// someone is reading on from there. Returns the end of what is there now.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const uint8_t *rcgo__file_window_more(
	struct rcgo_file_window *window, const uint8_t *at, const uint8_t *end);

// Gives the memory of the copies back. All that was read through the window must be loaded again.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__file_window_drop(struct rcgo_file_window *window);

#endif // RCGO_FILE_WINDOW_H
