// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: recording of allocations and of frees.
#ifndef RCGO_HEAP_RECORD_H
#define RCGO_HEAP_RECORD_H

#include <sys/auxv.h>

#include "heap_control.h"

#define RCGO_HEAP_C_FRAMES 64
#define RCGO_HEAP_GO_FRAMES 96

#define RCGO_HEAP_PAGE_LEAST 4096

// Returns the size of the kernel's pages.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uint64_t
rcgo__heap_page(void)
{
	uint64_t page = getauxval(AT_PAGESZ);

	return page < RCGO_HEAP_PAGE_LEAST ? RCGO_HEAP_PAGE_LEAST : page;
}

// The stack of an allocation.
struct rcgo_heap_frames {
	uintptr_t pc[RCGO_HEAP_C_FRAMES + RCGO_HEAP_GO_FRAMES]; // of C, then of Go
	uint16_t c, go;
	uint16_t kind;
	uint64_t objects; // identifies the objects of the C frames that may be unloaded
	uintptr_t goroutine;
	bool from_go; // Go's code called the outermost C frame
};

// Collects the frames of the calling thread: C frames from the one that returns to caller on, and
// the Go frames of the goroutine that has called C.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__heap_frames(struct rcgo_heap_frames *frames, uintptr_t caller);

// An ELF object in memory.
struct rcgo_heap_object {
	const void *phdr; // its program headers, of type ElfW(Phdr)
	size_t phdrs;
	uintptr_t start, end;
	uintptr_t bias; // memory address minus file address
};

struct rcgo_module;
struct rcgo_stack_bounds;
struct rcgo_unwind_end;

// Stores the bounds of the calling thread's C stack. Returns false if they are not known.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__heap_own_stack(struct rcgo_stack_bounds *stack);

// Collects the Go frames of the goroutine whose C code has reached the C frame that Go called.
// end is where the C unwinder ended. Returns their number, and the goroutine.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__heap_go_frames(
	const struct rcgo_unwind_end *end, uintptr_t *pcs, size_t max, uintptr_t *goroutine);

// Returns whether pc is in Go code that is known.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__heap_in_go(uintptr_t pc);

// Finds the Go code of the object that contains pc, such as a library that Go's linker made. pc is
// where unwinding ended. Returns whether it is in Go code; true if that is unknown. The first call
// for an object takes up to a millisecond.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__heap_find_go(uintptr_t pc);

// Finds the moduledata of a Go program or library that is loaded and relocated, and makes its code
// known as Go's. Returns its address, or 0.
// Safety: MT-Unsafe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD uintptr_t rcgo__heap_add_go(const struct rcgo_heap_object *object);

// Stores the bounds of the Go code of the object that was added first; 0 and 0 if it has none.
// Safety: MT-Unsafe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__heap_go_text(uintptr_t *start, uintptr_t *end);

// Returns the number of a stack in the tables; 0 if there is no room left.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__heap_intern(
	struct rcgo_heap_control *control, const struct rcgo_heap_frames *frames);

// Returns a number that distinguishes the object with this code from others at the same address; 0
// for an object that is never unloaded, and for code outside of objects. *module caches the last
// result; initialise it with {0}.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__heap_module_key(struct rcgo_module *module, uintptr_t pc);

// Returns whether the program's calls of malloc reach ours. If not, the program has an allocator of
// its own, or that of a library which was preloaded before this one.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__heap_is_first(void);

// Adds the objects that contain these program counters to the tables. Returns the number
// of objects there.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint16_t rcgo__heap_modules_note(
	struct rcgo_heap_control *control, const uintptr_t *pcs, size_t n);

// Records that an allocation of the slot's thread gave size bytes at p. caller is the return
// address of the allocator's function.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN __attribute__((noinline)) void rcgo__heap_record(struct rcgo_heap_control *control,
	struct rcgo_heap_slot *slot, void *p, size_t size, uintptr_t caller);

// Removes the block at p from the tables, if it is in them. Returns whether it was; *was is then
// the removed entry.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN __attribute__((noinline)) bool rcgo__heap_forget(
	struct rcgo_heap_control *control, void *p, struct rcgo_heap_entry *was);

// Restores a block that rcgo__heap_forget has removed.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__heap_put_back(
	struct rcgo_heap_control *control, const struct rcgo_heap_entry *was);

// Raises the rate until the tables have room again, and keeps each entry with the probability that
// it would have been recorded at the new rate.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__heap_thin(
	struct rcgo_heap_control *control, struct rcgo_heap_slot *slot);

// These record an anonymous mapping of C code, that the reserved memory of a range becomes
// usable, and that a range is no longer mapped. unmap returns whether any of the range was
// recorded as usable.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__heap_map(
	void *p, size_t size, enum rcgo_heap_state state, uintptr_t caller);
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__heap_commit(void *p, size_t size, uintptr_t caller);
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__heap_unmap(void *p, size_t size);

// Records memory of Go or of its runtime/cgo.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__heap_map_own(void *p, size_t size);

// Keeps a mapping of Go or of its runtime/cgo for later, while profiling is off. If mapped is
// false, the memory has been unmapped.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__heap_note_early(void *p, size_t size, bool mapped);

// Records the mappings that rcgo__heap_note_early has kept, when profiling is switched on.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__heap_move_early(void);

// Makes sure that the disk has room for a part of the tables, before the first write to it. A write
// to a page of a file for which a full disk has no room would end the process by SIGBUS. Returns
// false if there is none.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__heap_take_room(
	struct rcgo_heap_control *control, const void *part, size_t size);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE bool
rcgo__heap_has_room(struct rcgo_heap_control *control, const void *part, size_t size)
{
	return control->disk_page == 0 || rcgo__heap_take_room(control, part, size);
}

// Copies the mappings that end above an address, at most max of them. The lock is held. Returns
// their number.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__heap_mappings_above(const struct rcgo_heap_control *control,
	uint64_t address, struct rcgo_heap_mapping *out, size_t max);

// Like rcgo__heap_unmap, for mappings that are not newer than sample seq. The slot is busy.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__heap_unmap_until(
	struct rcgo_heap_control *control, uint64_t start, uint64_t size, uint64_t seq);

// Queues a free of the block at address (size 0), or an unmapped range, to be recorded later. It
// applies to samples whose number is at most until, and at most that of the newest sample now.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__heap_pend(
	struct rcgo_heap_control *control, uint64_t address, uint64_t size, uint64_t until);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE struct rcgo_heap_entry *
rcgo__heap_entries(const struct rcgo_heap_control *control)
{
	return (struct rcgo_heap_entry *)(void *)((char *)control->header +
						  control->header->entries);
}

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE struct rcgo_heap_stack *
rcgo__heap_stacks(const struct rcgo_heap_control *control)
{
	return (struct rcgo_heap_stack *)(void *)((char *)control->header +
						  control->header->stacks);
}

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uint64_t *
rcgo__heap_words(const struct rcgo_heap_control *control)
{
	return (uint64_t *)(void *)((char *)control->header + control->header->words);
}

#endif // RCGO_HEAP_RECORD_H
