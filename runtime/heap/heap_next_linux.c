// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: finds the next allocator at the first call, without the dynamic loader's lock.
// Runs wherever C code allocates; first in the dynamic loader, before the program's constructors.

//rcgo:small

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // MREMAP_FIXED
#endif
#include "heap_next.h"

#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "raw_syscall.h"
#include "symbol_lookup.h"

// In a static program no other definition follows ours. Its libc also has the functions
// under these names.
extern void *__libc_malloc(size_t size) __attribute__((weak));
extern void __libc_free(void *p) __attribute__((weak));
extern void *__libc_calloc(size_t count, size_t size) __attribute__((weak));
extern void *__libc_realloc(void *p, size_t size) __attribute__((weak));
extern void *__libc_memalign(size_t align, size_t size) __attribute__((weak));

// musl's functions have no second names, and we define none of them in a static program of musl.
#if defined(RCGO_HEAP_STATIC) && !defined(__GLIBC__)
extern void *memalign(size_t align, size_t size);
#	define STATIC_MEMALIGN memalign
#else
#	define STATIC_MEMALIGN __libc_memalign
#endif

static void *
from_kernel(long result)
{
	if ((unsigned long)result >= -4095UL) {
		errno = (int)-result;
		return MAP_FAILED;
	}
	return (void *)result;
}

static void *
kernel_mmap(void *p, size_t size, int prot, int flags, int fd, off_t offset)
{
	return from_kernel(
		rcgo__raw_syscall(SYS_mmap, (long)p, (long)size, prot, flags, fd, (long)offset));
}

static int
kernel_munmap(void *p, size_t size)
{
	return from_kernel(rcgo__raw_syscall(SYS_munmap, (long)p, (long)size, 0, 0, 0, 0)) != 0 ? -1
												: 0;
}

static int
kernel_mprotect(void *p, size_t size, int prot)
{
	return from_kernel(rcgo__raw_syscall(SYS_mprotect, (long)p, (long)size, prot, 0, 0, 0)) != 0
		       ? -1
		       : 0;
}

static void *
kernel_mremap(void *p, size_t size, size_t wanted, int flags, void *to)
{
	return from_kernel(rcgo__raw_syscall(
		SYS_mremap, (long)p, (long)size, (long)wanted, flags, (long)to, 0));
}

// calloc for a libc that has no second name for it, such as musl: cleared memory from malloc.
static void *
calloc_by_malloc(size_t count, size_t size)
{
	size_t n;
	void *p;

	if (__builtin_mul_overflow(count, size, &n)) {
		errno = ENOMEM;
		return NULL;
	}
	p = rcgo__heap_next.malloc(n);
	return p == NULL ? NULL : memset(p, 0, n);
}

// The next calloc, of a libc whose calloc calls malloc by its public name, such as musl's.
// owner: resolve; lock: none, all callers find the same; ordering: before rcgo__heap_next.calloc
static void *(*calloc_behind)(size_t count, size_t size);

// Calls that calloc, so that the malloc in it is not recorded a second time.
static void *
calloc_by_calloc(size_t count, size_t size)
{
	struct rcgo_heap_control *control = rcgo_load_acq(&rcgo__heap_control);
	uint64_t on = rcgo_load_rlx(&control->on);
	struct rcgo_heap_slot *slot = on != 0 ? rcgo__heap_slot(control, on) : NULL;
	void *p;

	if (slot == NULL) {
		return calloc_behind(count, size);
	}
	rcgo_add_rlx(&slot->depth, 1);
	p = calloc_behind(count, size);
	rcgo_add_rlx(&slot->depth, UINT32_MAX);
	return p;
}

static void *
aligned_by_memalign(size_t align, size_t size)
{
	return rcgo__heap_next.memalign(align, size);
}

static void *
memalign_by_aligned(size_t align, size_t size)
{
	return rcgo__heap_next.aligned_alloc(align, size);
}

static int
posix_by_memalign(void **p, size_t align, size_t size)
{
	int saved = errno;
	void *got;

	if (align < sizeof(void *) || (align & (align - 1)) != 0) {
		return EINVAL;
	}
	got = rcgo__heap_next.memalign(align, size);
	errno = saved;
	if (got == NULL) {
		return ENOMEM;
	}
	*p = got;
	return 0;
}

// If the allocator has no function for aligned blocks, ours fails.
static void *
no_memalign(size_t align, size_t size)
{
	(void)align;
	(void)size;
	errno = ENOMEM;
	return NULL;
}

// Stores the function of this name in the next object, or a substitute, at *to.
static void
look_up(void *to, const char *name, const void *static_function, const void *otherwise)
{
	void *found = rcgo__lookup_next(name);
	const void *use = found != NULL		    ? found
			  : static_function != NULL ? static_function
						    : otherwise;

	__atomic_store((const void **)to, &use, __ATOMIC_RELEASE);
}

#define FUNCTION(f) ((const void *)(uintptr_t)(f))

// Stores the bounds of the object that contains the next malloc.
static void
find_object(struct rcgo_heap_next *next)
{
	const struct link_map *map, *own;
	const ElfW(Phdr) * phdr;
	uintptr_t code = (uintptr_t)next->malloc;
	size_t n;

	if (!rcgo__lookup_maps(&map, &own)) {
		return;
	}
	for (; map != NULL; map = map->l_next) {
		if (map == own || !rcgo__lookup_headers(map, &phdr, &n)) {
			continue;
		}
		for (size_t i = 0; i < n; i++) {
			uintptr_t start = (uintptr_t)map->l_addr + phdr[i].p_vaddr;

			if (phdr[i].p_type == PT_LOAD && (phdr[i].p_flags & PF_X) != 0 &&
				code - start < phdr[i].p_memsz) {
				next->object_end = start + phdr[i].p_memsz;
				next->object_start = start;
				return;
			}
		}
	}
}

static void
look_up_calloc(struct rcgo_heap_next *next)
{
	void *found = rcgo__lookup_next("calloc");

	if (found == NULL || rcgo__lookup_next("gnu_get_libc_version") != NULL) {
		look_up(&next->calloc, "calloc", FUNCTION(__libc_calloc),
			FUNCTION(calloc_by_malloc));
		return;
	}
	rcgo_store_rel(&calloc_behind, (void *(*)(size_t, size_t))(uintptr_t)found);
	rcgo_store_rel(&next->calloc, calloc_by_calloc);
}

static void
resolve(void)
{
	struct rcgo_heap_next *next = &rcgo__heap_next;
	void *aligned = rcgo__lookup_next("aligned_alloc");
	int saved = errno;

	look_up(&next->mmap, "mmap", NULL, FUNCTION(kernel_mmap));
	look_up(&next->munmap, "munmap", NULL, FUNCTION(kernel_munmap));
	look_up(&next->mremap, "mremap", NULL, FUNCTION(kernel_mremap));
	look_up(&next->mprotect, "mprotect", NULL, FUNCTION(kernel_mprotect));
	look_up(&next->memalign, "memalign", FUNCTION(STATIC_MEMALIGN),
		aligned != NULL ? FUNCTION(memalign_by_aligned) : FUNCTION(no_memalign));
	look_up(&next->aligned_alloc, "aligned_alloc", NULL, FUNCTION(aligned_by_memalign));
	look_up(&next->posix_memalign, "posix_memalign", NULL, FUNCTION(posix_by_memalign));
	look_up(&next->realloc, "realloc", FUNCTION(__libc_realloc), NULL);
	look_up_calloc(next);
	look_up(&next->free, "free", FUNCTION(__libc_free), NULL);
	look_up(&next->malloc, "malloc", FUNCTION(__libc_malloc), NULL);
	find_object(next);
	errno = saved;
}

// The initial functions of the table, which look up the others.

static void *
first_malloc(size_t size)
{
	resolve();
	return rcgo__heap_next.malloc(size);
}

static void
first_free(void *p)
{
	resolve();
	rcgo__heap_next.free(p);
}

static void *
first_calloc(size_t count, size_t size)
{
	resolve();
	return rcgo__heap_next.calloc(count, size);
}

static void *
first_realloc(void *p, size_t size)
{
	resolve();
	return rcgo__heap_next.realloc(p, size);
}

static void *
first_memalign(size_t align, size_t size)
{
	resolve();
	return rcgo__heap_next.memalign(align, size);
}

static void *
first_aligned_alloc(size_t align, size_t size)
{
	resolve();
	return rcgo__heap_next.aligned_alloc(align, size);
}

static int
first_posix_memalign(void **p, size_t align, size_t size)
{
	resolve();
	return rcgo__heap_next.posix_memalign(p, align, size);
}

static void *
first_mmap(void *p, size_t size, int prot, int flags, int fd, off_t offset)
{
	resolve();
	return rcgo__heap_next.mmap(p, size, prot, flags, fd, offset);
}

static int
first_munmap(void *p, size_t size)
{
	resolve();
	return rcgo__heap_next.munmap(p, size);
}

static void *
first_mremap(void *p, size_t size, size_t wanted, int flags, void *to)
{
	resolve();
	return rcgo__heap_next.mremap(p, size, wanted, flags, to);
}

static int
first_mprotect(void *p, size_t size, int prot)
{
	resolve();
	return rcgo__heap_next.mprotect(p, size, prot);
}

// owner: resolve; lock: none, all callers find the same
// ordering: release and acquire of each word
RCGO_HEAP_DATA struct rcgo_heap_next rcgo__heap_next = {
	.malloc = first_malloc,
	.free = first_free,
	.calloc = first_calloc,
	.realloc = first_realloc,
	.memalign = first_memalign,
	.aligned_alloc = first_aligned_alloc,
	.posix_memalign = first_posix_memalign,
	.mmap = first_mmap,
	.munmap = first_munmap,
	.mremap = first_mremap,
	.mprotect = first_mprotect,
};

bool
rcgo__heap_next_contains(uintptr_t pc)
{
	return pc - rcgo__heap_next.object_start <
	       rcgo__heap_next.object_end - rcgo__heap_next.object_start;
}
