// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: the functions of libc that this part replaces for the program's C code. Each
// calls the next function of its name, and records a sample of the calls.
//
// They are weak: if a program defines functions of these names itself, those are the allocator, and
// are not recorded.
#ifndef RCGO_HEAP_INTERPOSE_H
#define RCGO_HEAP_INTERPOSE_H

#include <stddef.h>
#include <sys/types.h>

#include "compat.h"
#include "sanitizer.h"

// In the preloaded library they are not weak, because its names come first anyway. In a static
// program the linker would prefer the functions of libc's archive to weak ones; rcgo makes the
// linker take the first of two definitions.
#if !defined(RCGO_HEAP_STAND_IN) && defined(RCGO_HEAP_STATIC)
#	define RCGO_HEAP_STAND_IN RCGO_EXPORT
#elif !defined(RCGO_HEAP_STAND_IN)
#	define RCGO_HEAP_STAND_IN RCGO_EXPORT __attribute__((weak))
#endif

// musl's archive has no second names for aligned_alloc and similar functions, so they are not
// replaced in a static program of musl.
#if defined(RCGO_HEAP_STATIC) && !defined(__GLIBC__)
#	define RCGO_HEAP_ALIGNED 0
#else
#	define RCGO_HEAP_ALIGNED 1
#endif

// Safety: MT-Safe AS-Unsafe | stack=any g=maybe-nil errno=set alloc=libc lock=libc
RCGO_HEAP_STAND_IN void *malloc(size_t size);
// Safety: MT-Safe AS-Unsafe | stack=any g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_HEAP_STAND_IN void free(void *p);
// Safety: MT-Safe AS-Unsafe | stack=any g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_HEAP_STAND_IN void free_sized(void *p, size_t size);
// Safety: MT-Safe AS-Unsafe | stack=any g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_HEAP_STAND_IN void free_aligned_sized(void *p, size_t align, size_t size);
// Safety: MT-Safe AS-Unsafe | stack=any g=maybe-nil errno=set alloc=libc lock=libc
RCGO_HEAP_STAND_IN void *calloc(size_t count, size_t size);
// Safety: MT-Safe AS-Unsafe | stack=any g=maybe-nil errno=set alloc=libc lock=libc
RCGO_HEAP_STAND_IN void *realloc(void *p, size_t size);
// Safety: MT-Safe AS-Unsafe | stack=any g=maybe-nil errno=set alloc=libc lock=libc
RCGO_HEAP_STAND_IN void *reallocarray(void *p, size_t count, size_t size);
// Safety: MT-Safe AS-Unsafe | stack=any g=maybe-nil errno=set alloc=libc lock=libc
RCGO_HEAP_STAND_IN void *memalign(size_t align, size_t size);
// Safety: MT-Safe AS-Unsafe | stack=any g=maybe-nil errno=set alloc=libc lock=libc
RCGO_HEAP_STAND_IN void *aligned_alloc(size_t align, size_t size);
// Safety: MT-Safe AS-Unsafe | stack=any g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_HEAP_STAND_IN int posix_memalign(void **p, size_t align, size_t size);
// Safety: MT-Safe AS-Unsafe | stack=any g=maybe-nil errno=set alloc=libc lock=libc
RCGO_HEAP_STAND_IN void *valloc(size_t size);
// Safety: MT-Safe AS-Unsafe | stack=any g=maybe-nil errno=set alloc=libc lock=libc
RCGO_HEAP_STAND_IN void *pvalloc(size_t size);
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_HEAP_STAND_IN void *mmap(void *p, size_t size, int prot, int flags, int fd, off_t offset);
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_HEAP_STAND_IN void *mmap64(void *p, size_t size, int prot, int flags, int fd, off_t offset);
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_HEAP_STAND_IN int munmap(void *p, size_t size);
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_HEAP_STAND_IN void *mremap(void *p, size_t size, size_t wanted, int flags, ...);
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_HEAP_STAND_IN int mprotect(void *p, size_t size, int prot);

// mmap and munmap for the rest of our runtime/cgo (tools/amalgamate), and for the unwinder in the
// preload library (cmd/rcgo/rcgo.mk). What they map is not C memory of the program.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_SHARED void *rcgo__heap_own_mmap(
	void *p, size_t size, int prot, int flags, int fd, off_t offset);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_SHARED int rcgo__heap_own_munmap(void *p, size_t size);

#endif // RCGO_HEAP_INTERPOSE_H
