// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: memory for alternate signal stacks, kept when threads end. Runs on any stack, in
// handlers too, and takes no lock.
// Contract: sigaltstack(2), getauxval(3) AT_MINSIGSTKSZ, madvise(2) MADV_GUARD_INSTALL.

#include "rcgo_altstack_parts.h"

#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rcgo_probe.h"
#include "rcgo_raw.h"

#ifndef AT_MINSIGSTKSZ
#	define AT_MINSIGSTKSZ 51
#endif
#ifndef MADV_GUARD_INSTALL // Linux 6.13
#	define MADV_GUARD_INSTALL 102
#endif

// What a stack has at least; and beside Go's 32 KiB, room for some signals on top of each other,
// whose frames are large where vectors are.
#define LEAST ((uintptr_t)64 << 10)
#define GO_HAS ((uintptr_t)32 << 10)
#define NESTED 4u

// So far a function may jump over the end unseen. Address space only.
#define GUARD ((uintptr_t)16 << 10)

// A handler that touches the guard is told of it only if its stack pointer has left the stack, for
// then the kernel starts again at the top. Code writes up to 128 bytes below its stack pointer. So
// the stack that the kernel knows ends a little above the guard.
#define WRITES_BELOW ((uintptr_t)256)

// Above the stack, where no handler's frame comes.
struct altstack_header {
	_Alignas(64) uintptr_t word; // says that this memory is still ours
	uintptr_t place;	     // in the slabs
};
#define HEADER sizeof(struct altstack_header)
#define HEADER_WORD ((uintptr_t)0x72636774)

#define SLAB_STACKS 16u
#define SLABS 1024u

// A slab's base, and by bit which of its stacks are taken and which have their guard.
// owner: slab_get (base), who takes or gives a stack; lock: none; ordering: acquire and release
static struct {
	uintptr_t base;
	uint64_t taken;
	uint64_t guarded;
} slabs[SLABS];

// owner: pool_layout, always with the same value; lock: none; ordering: none needed
static uintptr_t stack_bytes;
// owner: pool_layout, as stack_bytes; lock: none; ordering: stack_bytes
static uintptr_t guard_bytes;

// What a slab has for each stack: the guard, then the stack.
static uintptr_t
pool_layout(void)
{
	uintptr_t bytes = rcgo_load_rlx(&stack_bytes);
	uintptr_t page, frames;

	if (bytes == 0) {
		page = (uintptr_t)sysconf(_SC_PAGESIZE);
		frames = GO_HAS + NESTED * (uintptr_t)getauxval(AT_MINSIGSTKSZ);
		bytes = (frames > LEAST ? frames : LEAST) + WRITES_BELOW + HEADER;
		bytes = (bytes + page - 1) & ~(page - 1);
		rcgo_store_rlx(&guard_bytes, (GUARD + page - 1) & ~(page - 1));
		rcgo_store_rel(&stack_bytes, bytes);
	}
	return rcgo_load_rlx(&guard_bytes) + bytes;
}

uintptr_t
rcgo__altstack_size(void)
{
	pool_layout();
	return rcgo_load_rlx(&stack_bytes) - WRITES_BELOW - HEADER;
}

static uintptr_t
slab_get(uint32_t i)
{
	uintptr_t base = rcgo_load_acq(&slabs[i].base);
	size_t bytes = SLAB_STACKS * pool_layout();
	uintptr_t none = 0;
	void *fresh;

	if (base != 0) {
		return base;
	}
	fresh = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (fresh == MAP_FAILED) {
		return 0;
	}
	if (!rcgo_cas(&slabs[i].base, &none, (uintptr_t)fresh)) {
		munmap(fresh, bytes);
		return none;
	}
	return (uintptr_t)fresh;
}

// A guard of the kernel's newer kind does not use up one of the process's mappings.
static bool
make_guard(uintptr_t at)
{
	size_t bytes = rcgo_load_rlx(&guard_bytes);

	return madvise((void *)at, bytes, MADV_GUARD_INSTALL) == 0 ||
	       rcgo__raw(SYS_mprotect, (long)at, (long)bytes, PROT_NONE, 0, 0, 0) == 0;
}

static struct altstack_header *
header_of(uintptr_t lo)
{
	return (struct altstack_header *)(lo + rcgo__altstack_size());
}

// Frees a stack's place in its slab.
static void
place_release(uintptr_t i, uint32_t bit)
{
	__atomic_fetch_and(&slabs[i].taken, ~((uint64_t)1 << bit), __ATOMIC_RELEASE);
}

// Makes a stack that was taken ready. Returns its lowest address, or 0.
static uintptr_t
place_ready(uint32_t i, uint32_t bit)
{
	uintptr_t at = slabs[i].base + bit * pool_layout();
	uintptr_t lo = at + rcgo_load_rlx(&guard_bytes) + WRITES_BELOW;

	if ((rcgo_load_acq(&slabs[i].guarded) >> bit & 1) == 0) {
		if (!make_guard(at)) {
			place_release(i, bit);
			return 0;
		}
		header_of(lo)->word = lo ^ HEADER_WORD;
		header_of(lo)->place = i * SLAB_STACKS + bit;
		__atomic_fetch_or(&slabs[i].guarded, (uint64_t)1 << bit, __ATOMIC_RELEASE);
	}
	return lo;
}

// Takes a place in a slab. Returns its number, or SLAB_STACKS when there is none.
static uint32_t
place_claim(uint32_t i)
{
	uint64_t taken = rcgo_load_rlx(&slabs[i].taken);

	while (taken != ((uint64_t)1 << SLAB_STACKS) - 1) {
		uint32_t bit = (uint32_t)__builtin_ctzll(~taken);

		if (rcgo_cas(&slabs[i].taken, &taken, taken | (uint64_t)1 << bit)) {
			return bit;
		}
	}
	return SLAB_STACKS;
}

uintptr_t
rcgo__altstack_take(void)
{
	int saved = errno;
	uintptr_t lo = 0;

	for (uint32_t i = 0; i < SLABS && slab_get(i) != 0; i++) {
		uint32_t bit = place_claim(i);

		if (bit != SLAB_STACKS) {
			lo = place_ready(i, bit);
			break;
		}
	}
	errno = saved;
	return lo;
}

void
rcgo__altstack_give(uintptr_t lo)
{
	uintptr_t place = header_of(lo)->place;

	place_release(place / SLAB_STACKS, place % SLAB_STACKS);
}

bool
rcgo__altstack_is_whole(uintptr_t lo)
{
	const struct altstack_header *h = header_of(lo);
	uintptr_t word;

	return rcgo__probe_copy(&word, &h->word, sizeof word) && word == (lo ^ HEADER_WORD);
}
