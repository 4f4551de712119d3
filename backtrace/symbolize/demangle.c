// SPDX-License-Identifier: BSD-3-Clause
// The demangler's entry point, its output, and Rust's legacy names, which are C++ names with
// escapes and a hash. Runs on any stack, also in signal handlers.

#include "demangle.h"

#include <string.h>

#define LEGACY_HASH 17 // 'h' and 16 hexadecimal digits

// Returns the value of a lower-case hexadecimal digit, or -1.
static int
legacy_hex(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
legacy_is_hash(const char *s, size_t n)
{
	if (n != LEGACY_HASH || s[0] != 'h') {
		return false;
	}
	for (size_t i = 1; i < n; i++) {
		if (legacy_hex(s[i]) < 0) {
			return false;
		}
	}
	return true;
}

// Appends a code point as UTF-8.
static void
legacy_character(struct rcgo_demangle *d, uint32_t c)
{
	char utf8[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (c > 0x10ffff || c < 0x20) {
		d->failed = true;
		return;
	}
	for (size_t i = n; i-- > 1; c >>= 6) {
		utf8[i] = (char)(0x80 | (c & 0x3f));
	}
	utf8[0] = (char)(n == 1 ? c : ((0xf00u >> n) & 0xff) | c);
	rcgo__demangle_bytes(d, utf8, n);
}

// Prints the text of an escape, which is enclosed in dollar signs.
static void
legacy_escape(struct rcgo_demangle *d, const char *s, size_t n)
{
	static const struct {
		char name[3], text[2];
	} escapes[] = {{"SP", "@"}, {"BP", "*"}, {"RF", "&"}, {"LT", "<"}, {"GT", ">"}, {"LP", "("},
		{"RP", ")"}, {"C", ","}};
	uint32_t c = 0;

	for (size_t i = 0; i < RCGO_COUNTOF(escapes); i++) {
		if (strlen(escapes[i].name) == n && memcmp(escapes[i].name, s, n) == 0) {
			rcgo__demangle_text(d, escapes[i].text);
			return;
		}
	}
	if (n < 2 || n > 7 || s[0] != 'u') {
		d->failed = true;
		return;
	}
	for (size_t i = 1; i < n; i++) {
		d->failed |= legacy_hex(s[i]) < 0;
		c = c << 4 | (uint32_t)(legacy_hex(s[i]) & 15);
	}
	legacy_character(d, c);
}

// Prints one component of a path.
static void
legacy_component(struct rcgo_demangle *d, const char *s, size_t n)
{
	if (n > 1 && s[0] == '_' && s[1] == '$') {
		s++;
		n--;
	}
	while (n > 0 && !d->failed) {
		const char *close = s[0] == '$' ? memchr(s + 1, '$', n - 1) : NULL;
		size_t step = 1;

		if (close != NULL) {
			step = (size_t)(close - s) + 1;
			legacy_escape(d, s + 1, step - 2);
		} else if (n > 1 && s[0] == '.' && s[1] == '.') {
			step = 2;
			rcgo__demangle_text(d, "::");
		} else {
			rcgo__demangle_bytes(d, s, 1);
		}
		s += step;
		n -= step;
	}
}

// Demangles a path. Its last component is the hash, which is omitted.
static void
demangle_legacy(struct rcgo_demangle *d)
{
	bool hashed = false;

	for (int parts = 0; !d->failed && !rcgo__demangle_take(d, 'E'); parts++) {
		uint64_t n = rcgo__demangle_decimal(d);

		if (d->failed || n == 0 || n > (uint64_t)(d->end - d->at)) {
			d->failed = true;
			return;
		}
		hashed = parts > 0 && legacy_is_hash(d->at, (size_t)n) &&
			 n < (uint64_t)(d->end - d->at) && d->at[n] == 'E';
		if (!hashed) {
			rcgo__demangle_text(d, parts > 0 ? "::" : "");
			legacy_component(d, d->at, (size_t)n);
		}
		d->at += n;
	}
	// A suffix marks a copy of the function: .llvm.123, .cold
	d->failed |= !hashed || (d->at < d->end && *d->at != '.');
}

static bool
demangle_has_prefix(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

size_t
rcgo__demangle(const char *name, struct rcgo_arena *scratch, char *out, size_t size)
{
	const struct rcgo_demangle start = {
		.at = name, .end = name + strlen(name), .out = out, .size = size};
	struct rcgo_demangle d = start;

	if (size == 0) {
		return 0;
	}
	d.failed = true;
	if (demangle_has_prefix(name, "_R")) {
		d = start;
		d.at += 2;
		rcgo__demangle_rust(&d, scratch);
	} else if (demangle_has_prefix(name, "_Z")) {
		if (demangle_has_prefix(name, "_ZN")) {
			d = start;
			d.at += 3;
			demangle_legacy(&d);
		}
		if (d.failed) {
			d = start;
			d.at += 2;
			rcgo__demangle_cxx(&d, scratch);
		}
	}
	if (d.failed || d.used == 0) {
		return 0;
	}
	out[d.used] = 0;
	return d.used;
}
