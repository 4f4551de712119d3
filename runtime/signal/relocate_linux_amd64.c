// SPDX-License-Identifier: BSD-3-Clause
// Handler relocation on amd64: moves a signal frame. Runs on the alternate stack with all signals
// blocked. Re-read Linux arch/x86/kernel/signal.c (get_sigframe) and signal_64.c.

#include "interpose.h"
#include "sigframe.h"

#ifndef RCGO_WITHOUT_SIGNALS

// The frame, from its lowest address: the return address, ucontext_t as the kernel defines it,
// siginfo_t; then, at a multiple of 64, the XSAVE state, whose size is in its software-reserved
// bytes.

#	define RED_ZONE 128
#	define FRAME_SIZE 440
#	define CONTEXT_AT 8
#	define INFO_AT 312

#	define FXSAVE_SIZE 512
#	define XSTATE_MAGIC 0x46505853u
#	define XSTATE_MAGIC_AT 464
#	define XSTATE_SIZE_AT 468
#	define XSTATE_MOST 65536

static uint32_t
u32_at(uintptr_t at)
{
	uint32_t word;

	memcpy(&word, (const void *)at, sizeof word);
	return word;
}

// Returns the size of the saved state at fp, or 0 if there is none.
static size_t
state_size(uintptr_t fp)
{
	size_t size = FXSAVE_SIZE;

	if (fp == 0) {
		return 0;
	}
	if (u32_at(fp + XSTATE_MAGIC_AT) == XSTATE_MAGIC) {
		size = u32_at(fp + XSTATE_SIZE_AT);
	}
	return size;
}

bool
rcgo__frame_is_from_kernel(const struct rcgo_trampoline_frame *entry)
{
	return entry->context == entry->sp + CONTEXT_AT && entry->info == entry->sp + INFO_AT;
}

// Sends a request to valgrind, which recognises these instructions. Elsewhere they have no
// effect, and the answer is 0.
static uintptr_t
ask_valgrind(uintptr_t what, uintptr_t a, uintptr_t b)
{
	const uintptr_t request[6] = {what, a, b};
	uintptr_t answer = 0;

	__asm__ volatile("rolq $3, %%rdi\n\trolq $13, %%rdi\n\t"
			 "rolq $61, %%rdi\n\trolq $51, %%rdi\n\t"
			 "xchgq %%rbx, %%rbx"
			 : "+d"(answer)
			 : "a"(request)
			 : "cc", "memory");
	return answer;
}

#	define RUNNING_ON_VALGRIND ((uintptr_t)0x1001)
#	define MAKE_MEM_UNDEFINED ((uintptr_t)'M' << 24 | (uintptr_t)'C' << 16 | 1)
#	define MAKE_MEM_DEFINED ((uintptr_t)'M' << 24 | (uintptr_t)'C' << 16 | 2)
// The size of the area below the frame that a handler may use without a report: memcheck does not
// follow its stack pointer there at first.
#	define HANDLER_ROOM ((uintptr_t)64 * 1024)

// Moves valgrind's frame. It begins like the kernel's and continues with data that valgrind reads
// back itself, up to the end of the alternate stack. All of it is moved unchanged. Memcheck must
// be told, because it treats its own part, and the area below the interrupted stack pointer, as
// inaccessible.
static void
move_under_valgrind(struct rcgo_trampoline_frame *entry, uintptr_t sp)
{
	ucontext_t *uc = (ucontext_t *)entry->context;
	uintptr_t end = (uintptr_t)uc->uc_stack.ss_sp + uc->uc_stack.ss_size;
	size_t size = end - entry->sp;
	uintptr_t frame, by;

	if (size > XSTATE_MOST) {
		return;
	}
	by = (entry->sp - (sp - RED_ZONE - size) + 63) & ~(uintptr_t)63;
	frame = entry->sp - by;
	ask_valgrind(MAKE_MEM_DEFINED, entry->sp, size);
	ask_valgrind(MAKE_MEM_UNDEFINED, frame - HANDLER_ROOM, sp - frame + HANDLER_ROOM);
	if (uc->uc_mcontext.fpregs != NULL) {
		uc->uc_mcontext.fpregs = (void *)((uintptr_t)uc->uc_mcontext.fpregs - by);
	}
	memcpy((void *)frame, (const void *)entry->sp, size);
	entry->sp = frame;
	entry->context -= by;
	entry->info -= by;
}

void
rcgo__frame_relocate(struct rcgo_trampoline_frame *entry, uintptr_t sp)
{
	ucontext_t *uc = (ucontext_t *)entry->context;
	uintptr_t fp = (uintptr_t)uc->uc_mcontext.fpregs;
	size_t size = state_size(fp);
	uintptr_t new_fp, frame;

	if (RCGO_UNLIKELY(ask_valgrind(RUNNING_ON_VALGRIND, 0, 0) != 0)) {
		move_under_valgrind(entry, sp);
		return;
	}
	if (size > XSTATE_MOST) {
		return;
	}
	new_fp = (sp - RED_ZONE - size) & ~(uintptr_t)63;
	frame = ((new_fp - FRAME_SIZE) & ~(uintptr_t)15) - sizeof(uintptr_t);
	if (fp != 0) {
		memcpy((void *)new_fp, (const void *)fp, size);
		uc->uc_mcontext.fpregs = (void *)new_fp;
	}
	memcpy((void *)frame, (const void *)entry->sp, FRAME_SIZE);
	entry->sp = frame;
	entry->context = frame + CONTEXT_AT;
	entry->info = frame + INFO_AT;
}

#endif
