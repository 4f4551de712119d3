// SPDX-License-Identifier: BSD-3-Clause
// The registers from which unwinding can start without a signal. They are few, and few instructions
// save them, so every call from C to Go can afford it.
#ifndef RCGO_SAVED_REGS_H
#define RCGO_SAVED_REGS_H

#include <stdint.h>

#include "arch.h"
#include "compat.h"

struct rcgo_saved_regs {
	uintptr_t pc; // a return address: the unwinder looks up and reports pc - 1
	uintptr_t sp;
	uintptr_t fp;
	// The other callee-saved registers, in the order of the processor's file; 0 is unknown.
	uintptr_t kept[RCGO_REGS_KEPT];
};

// Saves the registers of the function that contains it. They are valid until that function returns.
// The asm has no output, so the compiler does not move it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE void
rcgo__regs_capture(struct rcgo_saved_regs *regs)
{
	RCGO_REGS_CAPTURE(regs);
}

// Saves the registers that the function's caller will have when the function returns. They are
// valid until that caller returns. Use it in a function that records its caller and has returned
// when the record is read. pc, sp and fp are known; kept is 0. gcc and clang give the function a
// frame pointer for this. On arm64, clang stores an sp that is too low, which is harmless as long
// as its code finds frames by fp.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE void
rcgo__regs_capture_caller(struct rcgo_saved_regs *regs)
{
	regs->pc = (uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0));
	regs->sp = RCGO_SP_OF_CFA(RCGO_OWN_CFA());
	regs->fp = RCGO_SAVED_FP((const uintptr_t *)__builtin_frame_address(0));
	for (unsigned i = 0; i < RCGO_REGS_KEPT; i++) {
		regs->kept[i] = 0;
	}
}

#endif // RCGO_SAVED_REGS_H
