// SPDX-License-Identifier: BSD-3-Clause
// The choice of the alternate signal stack of a thread while Go may run on it, and the pool of
// stacks. Runs at the start and the end of threads and where C code calls sigaltstack, also in
// signal handlers.
// Re-read runtime/signal_unix.go (minitSignalStack, unminitSignals, adjustSignalStack).

//rcgo:small

#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "altstack.h"
#include "kernel.h"
#include "raw_syscall.h"
#include "safe_read.h"
#include "sanitizer.h"

// What a stack of C code must hold in addition to the kernel's frame: about 2 KiB for Go's
// handler and 4 KiB for the analysis of C frames in it.
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
altstack_set_pooled(uintptr_t lo, stack_t *old)
{
	stack_t pooled = {.ss_sp = (void *)lo, .ss_size = rcgo__altstack_size()};

	return altstack_set(&pooled, old);
}

static bool
altstack_is_on(const stack_t *st)
{
	return (st->ss_flags & SS_DISABLE) == 0;
}

static bool
altstack_is_sufficient(const stack_t *st)
{
	return altstack_is_on(st) &&
	       st->ss_size >= rcgo__kernel_auxv(RCGO_AUXV_MINSIGSTKSZ) + HANDLER_BYTES;
}

// Takes a pool stack for the thread if it has none. Returns whether it has one.
static bool
altstack_provide(struct rcgo_altstack *self)
{
	if (self->lo == 0 && !rcgo_load_rlx(&altstacks_off)) {
		self->lo = rcgo__altstack_take();
	}
	return self->lo != 0;
}

void
rcgo__altstack_begin(struct rcgo_altstack *self)
{
	stack_t old;

	*self = (struct rcgo_altstack){0};
	if (!altstack_provide(self)) {
		return;
	}
	// In a handler that runs on C code's alternate stack this fails, and nothing changes.
	if (altstack_set_pooled(self->lo, &old) != 0) {
		rcgo__altstack_give(self->lo);
		self->lo = 0;
	} else if (altstack_is_sufficient(&old)) {
		altstack_set(&old, NULL);
		rcgo__altstack_give(self->lo);
		self->lo = 0;
	} else if (altstack_is_on(&old)) {
		self->c_lo = (uintptr_t)old.ss_sp;
		self->c_size = old.ss_size;
	}
}

void
rcgo__altstack_end(struct rcgo_altstack *self)
{
	stack_t back = {.ss_sp = (void *)self->c_lo, .ss_size = self->c_size};
	uintptr_t lo = self->lo;
	stack_t was;

	back.ss_flags = self->c_lo == 0 ? SS_DISABLE : 0;
	// A thread that ends in a signal handler keeps its stack. No other thread may get it.
	if (lo == 0 || altstack_set(&back, &was) != 0) {
		return;
	}
	if ((uintptr_t)was.ss_sp != lo) {
		altstack_set(&was, NULL); // set by C code, by a call that bypassed our wrapper
		lo = rcgo__altstack_is_mapped(lo) ? lo : 0;
	}
	*self = (struct rcgo_altstack){0};
	if (lo != 0) {
		rcgo__altstack_give(lo);
	}
}

// Shows C code the stack that it set itself, unless the caller is a handler that runs on the pool
// stack.
static void
altstack_show_to_c(const struct rcgo_altstack *self, stack_t *old)
{
	if (self->c_lo != 0 && (uintptr_t)old->ss_sp == self->lo && old->ss_flags == 0) {
		old->ss_sp = (void *)self->c_lo;
		old->ss_size = self->c_size;
	}
}

int
rcgo__altstack_change(struct rcgo_altstack *self, const stack_t *want, stack_t *old)
{
	struct rcgo_altstack next = *self;
	stack_t now;
	int err;

	if (want == NULL || altstack_is_sufficient(want) || !altstack_provide(self)) {
		err = altstack_set(want, &now);
		next.c_lo = want != NULL ? 0 : next.c_lo;
	} else {
		// Calls the kernel so that an invalid want, or a call on the stack itself, fails
		// as it should.
		bool too_small = altstack_is_on(want);

		err = too_small ? altstack_set(want, &now) : 0;
		err = err == 0 ? altstack_set_pooled(self->lo, too_small ? NULL : &now) : err;
		next.c_lo = too_small ? (uintptr_t)want->ss_sp : 0;
		next.c_size = want->ss_size;
	}
	if (err == 0) {
		altstack_show_to_c(self, &now);
		if (old != NULL) {
			*old = now;
		}
		self->c_lo = next.c_lo;
		self->c_size = next.c_size;
	}
	return err;
}

// The pool: memory for alternate signal stacks, kept when threads end. Runs on any stack, also in
// signal handlers, and takes no lock.
// Contract: sigaltstack(2), getauxval(3) AT_MINSIGSTKSZ, madvise(2) MADV_GUARD_INSTALL.

#ifndef MADV_GUARD_INSTALL // Linux 6.13
#	define MADV_GUARD_INSTALL 102
#endif

// The minimum size of a stack. In addition to Go's 32 KiB, a stack has room for some nested
// signals, whose frames are large on CPUs with wide vector registers.
#define MIN_STACK_BYTES ((uintptr_t)64 << 10)
#define GO_STACK_BYTES ((uintptr_t)32 << 10)
#define NESTED 4u

// The size of the guard area: a function may skip that many bytes beyond the end and still be
// detected. Uses address space only.
#define GUARD ((uintptr_t)16 << 10)

// The kernel reports a handler that touches the guard area only if its stack pointer has left the
// stack; it then delivers the signal at the top of the stack. Code writes up to 128 bytes below
// its stack pointer. Therefore the stack that the kernel knows ends a little above the guard
// area.
#define WRITES_BELOW ((uintptr_t)256)

// A header above the stack, where the kernel puts no signal frame.
struct altstack_header {
	_Alignas(64) uintptr_t word; // identifies memory of this pool
	uintptr_t index;	     // of the stack in the slabs
};
#define HEADER sizeof(struct altstack_header)
#define HEADER_WORD ((uintptr_t)0x72636774)

#define SLAB_STACKS 16u

// Core files have the stacks that were in use, and not those that no thread has had yet.
#ifdef MADV_DONTDUMP
#	define ADVICE_UNUSED MADV_DONTDUMP
#	define ADVICE_USED MADV_DODUMP
#else
#	define ADVICE_UNUSED MADV_NORMAL
#	define ADVICE_USED MADV_NORMAL
#endif
#define SLABS 1024u

// A slab's base, and two bit sets: the stacks that are taken, and those that have their guard
// area.
// owner: slab_get (base), takers and givers of a stack; lock: none; ordering: acquire and release
static struct {
	rcgo_atomic_u64 taken;
	rcgo_atomic_u64 guarded;
	uintptr_t base;
} slabs[SLABS];

// owner: pool_layout, always with the same value; lock: none; ordering: stored after guard_bytes,
// with release; acquire in pool_layout
static uintptr_t stack_bytes;
// owner: pool_layout, as stack_bytes; lock: none; ordering: that of stack_bytes
static uintptr_t guard_bytes;

// Returns the bytes that a slab has for each stack: the guard area, then the stack.
static uintptr_t
pool_layout(void)
{
	uintptr_t bytes = rcgo_load_acq(&stack_bytes);
	uintptr_t page, frames;

	if (bytes == 0) {
		page = (uintptr_t)sysconf(_SC_PAGESIZE);
		frames = GO_STACK_BYTES + NESTED * rcgo__kernel_auxv(RCGO_AUXV_MINSIGSTKSZ);
		bytes = (frames > MIN_STACK_BYTES ? frames : MIN_STACK_BYTES) + WRITES_BELOW +
			HEADER;
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
		MAP_PRIVATE | MAP_ANONYMOUS | RCGO_MAP_LAZY | RCGO_MAP_STACK, -1, 0);
	if (fresh == MAP_FAILED) {
		return 0;
	}
	madvise(fresh, bytes, ADVICE_UNUSED);
	if (!rcgo_cas(&slabs[i].base, &none, (uintptr_t)fresh)) {
		munmap(fresh, bytes);
		return none;
	}
	return (uintptr_t)fresh;
}

// Makes a guard area. MADV_GUARD_INSTALL does not use one of the process's mappings.
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

// Frees the stack's bit in its slab.
static void
slab_release(uintptr_t i, uint32_t bit)
{
	__atomic_fetch_and(&slabs[i].taken, ~((uint64_t)1 << bit), __ATOMIC_RELEASE);
}

// Prepares a stack that was claimed. Returns its lowest address, or 0.
static uintptr_t
slab_prepare(uint32_t i, uint32_t bit)
{
	uintptr_t at = slabs[i].base + bit * pool_layout();
	uintptr_t lo = at + rcgo_load_rlx(&guard_bytes) + WRITES_BELOW;

	if ((rcgo_load_acq(&slabs[i].guarded) >> bit & 1) == 0) {
		if (!make_guard(at)) {
			slab_release(i, bit);
			return 0;
		}
		madvise((void *)at, pool_layout(), ADVICE_USED);
		header_of(lo)->word = lo ^ HEADER_WORD;
		header_of(lo)->index = i * SLAB_STACKS + bit;
		__atomic_fetch_or(&slabs[i].guarded, (uint64_t)1 << bit, __ATOMIC_RELEASE);
	}
	return lo;
}

// Claims a free stack of a slab. Returns its bit number, or SLAB_STACKS if there is none.
static uint32_t
slab_claim(uint32_t i)
{
	uint64_t taken = rcgo_load_rlx(&slabs[i].taken);

	while (taken != ((uint64_t)1 << SLAB_STACKS) - 1) {
		uint32_t bit = (uint32_t)rcgo_lowest_bit(~taken);

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
		uint32_t bit = slab_claim(i);

		if (bit != SLAB_STACKS) {
			lo = slab_prepare(i, bit);
			break;
		}
	}
	errno = saved;
	return lo;
}

void
rcgo__altstack_give(uintptr_t lo)
{
	uintptr_t index = header_of(lo)->index;

	slab_release(index / SLAB_STACKS, index % SLAB_STACKS);
}

bool
rcgo__altstack_is_mapped(uintptr_t lo)
{
	const struct altstack_header *h = header_of(lo);
	uintptr_t word;

	return rcgo__copy_nofault(&word, &h->word, sizeof word) && word == (lo ^ HEADER_WORD);
}
