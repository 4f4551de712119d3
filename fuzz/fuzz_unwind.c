// SPDX-License-Identifier: BSD-3-Clause
// Fuzzing: forged stacks. The input is the registers and then the words of a stack. The upper bits
// of a word select whether it becomes an address of code or of the stack.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of registers in ucontext_t
#endif

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "fuzz.h"
#include "module.h"
#include "arch.h"
#include "unwinder.h"

#define ROOM 65536
#define FRAMES 64

static uint8_t *stack_end;

static void
prepare(void)
{
	uint8_t *map;

	if (stack_end != NULL) {
		return;
	}
	rcgo__modules_init();
	map = mmap(NULL, 2 * ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || mprotect(map + ROOM, ROOM, PROT_NONE) != 0) {
		abort();
	}
	stack_end = map + ROOM;
}

static uintptr_t
meaning(uint64_t word)
{
	static const uintptr_t code[] = {(uintptr_t)printf, (uintptr_t)qsort, (uintptr_t)fork,
		(uintptr_t)swapcontext, (uintptr_t)rcgo__unwind_here, (uintptr_t)getcontext,
		(uintptr_t)memcpy, (uintptr_t)LLVMFuzzerTestOneInput};

	switch (word >> 62) {
	case 0:
		return (uintptr_t)word;
	case 1:
		return code[word >> 59 & 7] + (word & 0xffff);
	default:
		return (uintptr_t)stack_end - (word & (2 * ROOM - 1));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t uc_regs[] = RCGO_UC_REGS;
	static ucontext_t uc;
	uintptr_t pcs[FRAMES + 1];
	struct rcgo_stack_bounds bounds;
	size_t words = size / 8;
	size_t regs = sizeof uc_regs / sizeof uc_regs[0] + 1;

	prepare();
	bounds.lo = (uintptr_t)stack_end - ROOM;
	bounds.hi = (uintptr_t)stack_end;
	if (words < regs || words - regs > ROOM / 8) {
		return 0;
	}
	for (size_t i = 0; i < words; i++) {
		uint64_t raw;
		uintptr_t word;

		memcpy(&raw, data + 8 * i, 8);
		word = meaning(raw);
		if (i + 1 < regs) {
			memcpy((char *)&uc + uc_regs[i], &word, sizeof word);
		} else if (i + 1 == regs) {
			memcpy((char *)&uc + RCGO_UC_PC, &word, sizeof word);
		} else {
			memcpy(stack_end - 8 * (words - i), &word, sizeof word);
		}
	}
	pcs[FRAMES] = 4711;
	if (rcgo__unwind_from_handler(&uc, (data[0] & 1) != 0 ? &bounds : NULL, pcs, FRAMES) >
			FRAMES ||
		pcs[FRAMES] != 4711) {
		abort();
	}
	return 0;
}
