// SPDX-License-Identifier: BSD-3-Clause
// Handler relocation on arm64: moves a signal frame. Runs on the alternate stack with all signals
// blocked. Re-read Linux arch/arm64/kernel/signal.c (get_sigframe).

#include "interpose.h"
#include "sigframe.h"

#ifndef RCGO_WITHOUT_SIGNALS

// The frame, from its lowest address: siginfo_t; ucontext_t, whose last part is a list of records
// of CPU state, including EXTRA if the list continues after it (SVE, SME); a frame record, to
// which x29 points.

#	define CONTEXT_AT 128
#	define STATE_AT (CONTEXT_AT + offsetof(ucontext_t, uc_mcontext.__reserved))
#	define STATE_SIZE 4096
#	define FRAME_MOST (1 << 20)

#	define EXTRA 0x45585401u

// The header of each record of CPU state, and the record EXTRA.
struct cpu_state {
	uint32_t magic;
	uint32_t size;
	uint64_t extra_at;
	uint32_t extra_size;
};
#	define STATE_HEAD 8

// Adjusts the address in EXTRA: the data of the continued list may be in the frame itself.
static void
move_extra(uintptr_t frame, uintptr_t from)
{
	uintptr_t at = frame + STATE_AT;
	uintptr_t end = at + STATE_SIZE;
	struct cpu_state s;

	while (at + sizeof s <= end) {
		memcpy(&s, (const void *)at, sizeof s);
		if (s.magic == 0 || s.size < STATE_HEAD) {
			return;
		}
		if (s.magic == EXTRA) {
			s.extra_at = s.extra_at - from + frame;
			memcpy((void *)at, &s, sizeof s);
			return;
		}
		at += s.size;
	}
}

bool
rcgo__frame_is_from_kernel(const struct rcgo_trampoline_frame *entry)
{
	return entry->context == entry->sp + CONTEXT_AT && entry->info == entry->sp;
}

void
rcgo__frame_relocate(struct rcgo_trampoline_frame *entry, uintptr_t sp)
{
	uintptr_t record_at = entry->fp - entry->sp;
	uintptr_t frame;

	if (record_at < STATE_AT + STATE_SIZE || record_at > FRAME_MOST) {
		return;
	}
	frame = ((sp - 2 * sizeof(uintptr_t)) & ~(uintptr_t)15) - record_at;
	memcpy((void *)frame, (const void *)entry->sp, record_at + 2 * sizeof(uintptr_t));
	move_extra(frame, entry->sp);
	entry->sp = frame;
	entry->info = frame;
	entry->context = frame + CONTEXT_AT;
	entry->fp = frame + record_at;
}

#endif
