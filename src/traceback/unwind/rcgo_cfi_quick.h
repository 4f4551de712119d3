// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: rules of ordinary functions of objects that stay, worked out in one
// pass. It knows the shapes and instructions that compilers emit, and leaves all others to
// rcgo_cfi.h, which knows everything and takes some three times as long. Both give the same rule.
#ifndef RCGO_CFI_QUICK_H
#define RCGO_CFI_QUICK_H

#include "rcgo_cfi.h"
#include "rcgo_probe.h"

// A compact row, its CFA a register and an offset.
struct rcgo_quick_row {
	int32_t cfa_offset;
	uint32_t cfa_reg;
	int32_t value[RCGO_SLOTS_COMPACT];
	uint8_t how[RCGO_SLOTS_COMPACT];
};

// What a walk remembers of the object it is in: its table, and the CIE of the last function, which
// is that of most. All 0: nothing yet.
struct rcgo_cfi_quick {
	bool looked; // for the table
	bool sized, interrupted;
	struct rcgo_cfi_pairs pairs;   // none with count 0
	uintptr_t fde_page, code_page; // the last that were seen
	uintptr_t cie;		       // 0: none
	uint32_t code_align;
	int32_t data_align;
	uint32_t ra;
	struct rcgo_quick_row initial;
};

// Begins with an object. Field by field: a whole struct would be a call of memset, whose first call
// is the dynamic linker's and takes 3 KB of stack.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE void
rcgo__cfi_quick_forget(struct rcgo_cfi_quick *quick)
{
	quick->looked = false;
	quick->cie = 0;
	// The last page of all is nobody's.
	quick->fde_page = (uintptr_t)0 - RCGO_PROBE_PAGE;
	quick->code_page = (uintptr_t)0 - RCGO_PROBE_PAGE;
}

// The rule of pc, or RCGO_RULE_NONE when it is not for here to say. hdr is as in rcgo__cfi_find.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__cfi_quick(const struct rcgo_cfi_area *area, uintptr_t hdr,
	size_t hdr_size, uintptr_t pc, struct rcgo_cfi_quick *quick);

// Whether the instruction at pc can be seen not to begin a handler's restorer.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_quick_code(
	const struct rcgo_cfi_area *area, uintptr_t pc, struct rcgo_cfi_quick *quick);

// Takes in the CIE at cie, which is that of the FDE at address. Returns false where it is strange.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_quick_cie(const struct rcgo_cfi_area *area, uintptr_t cie,
	uintptr_t address, struct rcgo_cfi_quick *quick);

#endif // RCGO_CFI_QUICK_H
