// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: which alternate signal stack a thread has while Go may run on it. Runs at the
// beginning and the end of threads, and where C calls sigaltstack, in handlers too.
// Re-read runtime/signal_unix.go (minitSignalStack, unminitSignals, adjustSignalStack).

#include "rcgo_altstack_parts.h"

#include <sys/auxv.h>

#include "rcgo_raw.h"
#include "rcgo_sanitizer.h"

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
	return (int)rcgo__raw(SYS_sigaltstack, (long)want, (long)old, 0, 0, 0, 0);
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
		lo = rcgo__altstack_is_whole(lo) ? lo : 0;
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
