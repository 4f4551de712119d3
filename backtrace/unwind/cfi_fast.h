// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: rules of ordinary functions of objects that stay, worked out in one
// pass. It knows the shapes and instructions that compilers emit, and leaves all others to
// cfi.h, which knows everything and takes some three times as long. Both give the same rule.
#ifndef RCGO_CFI_FAST_H
#define RCGO_CFI_FAST_H

#include "cfi.h"
#include "safe_read.h"

// A compact row, its CFA a register and an offset.
struct rcgo_cfi_fast_row {
	int32_t cfa_offset;
	uint32_t cfa_reg;
	int32_t value[RCGO_SLOTS_COMPACT];
	uint8_t reg_rule[RCGO_SLOTS_COMPACT];
};

// What a walk remembers of the object it is in: its table, and the CIE of the last function, which
// is that of most. All 0: nothing yet.
struct rcgo_cfi_fast {
	bool looked; // for the table
	bool sized, interrupted;
	struct rcgo_cfi_pairs pairs;   // none with count 0
	uintptr_t fde_page, code_page; // the last that were seen
	uintptr_t cie;		       // 0: none
	uint32_t code_align;
	int32_t data_align;
	uint32_t ra;
	struct rcgo_cfi_fast_row initial;
};

// Begins with an object. Field by field: a whole struct would be a call of memset, whose first call
// is the dynamic linker's and takes 3 KB of stack.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE void
rcgo__cfi_fast_forget(struct rcgo_cfi_fast *quick)
{
	quick->looked = false;
	quick->cie = 0;
	// The last page of all is nobody's.
	quick->fde_page = (uintptr_t)0 - RCGO_NOFAULT_PAGE;
	quick->code_page = (uintptr_t)0 - RCGO_NOFAULT_PAGE;
}

// The rule of pc, or RCGO_UNWIND_ENTRY_NONE when it is not for here to say. hdr is as in
// rcgo__cfi_find.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__cfi_fast(const struct rcgo_cfi_area *area, uintptr_t hdr,
	size_t hdr_size, uintptr_t pc, struct rcgo_cfi_fast *quick);

// Whether the instruction at pc can be seen not to begin a handler's restorer.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_fast_code(
	const struct rcgo_cfi_area *area, uintptr_t pc, struct rcgo_cfi_fast *quick);

// Takes in the CIE at cie, which is that of the FDE at address. Returns false where it is strange.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_fast_cie(const struct rcgo_cfi_area *area, uintptr_t cie,
	uintptr_t address, struct rcgo_cfi_fast *quick);

#endif // RCGO_CFI_FAST_H
