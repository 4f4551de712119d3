// SPDX-License-Identifier: BSD-3-Clause
// Call frame information: DW_CFA_* instructions, and the parsing of CIEs and FDEs in .eh_frame and
// .debug_frame. Format: DWARF 5, section 6.4, and the Linux Standard Base's chapter on .eh_frame
// and .eh_frame_hdr.
//
// Of an object that is never unmapped, bytes are read in place once their pages are known to be
// readable. Any other object may be unmapped at any moment, so its bytes are copied first.
// Malformed input never causes a read outside the object.
#ifndef RCGO_CFI_H
#define RCGO_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch.h"
#include "compat.h"

enum rcgo_cfi_op {
	DW_CFA_advance_loc = 0x40, // the operand of these three is in the low bits
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

// Call frame information describes, for each instruction, where the frame's caller finds its
// registers.

// The memory that holds unwind information.
struct rcgo_cfi_area {
	uintptr_t start, end;
	bool nodelete;
	// For .debug_frame: the address of the section, and the value to add to addresses in it.
	// Both are 0 for .eh_frame.
	uintptr_t debug_frame;
	uintptr_t bias;
};

// Copies of one CIE and one FDE, for an object that may be unmapped.
struct rcgo_cfi_copy {
	uint8_t cie[128];
	uint8_t fde[464];
};

// The parsed unwind information of a function.
struct rcgo_fde {
	uintptr_t start, end; // the code of the function
	const uint8_t *cie_ops, *cie_end;
	const uint8_t *fde_ops, *fde_end;
	uintptr_t moved; // original address minus address of the copy, for bytes of fde_ops
	uint64_t code_align;
	int64_t data_align;
	uint32_t ra; // the DWARF register of the return address
	uint8_t encoding;
	bool has_augmentation; // the FDE has augmentation data
	bool signal_frame;     // a signal frame: its caller's pc is exact
};

// A byte reader. A read past the end returns 0 and sets bad.
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

// Reads a signed number of size bytes.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int64_t rcgo__cursor_signed(struct rcgo_cursor *c, unsigned size);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__cursor_uleb(struct rcgo_cursor *c);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int64_t rcgo__cursor_sleb(struct rcgo_cursor *c);

// Skips a block that starts with its length as ULEB128. Returns the address of the length.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const uint8_t *rcgo__cursor_block(struct rcgo_cursor *c);

// Pointer encodings (DW_EH_PE_*): the low bits are the format, the next ones the base.
#define RCGO_EH_PE_FORM_MASK 0x0f
#define RCGO_EH_PE_BASE_MASK 0x70
#define DW_EH_PE_PCREL 0x10
#define DW_EH_PE_DATAREL 0x30
#define DW_EH_PE_INDIRECT 0x80
#define DW_EH_PE_OMIT 0xff

// Returns the size in bytes of an address in this encoding; 0 if the size varies.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN unsigned rcgo__encoded_size(uint8_t encoding);

// Reads an encoded address. moved is as in struct rcgo_fde; data is the base of DW_EH_PE_DATAREL.
// Encodings that unwind information of functions does not use set bad.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__cursor_address(
	struct rcgo_cursor *c, uint8_t encoding, uintptr_t moved, uintptr_t data);

// Reports whether all pages of the range are readable, in an object that is never unmapped.
// Positive answers are cached, because such an object stays mapped.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_pages_readable(uintptr_t address, size_t size);

// Returns size bytes of the area at address, either in place or as a copy in buf, which holds cap
// bytes. Returns NULL if the bytes are not all in the area or cannot be read.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const uint8_t *rcgo__cfi_view(
	const struct rcgo_cfi_area *area, uintptr_t address, size_t size, void *buf, size_t cap);

// Finds the FDE of the function that contains pc. It searches the sorted table of .eh_frame_hdr,
// which starts at hdr and has at most hdr_size bytes (0 if unknown). Without a table it reads all
// of .eh_frame.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_find(const struct rcgo_cfi_area *area, uintptr_t hdr, size_t hdr_size,
	uintptr_t pc, struct rcgo_fde *fde, struct rcgo_cfi_copy *copy);

// The sorted table in the format that linkers write: pairs of 32-bit offsets relative to
// .eh_frame_hdr. Used only where the table can be read in place.
struct rcgo_cfi_pair {
	int32_t start, fde;
};
struct rcgo_cfi_pairs {
	const struct rcgo_cfi_pair *at;
	size_t count;
	uintptr_t hdr;
};

// Finds such a table at hdr. Returns false if the table has another format or the object may be
// unmapped.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_pairs(const struct rcgo_cfi_area *area, uintptr_t hdr, size_t hdr_size,
	struct rcgo_cfi_pairs *pairs);

// Stores the address of the FDE of the last function that starts at or before pc.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_pairs_find(
	const struct rcgo_cfi_pairs *pairs, uintptr_t pc, uintptr_t *fde);

// Parses the FDE at address. copy may be NULL if the area is never unmapped.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_parse(const struct rcgo_cfi_area *area, uintptr_t address,
	struct rcgo_fde *fde, struct rcgo_cfi_copy *copy);

// DWARF register rules: how to find a register of the caller.
enum rcgo_cfi_register_rule {
	RCGO_RULE_SAME, // unchanged, or no rule given
	RCGO_RULE_UNDEFINED,
	RCGO_RULE_OFFSET,     // saved at CFA + value
	RCGO_RULE_VAL_OFFSET, // the value is CFA + value
	RCGO_RULE_REGISTER,   // in register value
	RCGO_RULE_EXPR,	      // saved at the result of the expression at fde_ops + value
	RCGO_RULE_VAL_EXPR,   // the value is the result of that expression
};

// The unwind row of one instruction. A compact row has only RCGO_SLOT_FP and RCGO_SLOT_RA. In a
// full row the slots are the DWARF registers.
#define RCGO_SLOT_FP 0
#define RCGO_SLOT_RA 1
#define RCGO_SLOTS_COMPACT 2
struct rcgo_cfi_row {
	const uint8_t *cfa_expr; // NULL: the CFA is register cfa_reg + cfa_offset
	int64_t cfa_offset;
	uint32_t cfa_reg;
	int32_t value[RCGO_DW_REGS];
	uint8_t reg_rule[RCGO_DW_REGS];
};

// Computes the row of pc. Returns false if the instructions are invalid.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cfi_row(
	const struct rcgo_fde *fde, uintptr_t pc, bool compact, struct rcgo_cfi_row *row);

// Packs the compact row of pc into an unwind-cache entry.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__cfi_unwind_entry(
	const struct rcgo_fde *fde, uintptr_t pc, const struct rcgo_cfi_row *row);

#endif // RCGO_CFI_H
