// SPDX-License-Identifier: BSD-3-Clause
// Access to the content of a mapped file through copies (file_window.h). Runs on any stack, also in
// signal handlers.
// Contract: process_vm_readv(2) fails where a read would raise SIGBUS.

#include "file_window.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel.h"
#include "safe_read.h"

// The unit of copying. The kernel maps files in pages of this size or a multiple of it.
#define WINDOW_BLOCK ((size_t)RCGO_NOFAULT_PAGE)
#define COPIED_BITS 64
#define WINDOW_AHEAD 8

// The alignment of the copy: the largest page size of any system.
#define WINDOW_ALIGN ((size_t)64 * 1024)

#ifndef MADV_DONTDUMP
#	define MADV_DONTDUMP 16
#endif

static size_t
window_round(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

static size_t
window_blocks(size_t size)
{
	return window_round(size, WINDOW_BLOCK) / WINDOW_BLOCK;
}

static bool
window_is_copied(const struct rcgo_file_window *window, size_t block)
{
	return (window->copied[block / COPIED_BITS] >> block % COPIED_BITS & 1) != 0;
}

struct rcgo_file_window *
rcgo__file_window_open(const uint8_t *file, size_t size)
{
	size_t words = (window_blocks(size) + COPIED_BITS - 1) / COPIED_BITS;
	size_t head = window_round(sizeof(struct rcgo_file_window) + words * 8, WINDOW_ALIGN);
	struct rcgo_file_window *window;
	void *at;

	if (size > SIZE_MAX / 2) {
		return NULL;
	}
	at = mmap(NULL, head + window_round(size, WINDOW_ALIGN), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | RCGO_MAP_LAZY, -1, 0);
	if (at == MAP_FAILED) {
		return NULL;
	}
	window = at;
	window->file = file;
	window->copy = (uint8_t *)at + head;
	window->size = size;
	window->mapped = head + window_round(size, WINDOW_ALIGN);
	// Keep the copies of files out of core files.
	madvise(at, window->mapped, MADV_DONTDUMP);
	return window;
}

void
rcgo__file_window_close(struct rcgo_file_window *window)
{
	munmap((void *)(uintptr_t)window->file, window->size);
	munmap(window, window->mapped);
}

// Copies count blocks starting at first. Returns false if some cannot be read.
static bool
window_try(struct rcgo_file_window *window, size_t first, size_t count)
{
	size_t from = first * WINDOW_BLOCK;
	size_t size = count * WINDOW_BLOCK < window->size - from ? count * WINDOW_BLOCK
								 : window->size - from;
	bool good = rcgo__copy_nofault(window->copy + from, window->file + from, size);

	if (!good) {
		memset(window->copy + from, 0, size); // a part may have been copied
	}
	return good;
}

// Copies blocks; if one of them cannot be read, retries so that the others are copied.
static void
window_copy(struct rcgo_file_window *window, size_t first, size_t count)
{
	bool all = window_try(window, first, count);

	for (size_t i = first; i < first + count; i++) {
		if (!all) {
			window_try(window, i, 1);
		}
		window->copied[i / COPIED_BITS] |= UINT64_C(1) << i % COPIED_BITS;
	}
}

// Copies the missing blocks from first to last, in runs.
static void
window_fill(struct rcgo_file_window *window, size_t first, size_t last)
{
	while (first <= last) {
		size_t run = 0;

		while (first + run <= last && !window_is_copied(window, first + run)) {
			run++;
		}
		if (run > 0) {
			window_copy(window, first, run);
		}
		first += run + 1;
	}
}

void
rcgo__file_window_load(struct rcgo_file_window *window, const uint8_t *at, size_t n)
{
	size_t from = (size_t)(at - window->copy);

	if (n != 0) {
		window_fill(window, from / WINDOW_BLOCK, (from + n - 1) / WINDOW_BLOCK);
	}
}

const uint8_t *
rcgo__file_window_more(struct rcgo_file_window *window, const uint8_t *at, const uint8_t *end)
{
	size_t first = (size_t)(at - window->copy) / WINDOW_BLOCK;
	size_t last = (size_t)(end - 1 - window->copy) / WINDOW_BLOCK;
	size_t ahead = first > 0 && window_is_copied(window, first - 1) ? WINDOW_AHEAD : 1;

	if (last - first >= ahead) {
		last = first + ahead - 1;
		end = window->copy + (last + 1) * WINDOW_BLOCK;
	}
	window_fill(window, first, last);
	return end;
}

void
rcgo__file_window_drop(struct rcgo_file_window *window)
{
	size_t words = (window_blocks(window->size) + COPIED_BITS - 1) / COPIED_BITS;
	int saved = errno;

	memset(window->copied, 0, words * sizeof window->copied[0]);
	madvise(window->copy, window_round(window->size, WINDOW_ALIGN), MADV_DONTNEED);
	errno = saved;
}
