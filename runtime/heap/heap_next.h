// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: the allocator behind our functions: that of libc, or another one that the program
// is linked with or that was preloaded.
#ifndef RCGO_HEAP_NEXT_H
#define RCGO_HEAP_NEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "compat.h"
#include "heap_control.h"

struct rcgo_heap_next {
	void *(*malloc)(size_t size);
	void (*free)(void *p);
	void *(*calloc)(size_t count, size_t size);
	void *(*realloc)(void *p, size_t size);
	void *(*memalign)(size_t align, size_t size);
	void *(*aligned_alloc)(size_t align, size_t size);
	int (*posix_memalign)(void **p, size_t align, size_t size);
	void *(*mmap)(void *p, size_t size, int prot, int flags, int fd, off_t offset);
	int (*munmap)(void *p, size_t size);
	void *(*mremap)(void *p, size_t size, size_t wanted, int flags, void *to);
	int (*mprotect)(void *p, size_t size, int prot);
	uintptr_t object_start, object_end; // the allocator's own code
};

// Its functions are never NULL. Until the first call, they are functions that look up
// the allocator's.
// owner: the first caller of any of them; lock: none, all callers find the same
// ordering: release and acquire of each word
RCGO_HEAP_SHARED struct rcgo_heap_next rcgo__heap_next;

// Returns whether the allocator itself contains this code. The memory that it maps is recorded as
// its allocations.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__heap_next_contains(uintptr_t pc);

#endif // RCGO_HEAP_NEXT_H
