// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: the instructions of call frame information (DW_CFA_*).
#ifndef RCGO_CFI_H
#define RCGO_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch.h"
#include "compat.h"

enum rcgo_cfi_op {
	DW_CFA_advance_loc = 0x40, // these three have their operand in the low bits
	DW_CFA_offset = 0x80,
	DW_CFA_restore = 0xc0,
	DW_CFA_nop = 0x00,
	DW_CFA_set_loc = 0x01,
	DW_CFA_advance_loc1 = 0x02,
	DW_CFA_advance_loc2 = 0x03,
	DW_CFA_advance_loc4 = 0x04,
	DW_CFA_offset_extended = 0x05,
	DW_CFA_restore_extended = 0x06,
	DW_CFA_undefined = 0x07,
	DW_CFA_same_value = 0x08,
	DW_CFA_register = 0x09,
	DW_CFA_remember_state = 0x0a,
	DW_CFA_restore_state = 0x0b,
	DW_CFA_def_cfa = 0x0c,
	DW_CFA_def_cfa_register = 0x0d,
	DW_CFA_def_cfa_offset = 0x0e,
	DW_CFA_def_cfa_expression = 0x0f,
	DW_CFA_expression = 0x10,
	DW_CFA_offset_extended_sf = 0x11,
	DW_CFA_def_cfa_sf = 0x12,
	DW_CFA_def_cfa_offset_sf = 0x13,
	DW_CFA_val_offset = 0x14,
	DW_CFA_val_offset_sf = 0x15,
	DW_CFA_val_expression = 0x16,
	DW_CFA_MIPS_advance_loc8 = 0x1d,
	DW_CFA_AARCH64_negate_ra_state_with_pc = 0x2c,
	DW_CFA_AARCH64_negate_ra_state = 0x2d,
	DW_CFA_GNU_args_size = 0x2e,
	DW_CFA_GNU_negative_offset_extended = 0x2f,
};

// Traceback Generation, unwind: call frame information: the bytes in .eh_frame that say, for each
// instruction, where a frame's caller left its registers. Format: DWARF 5, section 6.4, and the
// Linux Standard Base's chapter on .eh_frame and .eh_frame_hdr.
//
// Bytes of a pinned object are read where they are, after their pages were seen to be readable; of
// any other, which may be unmapped at any moment, a copy is read. Whatever they say, no byte
// outside of the object is read.

// The memory that unwind information may lie in.
struct rcgo_cfi_area {
	uintptr_t start, end;
	bool nodelete;
	// For .debug_frame: where the section begins, and what to add to addresses in it; 0 for
	// .eh_frame.
	uintptr_t debug_frame;
	uintptr_t bias;
};

// Copies of one CIE and one FDE of an object that is not pinned.
struct rcgo_cfi_copy {
	uint8_t cie[128];
	uint8_t fde[464];
};

// A function's unwind information.
struct rcgo_fde {
	uintptr_t start, end; // of the function
	const uint8_t *cie_ops, *cie_end;
	const uint8_t *fde_ops, *fde_end;
	uintptr_t moved; // add it to where a byte of fde_ops is read to get its address
	uint64_t code_align;
	int64_t data_align;
	uint32_t ra; // the column of the return address
	uint8_t encoding;
	bool sized;	  // has augmentation data
	bool interrupted; // the frame of a signal: its caller's pc is exact
};

// Bytes that are read one after the other. What is read behind the end is 0 and sets bad.
struct rcgo_cursor {
	const uint8_t *at, *end;
	bool bad;
};

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE struct rcgo_cursor
rcgo__cursor(const uint8_t *at, const uint8_t *end)
{
	return (struct rcgo_cursor){.at = at, .end = end, .bad = false};
}

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__cursor_fixed(struct rcgo_cursor *c, unsigned size);

// The same with sign.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int64_t rcgo__cursor_signed(struct rcgo_cursor *c, unsigned size);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__cursor_uleb(struct rcgo_cursor *c);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int64_t rcgo__cursor_sleb(struct rcgo_cursor *c);

// Skips a block that begins with its length, and returns where the length was.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const uint8_t *rcgo__cursor_block(struct rcgo_cursor *c);

// How an address is written (DW_EH_PE_*): its form, and what it counts from.
#define RCGO_EH_PE_FORM_MASK 0x0f
#define RCGO_EH_PE_BASE_MASK 0x70
#define DW_EH_PE_PCREL 0x10
#define DW_EH_PE_DATAREL 0x30
#define DW_EH_PE_INDIRECT 0x80
#define DW_EH_PE_OMIT 0xff

// How many bytes an address in this encoding takes; 0 when that is not fixed.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN unsigned rcgo__encoded_size(uint8_t encoding);

// Reads an address. moved is as in struct rcgo_fde, data the base of DW_EH_PE_DATAREL. Encodings
// that unwind information of functions has no use for set bad.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__cursor_address(
	struct rcgo_cursor *c, uint8_t encoding, uintptr_t moved, uintptr_t data);

// Gives size bytes of the area at address: themselves, or in buf, which has room for cap, a copy.
// NULL when they do not all lie in it or cannot be read.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const uint8_t *rcgo__cfi_view(
	const struct rcgo_cfi_area *area, uintptr_t address, size_t size, void *buf, size_t cap);

// Finds the FDE whose function holds pc, by the sorted table of .eh_frame_hdr, which begins at hdr
// and has at most hdr_size bytes (0: unknown), or where it has none by reading all of .eh_frame.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_find(const struct rcgo_cfi_area *area, uintptr_t hdr, size_t hdr_size,
	uintptr_t pc, struct rcgo_fde *fde, struct rcgo_cfi_copy *copy);

// The sorted table in the shape that linkers write, 32 bits relative to the head, where it can be
// read in place.
struct rcgo_cfi_pair {
	int32_t start, fde;
};
struct rcgo_cfi_pairs {
	const struct rcgo_cfi_pair *at;
	size_t count;
	uintptr_t hdr;
};

// Looks for such a table at hdr. Returns false where it is another, or of an object not pinned.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_pairs(const struct rcgo_cfi_area *area, uintptr_t hdr, size_t hdr_size,
	struct rcgo_cfi_pairs *pairs);

// The address of the FDE of the last function that begins at or before pc.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_pairs_find(
	const struct rcgo_cfi_pairs *pairs, uintptr_t pc, uintptr_t *fde);

// Reads the FDE at address. copy may be NULL when the area is pinned.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_parse(const struct rcgo_cfi_area *area, uintptr_t address,
	struct rcgo_fde *fde, struct rcgo_cfi_copy *copy);

// How a register of the caller is found.
enum rcgo_cfi_register_rule {
	RCGO_RULE_SAME, // where it is: not touched, or not said
	RCGO_RULE_UNDEFINED,
	RCGO_RULE_OFFSET,     // at CFA + value
	RCGO_RULE_VAL_OFFSET, // it is CFA + value
	RCGO_RULE_REGISTER,   // in register value
	RCGO_RULE_EXPR,	      // at what the expression at fde_ops + value gives
	RCGO_RULE_VAL_EXPR,   // it is what that gives
};

// What holds at one instruction. With compact only RCGO_SLOT_FP and RCGO_SLOT_RA are known, else
// the slots are the DWARF registers.
#define RCGO_SLOT_FP 0
#define RCGO_SLOT_RA 1
#define RCGO_SLOTS_COMPACT 2
struct rcgo_cfi_row {
	const uint8_t *cfa_expr; // or NULL: register cfa_reg + cfa_offset
	int64_t cfa_offset;
	uint32_t cfa_reg;
	int32_t value[RCGO_DW_REGS];
	uint8_t reg_rule[RCGO_DW_REGS];
};

// Works out the row of pc. Returns false when the instructions make no sense.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_row(
	const struct rcgo_fde *fde, uintptr_t pc, bool compact, struct rcgo_cfi_row *row);

// Packs the compact row of pc into a rule.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__cfi_unwind_entry(
	const struct rcgo_fde *fde, uintptr_t pc, const struct rcgo_cfi_row *row);

#endif // RCGO_CFI_H
