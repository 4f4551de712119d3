// SPDX-License-Identifier: BSD-3-Clause
// file_window.h: access to the content of a mapped file through copies.
//
// If another process truncates a file, a read of its mapping raises SIGBUS. Therefore the mapping
// is never read directly: the kernel copies blocks of it, on demand, into anonymous memory of the
// same size. A block that cannot be copied reads as zeros. A copied block never changes, even if
// the file is rewritten. The addresses in the copy stay valid until the window is closed.
//
// Only one thread at a time may use a window.
#ifndef RCGO_FILE_WINDOW_H
#define RCGO_FILE_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "compat.h"

struct rcgo_file_window {
	const uint8_t *file; // the mapping of the file
	uint8_t *copy;	     // the anonymous memory that is read instead
	size_t size;
	size_t mapped;	   // size of the window's own mapping, including this header
	uint64_t copied[]; // a bit for each block that was copied
};

// Creates a window for the size bytes mapped at file and takes ownership of that mapping. Returns
// NULL if there is no memory; the caller then still owns the mapping.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN struct rcgo_file_window *rcgo__file_window_open(const uint8_t *file, size_t size);

// Unmaps the window and the file.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__file_window_close(struct rcgo_file_window *window);

// Copies the missing blocks of the n bytes at `at`, an address in the copy.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__file_window_load(
	struct rcgo_file_window *window, const uint8_t *at, size_t n);

// Copies the bytes that follow `at`, before end: one block, or several if the preceding block is
// already copied, because the access is then sequential. Returns the end of the available bytes.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const uint8_t *rcgo__file_window_more(
	struct rcgo_file_window *window, const uint8_t *at, const uint8_t *end);

// Frees the memory of the copies. Everything that was read through the window must be loaded again.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__file_window_drop(struct rcgo_file_window *window);

#endif // RCGO_FILE_WINDOW_H
