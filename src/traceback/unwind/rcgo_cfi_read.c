// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: numbers and addresses in unwind information. Runs anywhere.

#include <string.h>

#include "rcgo_cfi.h"
#include "rcgo_probe.h"

RCGO_RAW_READS uint64_t
rcgo__cursor_fixed(struct rcgo_cursor *c, unsigned size)
{
	uint64_t value = 0;

	if ((size_t)(c->end - c->at) < size || c->bad) {
		c->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < size; i++) {
		value |= (uint64_t)c->at[i] << (8 * i);
	}
	c->at += size;
	return value;
}

int64_t
rcgo__cursor_signed(struct rcgo_cursor *c, unsigned size)
{
	unsigned unused = 64 - 8 * size;

	return (int64_t)(rcgo__cursor_fixed(c, size) << unused) >> unused;
}

// Reads LEB128. *bits is how many bits were there, *last the last byte.
RCGO_RAW_READS static uint64_t
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
	switch (encoding & RCGO_PE_FORM) {
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
	unsigned form = encoding & RCGO_PE_FORM;
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
	switch (encoding & (RCGO_PE_BASE | RCGO_PE_INDIRECT)) {
	case 0:
		return value;
	case RCGO_PE_PCREL:
		return value + base;
	case RCGO_PE_DATAREL:
		return value + data;
	default:
		c->bad = true;
		return 0;
	}
}
