// SPDX-License-Identifier: BSD-3-Clause
// The demangler of Rust's v0 names (RFC 2603). It prints in the order of the input; pending work is
// on a stack of actions. Runs on any stack, also in signal handlers.
// Long because: one grammar, whose productions use one another.

#include <string.h>

#include "demangle.h"

#define RUST_ACTIONS 512
#define RUST_STEPS 20000 // back references can expand to exponential text

enum rust_kind {
	RUST_PATH,	// arg: inside an expression, where arguments need ::
	RUST_PATH_OPEN, // a path whose argument list stays open, if it has one
	RUST_TYPE,
	RUST_CONST,
	RUST_TEXT,	// text
	RUST_NESTED,	// the rest of a nested path; arg is its namespace
	RUST_ARGUMENTS, // generic arguments up to E; arg counts them
	RUST_TUPLE,	// types up to E; arg counts them
	RUST_PARAMETERS,
	RUST_RESULT,	 // of a function
	RUST_TRAITS,	 // of dyn, up to E
	RUST_OPENED,	 // the arguments of a RUST_PATH_OPEN end, and the list stays open
	RUST_BINDINGS,	 // of a trait's associated types; arg: the list is open in any case
	RUST_LIFETIME,	 // after dyn
	RUST_UNBIND,	 // ends the scope of arg lifetimes
	RUST_UNSUPPRESS, // ends a part that is not printed
	RUST_RETURN,	 // to position arg, from a back reference
};

struct rust_action {
	uint8_t kind;
	uint32_t arg;
	const char *text;
};

struct rust {
	struct rcgo_demangle *d;
	const char *start;  // back references are relative to this
	uint32_t lifetimes; // number bound so far
	bool open;	    // the argument list of the last RUST_PATH_OPEN is open
	size_t count;
	struct rust_action actions[RUST_ACTIONS];
};

static void
rust_push(struct rust *r, enum rust_kind kind, uint32_t arg)
{
	if (r->count == RUST_ACTIONS) {
		r->d->failed = true;
		return;
	}
	r->actions[r->count++] = (struct rust_action){.kind = (uint8_t)kind, .arg = arg};
}

static void
rust_push_text(struct rust *r, const char *text)
{
	rust_push(r, RUST_TEXT, 0);
	r->actions[r->count - 1].text = text;
}

// Reads a base-62 number. The terminator alone means 0.
static uint64_t
rust_number62(struct rcgo_demangle *d)
{
	uint64_t n = 0;

	if (rcgo__demangle_take(d, '_')) {
		return 0;
	}
	while (!d->failed && !rcgo__demangle_take(d, '_')) {
		char c = rcgo__demangle_peek(d);
		uint64_t digit = c >= '0' && c <= '9'	? (uint64_t)(c - '0')
				 : c >= 'a' && c <= 'z' ? (uint64_t)(c - 'a') + 10
							: (uint64_t)(c - 'A') + 36;

		d->failed |= digit >= 62 || n > (UINT64_MAX - digit) / 62;
		n = n * 62 + digit;
		d->at++;
	}
	return n + 1;
}

static uint64_t
rust_disambiguator(struct rcgo_demangle *d)
{
	return rcgo__demangle_take(d, 's') ? rust_number62(d) + 1 : 0;
}

// Reads an identifier. Identifiers with non-ASCII letters are encoded in Punycode.
static const char *
rust_identifier(struct rcgo_demangle *d, size_t *size, bool *punycode)
{
	const char *s;
	uint64_t n;

	*punycode = rcgo__demangle_take(d, 'u');
	n = rcgo__demangle_decimal(d);
	rcgo__demangle_take(d, '_');
	s = d->at;
	if (d->failed || n > (uint64_t)(d->end - s)) {
		d->failed = true;
		n = 0;
	}
	d->at += n;
	*size = (size_t)n;
	return s;
}

static void
rust_print_identifier(struct rcgo_demangle *d, const char *s, size_t n, bool punycode)
{
	rcgo__demangle_text(d, punycode ? "punycode{" : "");
	rcgo__demangle_bytes(d, s, n);
	rcgo__demangle_text(d, punycode ? "}" : "");
}

static void
rust_lifetime(struct rust *r, uint64_t index)
{
	uint64_t depth = r->lifetimes - index;
	char letter[] = {'\'', (char)('a' + depth), 0};

	if (index == 0) {
		rcgo__demangle_text(r->d, "'_");
	} else if (index > r->lifetimes) {
		r->d->failed = true;
	} else if (depth < 26) {
		rcgo__demangle_text(r->d, letter);
	} else {
		rcgo__demangle_text(r->d, "'_");
		rcgo__demangle_number(r->d, depth);
	}
}

// Prints the for<'a, 'b> of a function or dyn.
static void
rust_binder(struct rust *r)
{
	uint64_t n = rcgo__demangle_take(r->d, 'G') ? rust_number62(r->d) + 1 : 0;

	if (n > 64) {
		r->d->failed = true;
		return;
	}
	rust_push(r, RUST_UNBIND, (uint32_t)n);
	for (uint64_t i = 0; i < n; i++) {
		rcgo__demangle_text(r->d, i == 0 ? "for<" : ", ");
		r->lifetimes++;
		rust_lifetime(r, 1);
	}
	rcgo__demangle_text(r->d, n > 0 ? "> " : "");
}

// Continues at an earlier position for one action.
static void
rust_back_reference(struct rust *r, enum rust_kind kind, uint32_t arg)
{
	const char *from = r->d->at - 1;
	uint64_t to = rust_number62(r->d);

	if (r->d->failed || to >= (uint64_t)(from - r->start)) {
		r->d->failed = true;
		return;
	}
	if (r->d->suppressed == 0) {
		rust_push(r, RUST_RETURN, (uint32_t)(r->d->at - r->start));
		rust_push(r, kind, arg);
		r->d->at = r->start + to;
	}
}

// Long because: one case for each tag of a path.
static void
rust_path(struct rust *r, enum rust_kind kind, uint32_t arg)
{
	struct rcgo_demangle *d = r->d;
	char tag = rcgo__demangle_peek(d);
	bool punycode;
	size_t size;
	const char *s;

	d->at++;
	switch (tag) {
	case 'C':
		rust_disambiguator(d);
		s = rust_identifier(d, &size, &punycode);
		rust_print_identifier(d, s, size, punycode);
		break;
	case 'N':
		rust_push(r, RUST_NESTED, (uint8_t)rcgo__demangle_peek(d));
		d->at++;
		rust_push(r, RUST_PATH, arg);
		break;
	case 'M':
	case 'X':
	case 'Y':
		rust_push_text(r, ">");
		if (tag != 'M') {
			rust_push(r, RUST_PATH, 0);
			rust_push_text(r, " as ");
		}
		rust_push(r, RUST_TYPE, 0);
		rust_push_text(r, "<");
		if (tag != 'Y') {
			// The type of the impl is printed; the path to the impl is less informative
			// and is not printed.
			rust_disambiguator(d);
			rust_push(r, RUST_UNSUPPRESS, 0);
			rust_push(r, RUST_PATH, 0);
			d->suppressed++;
		}
		break;
	case 'I':
		if (kind == RUST_PATH_OPEN) {
			rust_push(r, RUST_OPENED, 0);
		} else {
			rust_push_text(r, ">");
		}
		rust_push(r, RUST_ARGUMENTS, 0);
		rust_push_text(r, arg != 0 ? "::<" : "<");
		rust_push(r, RUST_PATH, arg);
		break;
	case 'B':
		rust_back_reference(r, kind, arg);
		break;
	default:
		d->failed = true;
	}
}

// Prints the component that follows the enclosing path.
static void
rust_nested(struct rust *r, char space)
{
	struct rcgo_demangle *d = r->d;
	uint64_t number = rust_disambiguator(d);
	bool punycode;
	size_t size;
	const char *s = rust_identifier(d, &size, &punycode);
	char other[] = {space, 0};

	if (space >= 'a' && space <= 'z') {
		rcgo__demangle_text(d, size > 0 ? "::" : "");
		rust_print_identifier(d, s, size, punycode);
		return;
	}
	d->failed |= space < 'A' || space > 'Z';
	rcgo__demangle_text(d, "::{");
	rcgo__demangle_text(d, space == 'C' ? "closure" : space == 'S' ? "shim" : other);
	rcgo__demangle_text(d, size > 0 ? ":" : "");
	rust_print_identifier(d, s, size, punycode);
	rcgo__demangle_text(d, "#");
	rcgo__demangle_number(d, number);
	rcgo__demangle_text(d, "}");
}

static const char *
rust_basic_type(char tag)
{
	static const char *const names[26] = {"i8", "bool", "char", "f64", "str", "f32", NULL, "u8",
		"isize", "usize", NULL, "i32", "u32", "i128", "u128", "_", NULL, NULL, "i16", "u16",
		"()", "...", NULL, "i64", "u64", "!"};

	return tag >= 'a' && tag <= 'z' ? names[tag - 'a'] : NULL;
}

static void
rust_function_type(struct rust *r)
{
	struct rcgo_demangle *d = r->d;
	bool punycode;
	size_t size;
	const char *s;

	rust_binder(r);
	rcgo__demangle_text(d, rcgo__demangle_take(d, 'U') ? "unsafe " : "");
	if (rcgo__demangle_take(d, 'K')) {
		rcgo__demangle_text(d, "extern \"");
		if (rcgo__demangle_take(d, 'C')) {
			rcgo__demangle_text(d, "C");
		} else {
			s = rust_identifier(d, &size, &punycode);
			for (size_t i = 0; i < size; i++) {
				rcgo__demangle_bytes(d, s[i] == '_' ? "-" : s + i, 1);
			}
		}
		rcgo__demangle_text(d, "\" ");
	}
	rcgo__demangle_text(d, "fn(");
	rust_push(r, RUST_RESULT, 0);
	rust_push(r, RUST_PARAMETERS, 0);
}

static void
rust_reference(struct rust *r, bool mutable)
{
	uint64_t index = rcgo__demangle_take(r->d, 'L') ? rust_number62(r->d) : 0;

	rcgo__demangle_text(r->d, "&");
	if (index != 0) {
		rust_lifetime(r, index);
		rcgo__demangle_text(r->d, " ");
	}
	rcgo__demangle_text(r->d, mutable ? "mut " : "");
	rust_push(r, RUST_TYPE, 0);
}

// Long because: one case for each tag of a type.
static void
rust_type(struct rust *r)
{
	struct rcgo_demangle *d = r->d;
	char tag = rcgo__demangle_peek(d);
	const char *basic = rust_basic_type(tag);

	d->at++;
	if (basic != NULL) {
		rcgo__demangle_text(d, basic);
		return;
	}
	switch (tag) {
	case 'R':
	case 'Q':
		rust_reference(r, tag == 'Q');
		break;
	case 'P':
	case 'O':
		rcgo__demangle_text(d, tag == 'P' ? "*const " : "*mut ");
		rust_push(r, RUST_TYPE, 0);
		break;
	case 'A':
	case 'S':
		rcgo__demangle_text(d, "[");
		rust_push_text(r, "]");
		if (tag == 'A') {
			rust_push(r, RUST_CONST, 0);
			rust_push_text(r, "; ");
		}
		rust_push(r, RUST_TYPE, 0);
		break;
	case 'T':
		rcgo__demangle_text(d, "(");
		rust_push(r, RUST_TUPLE, 0);
		break;
	case 'F':
		rust_function_type(r);
		break;
	case 'D':
		rcgo__demangle_text(d, "dyn ");
		rust_push(r, RUST_LIFETIME, 0);
		rust_binder(r);
		rust_push(r, RUST_TRAITS, 0);
		break;
	case 'B':
		rust_back_reference(r, RUST_TYPE, 0);
		break;
	default:
		d->at--;
		rust_push(r, RUST_PATH, 0);
	}
}

// Prints a constant: an integer, a bool or a character, encoded in hexadecimal digits.
static void
rust_constant(struct rust *r)
{
	struct rcgo_demangle *d = r->d;
	char tag = rcgo__demangle_peek(d);
	const char *digits;
	uint64_t n = 0;
	size_t size;

	d->at++;
	if (tag == 'B') {
		rust_back_reference(r, RUST_CONST, 0);
		return;
	}
	if (tag == 'p') {
		rcgo__demangle_text(d, "_");
		return;
	}
	d->failed |= tag == '\0' || strchr("abchijlmnostxy", tag) == NULL;
	rcgo__demangle_text(d, rcgo__demangle_take(d, 'n') ? "-" : "");
	digits = d->at;
	while (rcgo__demangle_peek(d) != '\0' && strchr("0123456789abcdef", *d->at) != NULL) {
		n = n << 4 | (uint64_t)(*d->at <= '9' ? *d->at - '0' : *d->at - 'a' + 10);
		d->at++;
	}
	size = (size_t)(d->at - digits);
	d->failed |= !rcgo__demangle_take(d, '_');
	if (tag == 'b') {
		rcgo__demangle_text(d, n == 0 ? "false" : "true");
	} else if (tag == 'c') {
		char character[] = {'\'', (char)n, '\'', 0};

		d->failed |= n < 0x20 || n > 0x7e;
		rcgo__demangle_text(d, character);
	} else if (size > 16) {
		rcgo__demangle_text(d, "0x");
		rcgo__demangle_bytes(d, digits, size);
	} else {
		rcgo__demangle_number(d, n);
	}
}

// Schedules the next element of a list that ends with E, or ends the list. Returns whether there is
// an element.
static bool
rust_list_next(struct rust *r, enum rust_kind kind, uint32_t n, const char *between)
{
	if (rcgo__demangle_take(r->d, 'E')) {
		return false;
	}
	rcgo__demangle_text(r->d, n > 0 ? between : "");
	rust_push(r, kind, n + 1);
	return true;
}

static void
rust_bindings(struct rust *r)
{
	bool punycode;
	size_t size;
	const char *s;

	if (rcgo__demangle_take(r->d, 'p')) {
		rcgo__demangle_text(r->d, r->open ? ", " : "<");
		s = rust_identifier(r->d, &size, &punycode);
		rust_print_identifier(r->d, s, size, punycode);
		rcgo__demangle_text(r->d, " = ");
		rust_push(r, RUST_BINDINGS, 1);
		rust_push(r, RUST_TYPE, 0);
	} else {
		rcgo__demangle_text(r->d, r->open ? ">" : "");
		r->open = false;
	}
}

static void
rust_list(struct rust *r, const struct rust_action *a)
{
	struct rcgo_demangle *d = r->d;

	switch (a->kind) {
	case RUST_ARGUMENTS:
		if (rust_list_next(r, RUST_ARGUMENTS, a->arg, ", ")) {
			if (rcgo__demangle_take(d, 'L')) {
				rust_lifetime(r, rust_number62(d));
			} else {
				rust_push(
					r, rcgo__demangle_take(d, 'K') ? RUST_CONST : RUST_TYPE, 0);
			}
		}
		break;
	case RUST_TUPLE:
		if (rust_list_next(r, RUST_TUPLE, a->arg, ", ")) {
			rust_push(r, RUST_TYPE, 0);
		} else {
			rcgo__demangle_text(d, a->arg == 1 ? ",)" : ")");
		}
		break;
	case RUST_PARAMETERS:
		if (rust_list_next(r, RUST_PARAMETERS, a->arg, ", ")) {
			rust_push(r, RUST_TYPE, 0);
		}
		break;
	case RUST_TRAITS:
		if (rust_list_next(r, RUST_TRAITS, a->arg, " + ")) {
			r->open = false;
			rust_push(r, RUST_BINDINGS, 0);
			rust_push(r, RUST_PATH_OPEN, 0);
		}
		break;
	}
}

// Long because: one case for each kind of action.
static void
rust_perform(struct rust *r, const struct rust_action *a)
{
	struct rcgo_demangle *d = r->d;
	uint64_t index;

	switch (a->kind) {
	case RUST_PATH:
	case RUST_PATH_OPEN:
		rust_path(r, a->kind, a->arg);
		break;
	case RUST_TYPE:
		rust_type(r);
		break;
	case RUST_CONST:
		rust_constant(r);
		break;
	case RUST_TEXT:
		rcgo__demangle_text(d, a->text);
		break;
	case RUST_NESTED:
		rust_nested(r, (char)a->arg);
		break;
	case RUST_RESULT:
		rcgo__demangle_text(d, ")");
		if (!rcgo__demangle_take(d, 'u')) {
			rcgo__demangle_text(d, " -> ");
			rust_push(r, RUST_TYPE, 0);
		}
		break;
	case RUST_OPENED:
		r->open = true;
		break;
	case RUST_BINDINGS:
		r->open |= a->arg != 0;
		rust_bindings(r);
		break;
	case RUST_LIFETIME:
		d->failed |= !rcgo__demangle_take(d, 'L');
		index = rust_number62(d);
		if (index != 0) {
			rcgo__demangle_text(d, " + ");
			rust_lifetime(r, index);
		}
		break;
	case RUST_UNBIND:
		r->lifetimes -= a->arg;
		break;
	case RUST_UNSUPPRESS:
		d->suppressed--;
		break;
	case RUST_RETURN:
		d->at = r->start + a->arg;
		break;
	default:
		rust_list(r, a);
	}
}

static void
rust_run(struct rust *r, uint32_t in_value)
{
	int steps = 0;

	rust_push(r, RUST_PATH, in_value);
	while (r->count > 0 && !r->d->failed) {
		struct rust_action a = r->actions[--r->count];

		rust_perform(r, &a);
		r->d->failed |= steps++ > RUST_STEPS || r->d->at > r->d->end;
	}
}

void
rcgo__demangle_rust(struct rcgo_demangle *d, struct rcgo_arena *scratch)
{
	size_t mark = rcgo__arena_mark(scratch);
	struct rust *r = rcgo__arena_alloc(scratch, sizeof *r);

	// A digit here is an encoding version that is not supported.
	if (r == NULL || rcgo__demangle_peek(d) < 'A' || rcgo__demangle_peek(d) > 'Z') {
		d->failed = true;
	} else {
		r->d = d;
		r->start = d->at;
		r->lifetimes = 0;
		r->open = false;
		r->count = 0;
		rust_run(r, 1);
		if (!d->failed && d->at < d->end && *d->at != '.' && *d->at != '$') {
			// The instantiating crate is not printed.
			d->suppressed++;
			rust_run(r, 0);
			d->suppressed--;
			d->failed |= d->at < d->end && *d->at != '.' && *d->at != '$';
		}
	}
	rcgo__arena_release(scratch, mark);
}
