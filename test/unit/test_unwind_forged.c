// SPDX-License-Identifier: BSD-3-Clause
// Unwind: corrupt stacks. Unwinding any of them ends, keeps errno, stores no more than its limit,
// and reads no unmapped memory: the stacks end at an inaccessible page.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // register names of ucontext_t
#endif

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "arch.h"
#include "unit_unwind.h"

#define STACK_SIZE 65536
#define GUARD 65536

static uintptr_t *stack_lo, *stack_hi;
static const uint16_t uc_regs[] = RCGO_UC_REGS;

static void
make_stack(void)
{
	char *map =
		mmap(NULL, STACK_SIZE + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(map != MAP_FAILED);
	CHECK_INT(mprotect(map + GUARD, STACK_SIZE, PROT_READ | PROT_WRITE), 0);
	stack_lo = (uintptr_t *)(void *)(map + GUARD);
	stack_hi = stack_lo + STACK_SIZE / sizeof *stack_lo;
}

static void
set_reg(ucontext_t *uc, unsigned offset, uintptr_t value)
{
	memcpy((char *)uc + offset, &value, sizeof value);
}

// Unwinds from uc into an array that is too small, and checks the guarantees of unwinding.
static size_t
walk(const ucontext_t *uc, const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max)
{
	size_t n;

	pcs[max] = 4711;
	errno = 77;
	n = rcgo__unwind_from_handler(uc, stack, pcs, max);
	CHECK_INT(errno, 77);
	CHECK(n <= max);
	CHECK_INT(pcs[max], 4711);
	return n;
}

// Addresses of code: this program's and libc's, at instructions and between them.
static uintptr_t
random_code(void)
{
	static const uintptr_t from[] = {(uintptr_t)walk, (uintptr_t)rcgo__unwind_here,
		(uintptr_t)qsort, (uintptr_t)printf, (uintptr_t)raise, (uintptr_t)_Unwind_Backtrace,
		(uintptr_t)strtol};

	return from[unit_random() % UNIT_COUNTOF(from)] +
	       unit_random() % 6000 / RCGO_PC_ALIGN * RCGO_PC_ALIGN;
}

static uintptr_t
random_word(void)
{
	switch (unit_random() % 8) {
	case 0:
		return unit_random();
	case 1:
		return unit_random() % 8192;
	case 2:
		return UINTPTR_MAX - unit_random() % 8192;
	case 3:
	case 4:
		return random_code();
	default:
		return (uintptr_t)stack_lo - 64 + unit_random() % (STACK_SIZE + 128);
	}
}

// Random registers, and a stack of random words that look like typical stack contents.
UNWIND_TEST(random_stacks)
{
	static ucontext_t uc;
	size_t rounds = unit_emulated() ? 2000 : 20000;
	size_t deepest = 0;
	struct rcgo_stack_bounds bounds;

	make_stack();
	bounds = (struct rcgo_stack_bounds){(uintptr_t)stack_lo, (uintptr_t)stack_hi};
	for (size_t round = 0; round < rounds; round++) {
		uintptr_t pcs[65];
		size_t n;

		for (int i = 0; i < 200; i++) {
			stack_lo[unit_random() % (STACK_SIZE / sizeof *stack_lo)] = random_word();
		}
		for (size_t i = 0; i < UNIT_COUNTOF(uc_regs); i++) {
			set_reg(&uc, uc_regs[i], random_word());
		}
		set_reg(&uc, RCGO_UC_PC, round % 8 == 0 ? random_word() : random_code());
		if (round % 4 != 0) {
			set_reg(&uc, RCGO_UC_SP,
				(uintptr_t)(stack_hi - unit_random() % 4096) & ~(uintptr_t)15);
		}
		n = walk(&uc, round % 2 == 0 ? &bounds : NULL, pcs, 64);
		deepest = n > deepest ? n : deepest;
	}
	// Some of them are unwound for a while.
	CHECK(deepest > 2);
}

// Real registers, with one of them changed.
static ucontext_t moment;

static void
on_signal(int sig, siginfo_t *info, void *uc)
{
	(void)sig;
	(void)info;
	memcpy(&moment, uc, sizeof moment);
	for (size_t round = 0; round < 3000; round++) {
		uintptr_t pcs[33];
		ucontext_t wild;

		memcpy(&wild, &moment, sizeof wild);
		set_reg(&wild, uc_regs[unit_random() % UNIT_COUNTOF(uc_regs)], random_word());
		walk(&wild, NULL, pcs, 32);
		set_reg(&wild, RCGO_UC_SP, random_word());
		walk(&wild, NULL, pcs, 32);
	}
	ours.n = walk(uc, NULL, ours.pc, UNIT_UNWIND_MAX - 1);
}

static void
raise_it(void)
{
	CHECK_INT(raise(SIGUSR1), 0);
}

UNWIND_TEST(wild_registers)
{
	struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};

	make_stack();
	CHECK_INT(sigaction(SIGUSR1, &act, NULL), 0);
	through_libc(raise_it);
	CHECK(ours.n > 25);
}

// A frame that is its own caller, by the frame pointer and by the stack: unwinding ends, because
// the stack pointer must grow.
UNWIND_TEST(loops)
{
	static ucontext_t uc;
	uintptr_t pcs[257];
	uintptr_t *frame;

	make_stack();
	frame = stack_hi - 64;
	for (int way = 0; way < 3; way++) {
		frame[0] = (uintptr_t)(way == 0 ? frame : way == 1 ? frame - 2 : stack_lo);
		frame[1] = ours.n > 1 ? ours.pc[1] + 1 : (uintptr_t)abort + 1;
		set_reg(&uc, RCGO_UC_PC, 0x1000);
		set_reg(&uc, RCGO_UC_SP, (uintptr_t)(frame - 8));
		set_reg(&uc, RCGO_UC_FP, (uintptr_t)frame);
		CHECK(walk(&uc, NULL, pcs, 256) <= 3);
	}
}

// A signal frame that claims to have interrupted its own restorer, on the same stack.
static uintptr_t restorer;

static void
note_restorer(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	restorer = (uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0));
}

UNWIND_TEST(signal_frames_in_a_ring)
{
	static ucontext_t uc;
	struct sigaction act = {.sa_sigaction = note_restorer, .sa_flags = SA_SIGINFO};
	uintptr_t pcs[257];
	uintptr_t *frame;
	size_t n;

	make_stack();
	CHECK_INT(sigaction(SIGUSR1, &act, NULL), 0);
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK(restorer != 0);
	frame = stack_lo + 1024;
	set_reg(&uc, RCGO_UC_PC, restorer);
	set_reg(&uc, RCGO_UC_SP, (uintptr_t)frame);
	memcpy((char *)frame + RCGO_SIGFRAME_UC, &uc, sizeof uc);
	n = walk(&uc, NULL, pcs, 256);
	CHECK_INT(n, 256);
	for (size_t i = 0; i < n; i++) {
		CHECK(pcs[i] == restorer);
	}
	// A signal frame in unmapped memory.
	set_reg(&uc, RCGO_UC_SP, (uintptr_t)stack_hi - 8);
	CHECK_INT(walk(&uc, NULL, pcs, 256), 1);
	set_reg(&uc, RCGO_UC_SP, (uintptr_t)stack_hi + 8);
	CHECK_INT(walk(&uc, NULL, pcs, 256), 1);
}

// A call of NULL: the caller is found.
UNWIND_TEST(call_of_null)
{
	static ucontext_t uc;
	uintptr_t pcs[65];
	uintptr_t call;

	make_stack();
	CHECK(rcgo__unwind_here(NULL, pcs, 64) > 2);
	call = pcs[1] + 1;
	stack_hi[-64] = call;
	set_reg(&uc, RCGO_UC_PC, 0);
	set_reg(&uc, RCGO_UC_LR, RCGO_HAS_LR ? call : 0);
	set_reg(&uc, RCGO_UC_SP, (uintptr_t)(stack_hi - 64));
	set_reg(&uc, RCGO_UC_FP, 0);
	CHECK(walk(&uc, NULL, pcs, 64) >= 1);
	CHECK(pcs[0] == call - 1);
}

UNIT_MAIN(UNIT_TEST(random_stacks), UNIT_TEST(wild_registers), UNIT_TEST(loops),
	UNIT_TEST(signal_frames_in_a_ring), UNIT_TEST(call_of_null))
