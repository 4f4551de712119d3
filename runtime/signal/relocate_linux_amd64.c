// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, the guard, amd64: a signal's frame is moved. Runs on the alternate stack with
// all signals blocked. Re-read Linux arch/x86/kernel/signal.c (get_sigframe) and signal_64.c.

#include "interpose.h"
#include "sigframe.h"

#ifndef RCGO_WITHOUT_SIGNALS

// The frame, from below: the return address, ucontext_t as the kernel has it, siginfo_t; then, at a
// multiple of 64, what XSAVE stored, of a size that stands in its own software bytes.

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

// The size of the saved state at fp, 0 when there is none.
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

void
rcgo__frame_relocate(struct rcgo_trampoline_frame *entry, uintptr_t sp)
{
	ucontext_t *uc = (ucontext_t *)entry->context;
	uintptr_t fp = (uintptr_t)uc->uc_mcontext.fpregs;
	size_t size = state_size(fp);
	uintptr_t new_fp, frame;

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
