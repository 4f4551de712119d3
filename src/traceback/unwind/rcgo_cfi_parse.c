// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: one CIE and one FDE. Runs anywhere.

#include "rcgo_cfi.h"
#include "rcgo_probe.h"

// An entry of .eh_frame or .debug_frame: its length, an identity, and the rest.
struct cfi_entry {
	uintptr_t id_at; // address of the identity
	uint64_t id;
	uintptr_t moved;
	const uint8_t *body, *end;
	bool wide;
};

// Gets the bytes of the entry at address.
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
	// In .eh_frame the identity has 32 bits even where the length has 64.
	entry->id = rcgo__cursor_fixed(&c, entry->wide && area->debug_frame != 0 ? 8 : 4);
	entry->body = c.at;
	return !c.bad;
}

// Whether an identity is that of a CIE.
static bool
is_cie(const struct rcgo_cfi_area *area, const struct cfi_entry *entry)
{
	if (area->debug_frame == 0) {
		return entry->id == 0;
	}
	return entry->id == (entry->wide ? UINT64_MAX : UINT32_MAX);
}

// Reads the data that the letters of a CIE's augmentation announce. A letter that nobody knows ends
// it: the length says where the instructions begin.
RCGO_RAW_READS static void
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
			rcgo__cursor_address(c, encoding & RCGO_PE_FORM, moved, 0);
			break;
		case 'S':
			fde->interrupted = true;
			break;
		case 'B': // arm64: return addresses are signed with key B
		case 'G': // arm64: the frame's memory is tagged
			break;
		default:
			return;
		}
	}
}

// Reads a CIE.
RCGO_RAW_READS static bool
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
	fde->interrupted = false;
	fde->sized = letters[0] == 'z';
	if (fde->sized) {
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
	fde->end =
		fde->start + rcgo__cursor_address(&c, fde->encoding & RCGO_PE_FORM, entry.moved, 0);
	if (fde->sized) {
		rcgo__cursor_block(&c);
	}
	fde->fde_ops = c.at;
	fde->fde_end = entry.end;
	fde->moved = entry.moved;
	return !c.bad && fde->start <= fde->end;
}
