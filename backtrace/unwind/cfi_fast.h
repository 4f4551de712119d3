// SPDX-License-Identifier: BSD-3-Clause
// The fast path that computes unwind-cache entries, for objects that are never unmapped. It handles
// the formats and instructions that compilers emit in one pass. cfi.h handles everything and takes
// about three times as long. Both produce the same entry.
#ifndef RCGO_CFI_FAST_H
#define RCGO_CFI_FAST_H

#include "cfi.h"
#include "safe_read.h"

// A compact row whose CFA is a register plus an offset.
struct rcgo_cfi_fast_row {
	int32_t cfa_offset;
	uint32_t cfa_reg;
	int32_t value[RCGO_SLOTS_COMPACT];
	uint8_t reg_rule[RCGO_SLOTS_COMPACT];
};

// State that one unwind caches for the current object: its sorted table, and the CIE of the last
// function, which most functions share. All 0 means nothing is cached.
struct rcgo_cfi_fast {
	bool looked; // the table was searched for
	bool has_augmentation, signal_frame;
	struct rcgo_cfi_pairs pairs;   // count 0: no table
	uintptr_t fde_page, code_page; // the last pages that are known to be readable
	uintptr_t cie;		       // 0: none is cached
	uint32_t code_align;
	int32_t data_align;
	uint32_t ra;
	struct rcgo_cfi_fast_row initial;
};

// Resets the state for a new object. It assigns single fields: assigning a whole struct would call
// memset, and its first call enters the dynamic linker, which uses 3 KB of stack.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE void
rcgo__cfi_fast_forget(struct rcgo_cfi_fast *fast)
{
	fast->looked = false;
	fast->cie = 0;
	// The last page of the address space is never mapped in a program.
	fast->fde_page = (uintptr_t)0 - RCGO_NOFAULT_PAGE;
	fast->code_page = (uintptr_t)0 - RCGO_NOFAULT_PAGE;
}

// Returns the entry of pc, or RCGO_UNWIND_ENTRY_NONE if the fast path cannot compute it. hdr is as
// in rcgo__cfi_find.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__cfi_fast(const struct rcgo_cfi_area *area, uintptr_t hdr,
	size_t hdr_size, uintptr_t pc, struct rcgo_cfi_fast *fast);

// Reports whether the code at pc is readable and certainly does not start a signal restorer.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_fast_code(
	const struct rcgo_cfi_area *area, uintptr_t pc, struct rcgo_cfi_fast *fast);

// Loads the CIE at cie, which the FDE at address refers to. Returns false if the fast path cannot
// represent the CIE.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_fast_cie(const struct rcgo_cfi_area *area, uintptr_t cie,
	uintptr_t address, struct rcgo_cfi_fast *fast);

#endif // RCGO_CFI_FAST_H
