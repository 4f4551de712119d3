// SPDX-License-Identifier: BSD-3-Clause
// rcgo leaf: reads single entries of .debug_info. The input is one file compiled with -gdwarf-4, so
// there is only one unit of 32-bit DWARF 4.
#include "cmd_leaf.h"

#include <string.h>

enum {
	UNIT_HEADER = 11, // length, version, offset of abbreviations, address size

	AT_name = 0x03,
	AT_byte_size = 0x0b,
	AT_declaration = 0x3c,
	AT_encoding = 0x3e,
	AT_type = 0x49,

	FORM_addr = 0x01,
	FORM_block2 = 0x03,
	FORM_block4 = 0x04,
	FORM_data2 = 0x05,
	FORM_data4 = 0x06,
	FORM_data8 = 0x07,
	FORM_string = 0x08,
	FORM_block = 0x09,
	FORM_block1 = 0x0a,
	FORM_data1 = 0x0b,
	FORM_flag = 0x0c,
	FORM_sdata = 0x0d,
	FORM_strp = 0x0e,
	FORM_udata = 0x0f,
	FORM_ref_addr = 0x10,
	FORM_ref1 = 0x11,
	FORM_ref2 = 0x12,
	FORM_ref4 = 0x13,
	FORM_ref8 = 0x14,
	FORM_ref_udata = 0x15,
	FORM_sec_offset = 0x17,
	FORM_exprloc = 0x18,
	FORM_flag_present = 0x19,
	FORM_ref_sig8 = 0x20,
};

// A reader of a section. A read beyond the end returns 0 and marks the reader bad.
struct reader {
	const struct leaf_section *s;
	size_t at;
	bool bad;
};

static uint64_t
fixed(struct reader *r, size_t n)
{
	uint64_t v = 0;

	if (r->bad || n > 8 || r->at > r->s->size || n > r->s->size - r->at) {
		r->bad = true;
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		v |= (uint64_t)r->s->at[r->at + i] << 8 * i;
	}
	r->at += n;
	return v;
}

static uint64_t
leb(struct reader *r)
{
	uint64_t v = 0, byte = 0x80;

	for (unsigned shift = 0; (byte & 0x80) != 0 && !r->bad; shift += 7) {
		byte = fixed(r, 1);
		v |= shift < 64 ? (byte & 0x7f) << shift : 0;
	}
	return v;
}

static void
skip(struct reader *r, uint64_t n)
{
	if (r->bad || r->at > r->s->size || n > r->s->size - r->at) {
		r->bad = true;
		return;
	}
	r->at += n;
}

static const char *
string(struct reader *r)
{
	const char *s = (const char *)r->s->at + r->at;
	const void *end = r->bad || r->at >= r->s->size ? NULL : memchr(s, 0, r->s->size - r->at);

	if (end == NULL) {
		r->bad = true;
		return "";
	}
	r->at += strlen(s) + 1;
	return s;
}

static uint64_t
scalar(struct reader *r, uint64_t form)
{
	switch (form) {
	case FORM_data1:
	case FORM_flag:
	case FORM_ref1:
		return fixed(r, 1);
	case FORM_data2:
	case FORM_ref2:
		return fixed(r, 2);
	case FORM_data4:
	case FORM_ref4:
	case FORM_ref_addr:
	case FORM_sec_offset:
	case FORM_strp:
		return fixed(r, 4);
	case FORM_addr:
	case FORM_data8:
	case FORM_ref8:
	case FORM_ref_sig8:
		return fixed(r, 8);
	case FORM_sdata:
	case FORM_udata:
	case FORM_ref_udata:
		return leb(r);
	case FORM_flag_present:
		return 1;
	default:
		r->bad = true;
		return 0;
	}
}

// Reads the value of one attribute: a string, a number, or a block that is skipped.
static uint64_t
value(const struct leaf_sections *s, struct reader *r, uint64_t form, const char **text)
{
	struct reader str = {&s->str, 0, false};

	switch (form) {
	case FORM_string:
		*text = string(r);
		return 0;
	case FORM_strp:
		str.at = fixed(r, 4);
		*text = string(&str);
		r->bad = r->bad || str.bad;
		return 0;
	case FORM_block1:
		skip(r, fixed(r, 1));
		return 0;
	case FORM_block2:
		skip(r, fixed(r, 2));
		return 0;
	case FORM_block4:
		skip(r, fixed(r, 4));
		return 0;
	case FORM_block:
	case FORM_exprloc:
		skip(r, leb(r));
		return 0;
	default:
		return scalar(r, form);
	}
}

// Finds the abbreviation with this code; the reader is then at its tag.
static struct reader
abbreviation(const struct leaf_sections *s, uint64_t code)
{
	struct reader unit = {&s->info, 6, false};
	struct reader r = {&s->abbrev, fixed(&unit, 4), false};

	for (uint64_t found; (found = leb(&r)) != code && !r.bad;) {
		if (found == 0) {
			r.bad = true;
		}
		leb(&r);
		fixed(&r, 1);
		for (uint64_t a = 1, f = 1; (a != 0 || f != 0) && !r.bad;) {
			a = leb(&r);
			f = leb(&r);
		}
	}
	return r;
}

// Reads the entry at an offset. Returns false at the end of a list of children, or if it is
// invalid.
bool
leaf_die_at(const struct leaf_sections *s, size_t at, struct leaf_die *d)
{
	struct reader r = {&s->info, at, false};
	uint64_t code = leb(&r);

	*d = (struct leaf_die){.at = at, .next = r.at};
	if (code == 0 || r.bad) {
		return false;
	}
	struct reader a = abbreviation(s, code);

	d->tag = leb(&a);
	d->children = fixed(&a, 1) != 0;
	while (!a.bad && !r.bad) {
		uint64_t attribute = leb(&a), form = leb(&a);
		const char *text = NULL;

		if (attribute == 0 && form == 0) {
			d->next = r.at;
			return true;
		}
		uint64_t v = value(s, &r, form, &text);

		switch (attribute) {
		case AT_name:
			d->name = text;
			break;
		case AT_type:
			d->type = v;
			break;
		case AT_byte_size:
			d->size = v;
			break;
		case AT_encoding:
			d->encoding = v;
			break;
		case AT_declaration:
			d->declaration = v != 0;
			break;
		default:
			break;
		}
	}
	return false;
}

// Returns the offset of the first entry below the unit's own; 0 if the unit is not as expected.
size_t
leaf_die_first(const struct leaf_sections *s)
{
	struct reader r = {&s->info, 4, false};
	struct leaf_die unit;

	if (fixed(&r, 2) != 4 || !leaf_die_at(s, UNIT_HEADER, &unit)) {
		return 0;
	}
	return unit.next;
}

// Returns the offset of the entry after d and all entries below d.
size_t
leaf_die_after(const struct leaf_sections *s, const struct leaf_die *d)
{
	struct leaf_die child;
	size_t at = d->next;
	int depth = d->children ? 1 : 0;

	while (depth > 0 && at < s->info.size) {
		bool some = leaf_die_at(s, at, &child);

		at = child.next;
		depth += some ? child.children : -1;
	}
	return at;
}
