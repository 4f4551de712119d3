// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: the registers that a walk may start from without a signal. A few
// words, taken by a few instructions, so that a call from C to Go can afford to keep them.
#ifndef RCGO_SAVED_REGS_H
#define RCGO_SAVED_REGS_H

#include <stdint.h>

#include "compat.h"

// One file for each processor. A new one supplies what the two here supply, no more.
#if defined(__x86_64__)
#	include "saved_regs_amd64.h"
#elif defined(__aarch64__)
#	include "saved_regs_arm64.h"
#else
#	error "no rcgo_regs_<arch>.h for this processor"
#endif

struct rcgo_saved_regs {
	uintptr_t pc; // a return address: the walk looks up and gives pc - 1
	uintptr_t sp;
	uintptr_t fp;
	// The other registers that calls keep, in the order of the processor's file; 0 is unknown.
	uintptr_t kept[RCGO_REGS_KEPT];
};

// Takes the registers of the function that it stands in: good until that function returns. The asm
// has no output, which keeps it where it is.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE void
rcgo__regs_capture(struct rcgo_saved_regs *regs)
{
	RCGO_REGS_CAPTURE(regs);
}

// Takes the registers that the caller of the function that it stands in will have on return, good
// until that one returns: for a function that notes its caller and is gone when the note is read.
// It knows pc, sp and fp; kept is 0. gcc and clang give the function a frame pointer for it. clang
// on arm64 gives an sp that is too low, which does no harm while its code finds frames by fp.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE void
rcgo__regs_capture_caller(struct rcgo_saved_regs *regs)
{
	regs->pc = (uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0));
	regs->sp = (uintptr_t)__builtin_dwarf_cfa();
	regs->fp = *(const uintptr_t *)__builtin_frame_address(0);
	for (unsigned i = 0; i < RCGO_REGS_KEPT; i++) {
		regs->kept[i] = 0;
	}
}

#endif // RCGO_SAVED_REGS_H
