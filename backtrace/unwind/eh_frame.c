// SPDX-License-Identifier: BSD-3-Clause
// Lists the entries of an .eh_frame without a sorted table, as in static programs. Safe in signal
// handlers, on any stack.
// Contract: Linux Standard Base, section 10.6 (.eh_frame).

//rcgo:small

#include "arch_bytes.h"
#include "debug_frame.h"
#include "safe_read.h"

// Pointer encodings: the low bits are the format, the next ones the base.
#define EH_FORM 0x0f
#define EH_BASE 0x70
#define EH_PCREL 0x10
#define EH_ABSPTR 0x00
#define EH_UDATA4 0x03
#define EH_UDATA8 0x04
#define EH_SDATA4 0x0b
#define EH_SDATA8 0x0c
#define EH_UNKNOWN 0xff

// A reader of .eh_frame.
struct eh_reader {
	const uint8_t *at, *end;
	const uint8_t *begin; // start of an entry, including its length
};

static uint64_t
eh_fixed(struct eh_reader *r, size_t size)
{
	uint64_t n;

	if ((size_t)(r->end - r->at) < size) {
		r->at = r->end;
		return 0;
	}
	n = rcgo__arch_number(r->at, size);
	r->at += size;
	return n;
}

// Reads a LEB128 number of either sign. Returns it as unsigned.
static uint64_t
eh_leb(struct eh_reader *r)
{
	uint64_t n = 0;
	unsigned shift = 0;

	while (r->at < r->end) {
		uint8_t byte = *r->at++;

		n |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
		shift += 7;
		if ((byte & 0x80) == 0) {
			break;
		}
	}
	return n;
}

// Returns the size of an address in this format, 0 for formats that functions do not use.
static size_t
eh_width(uint8_t encoding)
{
	switch (encoding & EH_FORM) {
	case EH_ABSPTR:
		return sizeof(uintptr_t);
	case EH_UDATA4:
	case EH_SDATA4:
		return 4;
	case EH_UDATA8:
	case EH_SDATA8:
		return 8;
	default:
		return 0;
	}
}

// Reads an address in this encoding. If base is true, applies the encoding's base.
static uintptr_t
eh_address(struct eh_reader *r, uint8_t encoding, bool base)
{
	uintptr_t here = (uintptr_t)r->at;
	uint64_t n = eh_fixed(r, eh_width(encoding));

	if ((encoding & EH_FORM) == EH_SDATA4) {
		n = (uint64_t)(int64_t)(int32_t)n;
	}
	return (uintptr_t)n + (base && (encoding & EH_BASE) == EH_PCREL ? here : 0);
}

// Returns the pointer encoding of FDEs that use this CIE. r starts after the CIE's id field.
static uint8_t
eh_encoding(struct eh_reader r)
{
	uint8_t version = (uint8_t)eh_fixed(&r, 1);
	const char *letter = (const char *)r.at;
	uint8_t encoding = EH_ABSPTR;

	while (r.at < r.end && *r.at != 0) {
		r.at++;
	}
	eh_fixed(&r, 1);
	eh_leb(&r);
	eh_leb(&r);
	if (version == 1) {
		eh_fixed(&r, 1);
	} else {
		eh_leb(&r);
	}
	if (r.at >= r.end || *letter != 'z') {
		return r.at < r.end && *letter == 0 ? EH_ABSPTR : EH_UNKNOWN;
	}
	eh_leb(&r);
	for (letter++; *letter != 0; letter++) {
		if (*letter == 'R') {
			encoding = (uint8_t)eh_fixed(&r, 1);
		} else if (*letter == 'L') {
			eh_fixed(&r, 1);
		} else if (*letter == 'P') {
			uint8_t personality = (uint8_t)eh_fixed(&r, 1);

			eh_fixed(&r, eh_width(personality));
		} else if (*letter != 'S' && *letter != 'B') {
			return EH_UNKNOWN;
		}
	}
	return encoding;
}

// Advances r past the next entry. *entry receives the part after the length. Returns false at the
// end.
static bool
eh_next(struct eh_reader *r, struct eh_reader *entry)
{
	const uint8_t *begin = r->at;
	uint64_t size = 0;

	while (size == 0 && r->end - r->at >= 4) {
		begin = r->at;
		size = eh_fixed(r, 4); // 0 terminates the contribution of one input file
	}
	if (size == 0xffffffff) {
		size = eh_fixed(r, 8);
	}
	if (size < 4 || size > (uint64_t)(r->end - r->at)) {
		return false;
	}
	*entry = (struct eh_reader){r->at, r->at + size, begin};
	r->at += size;
	return true;
}

// Returns the pointer encoding that the CIE at address cie defines.
static uint8_t
eh_encoding_at(const uint8_t *section, size_t size, uintptr_t cie)
{
	struct eh_reader r = {(const uint8_t *)cie, section + size, NULL};
	struct eh_reader entry;

	if (cie - (uintptr_t)section >= size || !eh_next(&r, &entry) || eh_fixed(&entry, 4) != 0) {
		return EH_UNKNOWN;
	}
	return eh_encoding(entry);
}

size_t
rcgo__eh_frame_entries(const uint8_t *section, size_t size, uintptr_t bias,
	struct rcgo_debug_entry *out, size_t max)
{
	struct eh_reader r = {section, section + size, NULL};
	struct eh_reader entry;
	uintptr_t last_cie = 0;
	uint8_t encoding = EH_UNKNOWN;
	size_t count = 0;

	while (eh_next(&r, &entry)) {
		uintptr_t id_at = (uintptr_t)entry.at;
		uintptr_t id = (uintptr_t)eh_fixed(&entry, 4);
		uintptr_t start, length;

		if (id == 0) {
			continue;
		}
		if (id_at - id != last_cie) {
			last_cie = id_at - id;
			encoding = eh_encoding_at(section, size, last_cie);
		}
		if (encoding == EH_UNKNOWN || eh_width(encoding) == 0 ||
			(encoding & EH_BASE & ~EH_PCREL) != 0) {
			continue;
		}
		start = eh_address(&entry, encoding, true);
		length = eh_address(&entry, encoding, false);
		if (start == 0 || length == 0 || start + length < start) {
			continue;
		}
		if (count < max) {
			out[count] = (struct rcgo_debug_entry){start - bias, start - bias + length,
				(uint32_t)(entry.begin - section)};
		}
		count++;
	}
	return count;
}
