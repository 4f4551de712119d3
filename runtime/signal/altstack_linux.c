// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: which alternate signal stack a thread has while Go may run on it. Runs at the
// beginning and the end of threads, and where C calls sigaltstack, in handlers too.
// Re-read runtime/signal_unix.go (minitSignalStack, unminitSignals, adjustSignalStack).

//rcgo:small

#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "altstack_internal.h"
#include "raw_syscall.h"
#include "safe_read.h"
#include "sanitizer.h"

#ifndef AT_MINSIGSTKSZ
#	define AT_MINSIGSTKSZ 51
#endif

// What a stack of C's has to hold beside the kernel's frame: some 2 KiB for Go's handler and 4 KiB
// for what looks at C's frames in it.
#define HANDLER_BYTES 8192u

#if RCGO_SANITIZED || defined(RCGO_WITHOUT_SIGNALS)
#	define OFF_AT_FIRST true
#else
#	define OFF_AT_FIRST false
#endif

// owner: rcgo__altstack_off, as Go starts; lock: none; ordering: a word
static bool altstacks_off = OFF_AT_FIRST;

void
rcgo__altstack_off(void)
{
	rcgo_store_rlx(&altstacks_off, true);
}

static int
altstack_set(const stack_t *want, stack_t *old)
{
	return (int)rcgo__raw_syscall(SYS_sigaltstack, (long)want, (long)old, 0, 0, 0, 0);
}

static int
altstack_set_ours(uintptr_t lo, stack_t *old)
{
	stack_t ours = {.ss_sp = (void *)lo, .ss_size = rcgo__altstack_size()};

	return altstack_set(&ours, old);
}

static bool
altstack_is_on(const stack_t *st)
{
	return (st->ss_flags & SS_DISABLE) == 0;
}

static bool
altstack_will_do(const stack_t *st)
{
	return altstack_is_on(st) &&
	       st->ss_size >= (uintptr_t)getauxval(AT_MINSIGSTKSZ) + HANDLER_BYTES;
}

// Has a stack of ours for the thread.
static bool
altstack_provide(struct rcgo_altstack *own)
{
	if (own->lo == 0 && !rcgo_load_rlx(&altstacks_off)) {
		own->lo = rcgo__altstack_take();
	}
	return own->lo != 0;
}

void
rcgo__altstack_begin(struct rcgo_altstack *own)
{
	stack_t old;

	*own = (struct rcgo_altstack){0};
	if (!altstack_provide(own)) {
		return;
	}
	// In a handler on a stack of C's this fails, and nothing is changed.
	if (altstack_set_ours(own->lo, &old) != 0) {
		rcgo__altstack_give(own->lo);
		own->lo = 0;
	} else if (altstack_will_do(&old)) {
		altstack_set(&old, NULL);
		rcgo__altstack_give(own->lo);
		own->lo = 0;
	} else if (altstack_is_on(&old)) {
		own->c_lo = (uintptr_t)old.ss_sp;
		own->c_size = old.ss_size;
	}
}

void
rcgo__altstack_end(struct rcgo_altstack *own)
{
	stack_t back = {.ss_sp = (void *)own->c_lo, .ss_size = own->c_size};
	uintptr_t lo = own->lo;
	stack_t was;

	back.ss_flags = own->c_lo == 0 ? SS_DISABLE : 0;
	// A thread that ends in a handler keeps its stack; nobody else may have it.
	if (lo == 0 || altstack_set(&back, &was) != 0) {
		return;
	}
	if ((uintptr_t)was.ss_sp != lo) {
		altstack_set(&was, NULL); // C's own, set past us
		lo = rcgo__altstack_is_mapped(lo) ? lo : 0;
	}
	*own = (struct rcgo_altstack){0};
	if (lo != 0) {
		rcgo__altstack_give(lo);
	}
}

// Shows C the stack that it has set itself, unless a handler that asks runs on ours.
static void
altstack_show(const struct rcgo_altstack *own, stack_t *old)
{
	if (own->c_lo != 0 && (uintptr_t)old->ss_sp == own->lo && old->ss_flags == 0) {
		old->ss_sp = (void *)own->c_lo;
		old->ss_size = own->c_size;
	}
}

int
rcgo__altstack_change(struct rcgo_altstack *own, const stack_t *want, stack_t *old)
{
	struct rcgo_altstack next = *own;
	stack_t now;
	int err;

	if (want == NULL || altstack_will_do(want) || !altstack_provide(own)) {
		err = altstack_set(want, &now);
		next.c_lo = want != NULL ? 0 : next.c_lo;
	} else {
		// Fails as it should when want is nothing that the kernel takes, or too early.
		bool too_small = altstack_is_on(want);

		err = too_small ? altstack_set(want, &now) : 0;
		err = err == 0 ? altstack_set_ours(own->lo, too_small ? NULL : &now) : err;
		next.c_lo = too_small ? (uintptr_t)want->ss_sp : 0;
		next.c_size = want->ss_size;
	}
	if (err == 0) {
		altstack_show(own, &now);
		if (old != NULL) {
			*old = now;
		}
		own->c_lo = next.c_lo;
		own->c_size = next.c_size;
	}
	return err;
}

// Signal Handling: memory for alternate signal stacks, kept when threads end. Runs on any stack, in
// handlers too, and takes no lock.
// Contract: sigaltstack(2), getauxval(3) AT_MINSIGSTKSZ, madvise(2) MADV_GUARD_INSTALL.

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
	       rcgo__raw_syscall(SYS_mprotect, (long)at, (long)bytes, PROT_NONE, 0, 0, 0) == 0;
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
rcgo__altstack_is_mapped(uintptr_t lo)
{
	const struct altstack_header *h = header_of(lo);
	uintptr_t word;

	return rcgo__copy_nofault(&word, &h->word, sizeof word) && word == (lo ^ HEADER_WORD);
}
