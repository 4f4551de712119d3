// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: the interposers. Run wherever C code allocates.

// The functions below are declared here, because the declarations in libc's headers have
// other attributes.
#include "heap_interpose.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>

#include "heap_next.h"
#include "heap_record.h"
#include "symbol_lookup.h"

#if !RCGO_SANITIZED

// From <sys/mman.h>, which would declare the functions.
#	define FLAG_ANONYMOUS 0x20
#	define PROT_ANY 0x07
#	define REMAP_FIXED 2
#	define REMAP_DONTUNMAP 4
#	define MAP_ERROR ((void *)-1)

#	define CALLER ((uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)))

static inline struct rcgo_heap_control *
control_now(void)
{
	return rcgo_load_acq(&rcgo__heap_control);
}

static RCGO_COLD void *
malloc_counted(struct rcgo_heap_control *control, size_t size, uintptr_t caller)
{
	struct rcgo_heap_slot *slot = rcgo__heap_count(control, size);
	void *p = rcgo__heap_next.malloc(size);

	if (slot != NULL) {
		rcgo__heap_record(control, slot, p, size, caller);
	}
	return p;
}

void *
malloc(size_t size)
{
	struct rcgo_heap_control *control = control_now();

	if (RCGO_UNLIKELY(!rcgo__heap_count_quickly(control, size))) {
		return malloc_counted(control, size, CALLER);
	}
	return rcgo__heap_next.malloc(size);
}

// A second name for it.
static void *own_malloc(size_t size)
	__attribute__((alias("malloc"), malloc, alloc_size(1), nothrow));

bool
rcgo__heap_is_first(void)
{
	void *first = rcgo__lookup_first("malloc");

	return first == NULL || first == (void *)(uintptr_t)own_malloc;
}

static RCGO_COLD void
free_known(struct rcgo_heap_control *control, void *p)
{
	struct rcgo_heap_entry was;

	rcgo__heap_forget(control, p, &was);
	rcgo__heap_next.free(p);
}

void
free(void *p)
{
	struct rcgo_heap_control *control = control_now();

	if (RCGO_UNLIKELY(rcgo__heap_may_know(control, (uintptr_t)p))) {
		free_known(control, p);
		return;
	}
	rcgo__heap_next.free(p);
}

void
free_sized(void *p, size_t size)
{
	(void)size;
	free(p);
}

void
free_aligned_sized(void *p, size_t align, size_t size)
{
	(void)align;
	(void)size;
	free(p);
}

static RCGO_COLD void *
calloc_counted(struct rcgo_heap_control *control, size_t count, size_t size, uintptr_t caller)
{
	struct rcgo_heap_slot *slot = rcgo__heap_count(control, count * size);
	void *p = rcgo__heap_next.calloc(count, size);

	if (slot != NULL) {
		rcgo__heap_record(control, slot, p, count * size, caller);
	}
	return p;
}

void *
calloc(size_t count, size_t size)
{
	struct rcgo_heap_control *control = control_now();

	if (RCGO_UNLIKELY(!rcgo__heap_count_quickly(control, count * size))) {
		return calloc_counted(control, count, size, CALLER);
	}
	return rcgo__heap_next.calloc(count, size);
}

// The old block is removed from the tables first, because another thread may get its address before
// realloc returns.
static RCGO_COLD void *
realloc_counted(
	struct rcgo_heap_control *control, bool known, void *p, size_t size, uintptr_t caller)
{
	struct rcgo_heap_entry was;
	struct rcgo_heap_slot *slot = rcgo__heap_count(control, size);
	void *new;

	known = known && rcgo__heap_forget(control, p, &was);
	new = rcgo__heap_next.realloc(p, size);
	if (new == NULL && known &&size != 0) {
		rcgo__heap_put_back(control, &was);
	} else if (slot != NULL) {
		rcgo__heap_record(control, slot, new, size, caller);
	}
	return new;
}

static inline __attribute__((always_inline)) void *
resize(void *p, size_t size, uintptr_t caller)
{
	struct rcgo_heap_control *control = control_now();
	bool known = rcgo__heap_may_know(control, (uintptr_t)p);

	if (RCGO_UNLIKELY(known || !rcgo__heap_count_quickly(control, size))) {
		return realloc_counted(control, known, p, size, caller);
	}
	return rcgo__heap_next.realloc(p, size);
}

void *
realloc(void *p, size_t size)
{
	return resize(p, size, CALLER);
}

// A second name for it.
static void *own_realloc(void *p, size_t size)
	__attribute__((alias("realloc"), alloc_size(2), nothrow));

// libc's function calls realloc by its public name. So does this one if that is not ours: the
// program defines it, or a library before this one does.
void *
reallocarray(void *p, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc == own_realloc ? resize(p, n, CALLER) : realloc(p, n);
}

// Called before and after a call of the next allocator, which may call other functions of its
// own by their public names, as musl's does. Allocations by those are not recorded. Threads
// may share a slot.
static struct rcgo_heap_slot *
nest(struct rcgo_heap_control *control)
{
	uint64_t on = rcgo_load_rlx(&control->on);
	struct rcgo_heap_slot *slot = on != 0 ? rcgo__heap_slot(control, on) : NULL;

	if (slot != NULL) {
		rcgo_add_rlx(&slot->depth, 1);
	}
	return slot;
}

static void
unnest(struct rcgo_heap_control *control, struct rcgo_heap_slot *slot, void *p, size_t size,
	uintptr_t caller)
{
	if (slot == NULL) {
		return;
	}
	rcgo_add_rlx(&slot->depth, UINT32_MAX);
	slot = rcgo__heap_count(control, size);
	if (RCGO_UNLIKELY(slot != NULL)) {
		rcgo__heap_record(control, slot, p, size, caller);
	}
}

#	if RCGO_HEAP_ALIGNED

void *
memalign(size_t align, size_t size)
{
	struct rcgo_heap_control *control = control_now();
	struct rcgo_heap_slot *slot = nest(control);
	void *p = rcgo__heap_next.memalign(align, size);

	unnest(control, slot, p, size, CALLER);
	return p;
}

void *
aligned_alloc(size_t align, size_t size)
{
	struct rcgo_heap_control *control = control_now();
	struct rcgo_heap_slot *slot = nest(control);
	void *p = rcgo__heap_next.aligned_alloc(align, size);

	unnest(control, slot, p, size, CALLER);
	return p;
}

int
posix_memalign(void **p, size_t align, size_t size)
{
	struct rcgo_heap_control *control = control_now();
	struct rcgo_heap_slot *slot = nest(control);
	int err = rcgo__heap_next.posix_memalign(p, align, size);

	unnest(control, slot, err == 0 ? *p : NULL, size, CALLER);
	return err;
}

#	endif

static void *
page_aligned(size_t size, uintptr_t caller)
{
	struct rcgo_heap_control *control = control_now();
	struct rcgo_heap_slot *slot = nest(control);
	void *p = rcgo__heap_next.memalign((size_t)rcgo__heap_page(), size);

	unnest(control, slot, p, size, caller);
	return p;
}

void *
valloc(size_t size)
{
	return page_aligned(size, CALLER);
}

void *
pvalloc(size_t size)
{
	size_t page = (size_t)rcgo__heap_page();

	if (size > PTRDIFF_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	return page_aligned((size + page - 1) & ~(page - 1), CALLER);
}

// Mappings that the rest of our runtime/cgo makes, for Go and for itself, are not C memory of the
// program. What has no access rights is Go's reserved address space. In a program without this
// part, and in a library, their flags say whose they are.

static void
note_own(void *p, size_t size, bool mapped)
{
	if (rcgo_load_rlx(&control_now()->on) == 0) {
		rcgo__heap_note_early(p, size, mapped);
	}
	if (mapped) {
		rcgo__heap_map_own(p, size);
	} else {
		rcgo__heap_unmap(p, size);
	}
}

static bool
is_own_memory(int prot, int flags)
{
	return (flags & FLAG_ANONYMOUS) != 0 && (prot & PROT_ANY) != 0;
}

static void *
map(void *at, size_t size, int prot, int flags, int fd, off_t offset, uintptr_t caller)
{
	void *p = rcgo__heap_next.mmap(at, size, prot, flags, fd, offset);

	if (p != MAP_ERROR && (flags & RCGO_MAP_OWN) == RCGO_MAP_OWN) {
		note_own(p, size, is_own_memory(prot, flags));
	} else if (p != MAP_ERROR && (flags & FLAG_ANONYMOUS) != 0 &&
		   !rcgo__heap_next_contains(caller)) {
		rcgo__heap_map(p, size,
			(prot & PROT_ANY) != 0 ? RCGO_HEAP_USABLE : RCGO_HEAP_RESERVED, caller);
	} else if (p != MAP_ERROR && at != NULL) {
		rcgo__heap_unmap(p, size);
	}
	return p;
}

void *
mmap(void *p, size_t size, int prot, int flags, int fd, off_t offset)
{
	return map(p, size, prot, flags, fd, offset, CALLER);
}

void *
mmap64(void *p, size_t size, int prot, int flags, int fd, off_t offset)
{
	return map(p, size, prot, flags, fd, offset, CALLER);
}

int
munmap(void *p, size_t size)
{
	rcgo__heap_unmap(p, size);
	return rcgo__heap_next.munmap(p, size);
}

void *
mremap(void *p, size_t size, size_t wanted, int flags, ...)
{
	void *to = NULL, *new;
	bool known;
	va_list args;

	va_start(args, flags);
	if ((flags & REMAP_FIXED) != 0 || (flags & REMAP_DONTUNMAP) != 0) {
		to = va_arg(args, void *);
	}
	va_end(args);
	known = rcgo__heap_unmap(p, size);
	new = rcgo__heap_next.mremap(p, size, wanted, flags, to);
	if (known && new == MAP_ERROR) {
		rcgo__heap_map(p, size, RCGO_HEAP_USABLE, CALLER);
	} else if (known) {
		rcgo__heap_map(new, wanted, RCGO_HEAP_USABLE, CALLER);
	}
	return new;
}

int
mprotect(void *p, size_t size, int prot)
{
	int err = rcgo__heap_next.mprotect(p, size, prot);

	if (err == 0 && (prot & PROT_ANY) != 0) {
		rcgo__heap_commit(p, size, CALLER);
	}
	return err;
}

#	ifdef RCGO_WITH_HEAP

void *
rcgo__heap_own_mmap(void *p, size_t size, int prot, int flags, int fd, off_t offset)
{
	void *new = rcgo__heap_next.mmap(p, size, prot, flags, fd, offset);

	if (new != MAP_ERROR) {
		note_own(new, size, is_own_memory(prot, flags));
	}
	return new;
}

int
rcgo__heap_own_munmap(void *p, size_t size)
{
	note_own(p, size, false);
	return rcgo__heap_next.munmap(p, size);
}

#	endif
#else

// A sanitizer has functions of its own in the place of these.

bool
rcgo__heap_is_first(void)
{
	return false;
}

#	ifdef RCGO_WITH_HEAP

void *
rcgo__heap_own_mmap(void *p, size_t size, int prot, int flags, int fd, off_t offset)
{
	return rcgo__heap_next.mmap(p, size, prot, flags, fd, offset);
}

int
rcgo__heap_own_munmap(void *p, size_t size)
{
	return rcgo__heap_next.munmap(p, size);
}

#	endif
#endif
