// SPDX-License-Identifier: BSD-3-Clause
// Parses CIEs and FDEs, and the encoded numbers in them. Safe in signal handlers, on any stack.

#include <string.h>

#include "cfi.h"
#include "safe_read.h"
#include "unwind_cache.h"

bool
rcgo__cfi_pages_readable(uintptr_t address, size_t size)
{
	uintptr_t page = address & ~(uintptr_t)(RCGO_NOFAULT_PAGE - 1);

	for (; page < address + size; page += RCGO_NOFAULT_PAGE) {
		if (rcgo__cached_fact_load(page, RCGO_FACT_SEEN) == 0) {
			if (!rcgo__readable_nofault((const void *)page, RCGO_NOFAULT_PAGE)) {
				return false;
			}
			rcgo__cached_fact_store(page, RCGO_FACT_SEEN, 0);
		}
	}
	return true;
}

const uint8_t *
rcgo__cfi_view(
	const struct rcgo_cfi_area *area, uintptr_t address, size_t size, void *buf, size_t cap)
{
	const uint8_t *bytes = (const uint8_t *)address;

	if (address < area->start || address > area->end || size > area->end - address) {
		return NULL;
	}
	if (area->nodelete) {
		return rcgo__cfi_pages_readable(address, size) ? bytes : NULL;
	}
	if (size <= cap) {
		return rcgo__copy_nofault(buf, bytes, size) ? buf : NULL;
	}
	// Too long for the copy buffer. Almost no function is.
	return rcgo__readable_nofault(bytes, size) ? bytes : NULL;
}

// An entry of .eh_frame or .debug_frame: length, CIE pointer or CIE id, and body.
struct cfi_entry {
	uintptr_t id_at; // address of the id field
	uint64_t id;
	uintptr_t moved;
	const uint8_t *body, *end;
	bool wide;
};

// Reads the entry at address.
static bool
read_cfi_entry(const struct rcgo_cfi_area *area, uintptr_t address, struct cfi_entry *entry,
	void *buf, size_t cap)
{
	uint8_t small[12];
	const uint8_t *bytes = rcgo__cfi_view(area, address, 4, small, sizeof small);
	struct rcgo_cursor c;
	uint64_t size;

	if (bytes == NULL) {
		return false;
	}
	c = rcgo__cursor(bytes, bytes + 4);
	size = rcgo__cursor_fixed(&c, 4);
	entry->wide = size == 0xffffffff;
	address += 4;
	if (entry->wide) {
		bytes = rcgo__cfi_view(area, address, 8, small, sizeof small);
		if (bytes == NULL) {
			return false;
		}
		c = rcgo__cursor(bytes, bytes + 8);
		size = rcgo__cursor_fixed(&c, 8);
		address += 8;
	}
	bytes = rcgo__cfi_view(area, address, size, buf, cap);
	if (bytes == NULL) {
		return false;
	}
	entry->id_at = address;
	entry->moved = address - (uintptr_t)bytes;
	entry->end = bytes + size;
	c = rcgo__cursor(bytes, entry->end);
	// In .eh_frame the id field has 32 bits even if the length has 64.
	entry->id = rcgo__cursor_fixed(&c, entry->wide && area->debug_frame != 0 ? 8 : 4);
	entry->body = c.at;
	return !c.bad;
}

// Reports whether an entry is a CIE.
static bool
is_cie(const struct rcgo_cfi_area *area, const struct cfi_entry *entry)
{
	if (area->debug_frame == 0) {
		return entry->id == 0;
	}
	return entry->id == (entry->wide ? UINT64_MAX : UINT32_MAX);
}

// Reads the augmentation data of a CIE. An unknown letter ends it, because the length gives the
// start of the instructions.
RCGO_UNINSTRUMENTED_READS static void
read_augmentation(
	struct rcgo_cursor *c, const uint8_t *letters, uintptr_t moved, struct rcgo_fde *fde)
{
	for (; *letters != 0 && !c->bad; letters++) {
		uint8_t encoding;

		switch (*letters) {
		case 'R':
			fde->encoding = (uint8_t)rcgo__cursor_fixed(c, 1);
			break;
		case 'L':
			rcgo__cursor_fixed(c, 1);
			break;
		case 'P':
			encoding = (uint8_t)rcgo__cursor_fixed(c, 1);
			rcgo__cursor_address(c, encoding & RCGO_EH_PE_FORM_MASK, moved, 0);
			break;
		case 'S':
			fde->signal_frame = true;
			break;
		case 'B': // arm64: return addresses are signed with key B
		case 'G': // arm64: the frame's memory is tagged (MTE)
			break;
		default:
			return;
		}
	}
}

// Parses the CIE at address.
RCGO_UNINSTRUMENTED_READS static bool
read_cie(const struct rcgo_cfi_area *area, uintptr_t address, struct rcgo_fde *fde,
	struct rcgo_cfi_copy *copy)
{
	struct cfi_entry cie;
	struct rcgo_cursor c;
	const uint8_t *letters;
	uint8_t version;

	if (!read_cfi_entry(
		    area, address, &cie, copy != NULL ? copy->cie : NULL, sizeof copy->cie) ||
		!is_cie(area, &cie)) {
		return false;
	}
	c = rcgo__cursor(cie.body, cie.end);
	version = (uint8_t)rcgo__cursor_fixed(&c, 1);
	letters = c.at;
	while (rcgo__cursor_fixed(&c, 1) != 0) {
	}
	if (c.bad || (version != 1 && version != 3 && version != 4)) {
		return false;
	}
	if (version == 4) {
		rcgo__cursor_fixed(&c, 2); // sizes of addresses and of segments
	}
	fde->code_align = rcgo__cursor_uleb(&c);
	fde->data_align = rcgo__cursor_sleb(&c);
	fde->ra = (uint32_t)(version == 1 ? rcgo__cursor_fixed(&c, 1) : rcgo__cursor_uleb(&c));
	fde->encoding = 0;
	fde->signal_frame = false;
	fde->has_augmentation = letters[0] == 'z';
	if (fde->has_augmentation) {
		struct rcgo_cursor data = c;

		rcgo__cursor_block(&c);
		rcgo__cursor_uleb(&data);
		data.end = c.at;
		read_augmentation(&data, letters + 1, cie.moved, fde);
	} else if (letters[0] != 0) {
		return false;
	}
	fde->cie_ops = c.at;
	fde->cie_end = cie.end;
	return !c.bad;
}

bool
rcgo__cfi_parse(const struct rcgo_cfi_area *area, uintptr_t address, struct rcgo_fde *fde,
	struct rcgo_cfi_copy *copy)
{
	struct cfi_entry entry;
	struct rcgo_cursor c;
	uintptr_t cie;

	if (!read_cfi_entry(
		    area, address, &entry, copy != NULL ? copy->fde : NULL, sizeof copy->fde) ||
		is_cie(area, &entry)) {
		return false;
	}
	cie = area->debug_frame == 0 ? entry.id_at - entry.id : area->debug_frame + entry.id;
	if (!read_cie(area, cie, fde, copy)) {
		return false;
	}
	c = rcgo__cursor(entry.body, entry.end);
	fde->start = rcgo__cursor_address(&c, fde->encoding, entry.moved, 0) + area->bias;
	fde->end = fde->start +
		   rcgo__cursor_address(&c, fde->encoding & RCGO_EH_PE_FORM_MASK, entry.moved, 0);
	if (fde->has_augmentation) {
		rcgo__cursor_block(&c);
	}
	fde->fde_ops = c.at;
	fde->fde_end = entry.end;
	fde->moved = entry.moved;
	return !c.bad && fde->start <= fde->end;
}

// Numbers and addresses in unwind information.

RCGO_UNINSTRUMENTED_READS uint64_t
rcgo__cursor_fixed(struct rcgo_cursor *c, unsigned size)
{
	uint64_t value;

	if ((size_t)(c->end - c->at) < size || c->bad) {
		c->bad = true;
		return 0;
	}
	value = rcgo__arch_number(c->at, size);
	c->at += size;
	return value;
}

int64_t
rcgo__cursor_signed(struct rcgo_cursor *c, unsigned size)
{
	unsigned unused = 64 - 8 * size;

	return (int64_t)(rcgo__cursor_fixed(c, size) << unused) >> unused;
}

// Reads a LEB128 number. *bits receives the number of bits read, *last the last byte.
RCGO_UNINSTRUMENTED_READS static uint64_t
leb(struct rcgo_cursor *c, unsigned *bits, uint8_t *last)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte = 0;

	do {
		if (c->at >= c->end || c->bad) {
			c->bad = true;
			break;
		}
		byte = *c->at++;
		if (shift < 64) {
			value |= (uint64_t)(byte & 0x7f) << shift;
		}
		shift += 7;
	} while ((byte & 0x80) != 0);
	*bits = shift;
	*last = byte;
	return value;
}

uint64_t
rcgo__cursor_uleb(struct rcgo_cursor *c)
{
	unsigned bits;
	uint8_t last;

	return leb(c, &bits, &last);
}

int64_t
rcgo__cursor_sleb(struct rcgo_cursor *c)
{
	unsigned bits;
	uint8_t last;
	uint64_t value = leb(c, &bits, &last);

	if (bits < 64 && (last & 0x40) != 0) {
		value |= ~(uint64_t)0 << bits;
	}
	return (int64_t)value;
}

const uint8_t *
rcgo__cursor_block(struct rcgo_cursor *c)
{
	const uint8_t *start = c->at;
	uint64_t size = rcgo__cursor_uleb(c);

	if (c->bad || size > (uint64_t)(c->end - c->at)) {
		c->bad = true;
	} else {
		c->at += size;
	}
	return start;
}

unsigned
rcgo__encoded_size(uint8_t encoding)
{
	switch (encoding & RCGO_EH_PE_FORM_MASK) {
	case 0x0: // absptr
		return RCGO_WORD_SIZE;
	case 0x2: // udata2
	case 0xa: // sdata2
		return 2;
	case 0x3: // udata4
	case 0xb: // sdata4
		return 4;
	case 0x4: // udata8
	case 0xc: // sdata8
		return 8;
	default:
		return 0;
	}
}

uintptr_t
rcgo__cursor_address(struct rcgo_cursor *c, uint8_t encoding, uintptr_t moved, uintptr_t data)
{
	uintptr_t base = (uintptr_t)c->at + moved;
	unsigned size = rcgo__encoded_size(encoding);
	unsigned form = encoding & RCGO_EH_PE_FORM_MASK;
	uintptr_t value;

	if (size != 0) {
		value = (form & 8) != 0 ? (uintptr_t)rcgo__cursor_signed(c, size)
					: (uintptr_t)rcgo__cursor_fixed(c, size);
	} else if (form == 0x1) {
		value = (uintptr_t)rcgo__cursor_uleb(c);
	} else {
		value = (uintptr_t)rcgo__cursor_sleb(c);
		c->bad |= form != 0x9;
	}
	switch (encoding & (RCGO_EH_PE_BASE_MASK | DW_EH_PE_INDIRECT)) {
	case 0:
		return value;
	case DW_EH_PE_PCREL:
		return value + base;
	case DW_EH_PE_DATAREL:
		return value + data;
	default:
		c->bad = true;
		return 0;
	}
}
