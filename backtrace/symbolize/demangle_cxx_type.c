// SPDX-License-Identifier: BSD-3-Clause
// The demangler of C++ names: types. Runs on any stack, also in signal handlers.

#include "demangle_cxx.h"

#include <string.h>

static const char *
cxx_builtin(char letter)
{
	static const char *const names[26] = {"signed char", "bool", "char", "double",
		"long double", "float", "__float128", "unsigned char", "int", "unsigned int", NULL,
		"long", "unsigned long", "__int128", "unsigned __int128", NULL, NULL, NULL, "short",
		"unsigned short", NULL, "void", "wchar_t", "long long", "unsigned long long",
		"..."};

	return letter >= 'a' && letter <= 'z' ? names[letter - 'a'] : NULL;
}

// The built-in types that begin with D.
static const char *
cxx_builtin_d(char letter)
{
	static const struct {
		char letter;
		const char *text;
	} names[] = {{'a', "auto"}, {'c', "decltype(auto)"}, {'d', "decimal64"},
		{'e', "decimal128"}, {'f', "decimal32"}, {'h', "half"}, {'i', "char32_t"},
		{'n', "decltype(nullptr)"}, {'s', "char16_t"}, {'u', "char8_t"}};

	for (size_t i = 0; i < RCGO_COUNTOF(names); i++) {
		if (names[i].letter == letter) {
			return names[i].text;
		}
	}
	return NULL;
}

static void
cxx_wrap_type(struct cxx *c, enum cxx_kind kind, uint8_t flags)
{
	rcgo__cxx_push(c, PARSE_WRAP, 1, (uint16_t)kind, 0);
	rcgo__cxx_push(c, PARSE_TYPE, flags, 0, 0);
}

static void
cxx_function_type(struct cxx *c, uint8_t flags)
{
	rcgo__demangle_take(c->d, 'Y'); // extern "C"
	rcgo__cxx_push(c, PARSE_FUNCTION_TYPE, flags, 0, 0);
	rcgo__cxx_push(c, PARSE_LIST, LIST_FUNCTION, 0, 0);
	rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
}

static void
cxx_function_type_done(struct cxx *c, uint8_t flags)
{
	uint16_t list = rcgo__cxx_pop(c), result = rcgo__cxx_pop(c);
	uint16_t type = rcgo__cxx_node(c, CXX_FUNCTION_TYPE, result, list);

	flags |= rcgo__demangle_take(c->d, 'R') ? CXX_REF : 0;
	flags |= rcgo__demangle_take(c->d, 'O') ? CXX_REF_REF : 0;
	c->d->failed |= !rcgo__demangle_take(c->d, 'E');
	c->nodes[type].flags = flags;
	rcgo__cxx_substitute(c, type);
	rcgo__cxx_give(c, type);
}

// Reads exception specifications, then a function type. Returns whether there is one.
static bool
cxx_try_function_type(struct cxx *c, uint8_t flags)
{
	while (rcgo__cxx_peek(c, 0) == 'D') {
		char kind = rcgo__cxx_peek(c, 1);

		if (kind != 'o' && kind != 'x') {
			return false;
		}
		flags |= kind == 'o' ? CXX_NOEXCEPT : CXX_TRANSACTION;
		c->d->at += 2;
	}
	if (!rcgo__demangle_take(c->d, 'F')) {
		return false;
	}
	cxx_function_type(c, flags);
	return true;
}

static void
cxx_dimension(struct cxx *c)
{
	const char *from = c->d->at;

	if (rcgo__cxx_is_digit(rcgo__cxx_peek(c, 0))) {
		rcgo__demangle_decimal(c->d);
		rcgo__cxx_give(c, rcgo__cxx_text(c, CXX_NAME, 0, from, (size_t)(c->d->at - from)));
		c->d->failed |= !rcgo__demangle_take(c->d, '_');
	} else if (rcgo__demangle_take(c->d, '_')) {
		rcgo__cxx_give(c, 0);
	} else {
		rcgo__cxx_push(c, PARSE_EXPECT, 0, '_', 0);
		rcgo__cxx_push(c, PARSE_EXPRESSION, 0, 0, 0);
	}
}

static void
cxx_array_type(struct cxx *c, enum cxx_kind kind)
{
	rcgo__cxx_push(c, PARSE_JOIN, 1, (uint16_t)kind, 0);
	rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
	if (kind == CXX_VECTOR) {
		rcgo__demangle_take(c->d, '_'); // before an expression
	}
	cxx_dimension(c);
}

// Reads a type that begins with D.
static void
cxx_type_d(struct cxx *c, uint8_t flags)
{
	char letter = rcgo__cxx_peek(c, 1);
	const char *text = cxx_builtin_d(letter), *from;

	if (cxx_try_function_type(c, 0)) {
		return;
	}
	c->d->at += 2;
	if (text != NULL) {
		rcgo__cxx_give(c, rcgo__cxx_text(c, CXX_NAME, 0, text, strlen(text)));
	} else if (letter == 'p') {
		cxx_wrap_type(c, CXX_EXPANSION, flags);
	} else if (letter == 't' || letter == 'T') {
		if ((flags & 2) == 0) {
			rcgo__cxx_push(c, PARSE_SUBSTITUTE, 0, 0, 0);
		}
		rcgo__cxx_push(c, PARSE_OPERATOR_WRAP, 0, CXX_OF_TYPE, 0);
		rcgo__cxx_push(c, PARSE_EXPECT, 0, 'E', 0);
		rcgo__cxx_push(c, PARSE_EXPRESSION, 0, 0, 0);
	} else if (letter == 'v') {
		cxx_array_type(c, CXX_VECTOR);
	} else if (letter == 'F') {
		from = c->d->at;
		rcgo__demangle_decimal(c->d);
		rcgo__cxx_give(c, rcgo__cxx_text(c, CXX_FLOAT, 0, from, (size_t)(c->d->at - from)));
		c->d->failed |= !rcgo__demangle_take(c->d, '_');
	} else {
		c->d->failed = true;
	}
}

// Reads a vendor's qualifier, after its U, or a type without a name.
static void
cxx_type_vendor(struct cxx *c)
{
	size_t size;
	const char *s;

	if (!rcgo__cxx_is_digit(rcgo__cxx_peek(c, 1))) {
		rcgo__cxx_push(c, PARSE_SUBSTITUTE, 0, 0, 0);
		rcgo__cxx_push(c, PARSE_NAME, 0, 0, 0);
		return;
	}
	c->d->at++;
	s = rcgo__cxx_source_name(c, &size);
	rcgo__cxx_push(c, PARSE_SUBSTITUTE, 0, 0, 0);
	rcgo__cxx_push(c, PARSE_JOIN, 0, CXX_SUFFIX, 0);
	rcgo__cxx_give(c, rcgo__cxx_text(c, CXX_NAME, 0, s, size));
	rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
}

static void
cxx_type_parameter(struct cxx *c, uint8_t flags)
{
	char next = rcgo__cxx_peek(c, 1);

	if (next == 's' || next == 'u' || next == 'e') { // struct, union, enum
		c->d->at += 2;
		rcgo__cxx_push(c, PARSE_SUBSTITUTE, 0, 0, 0);
		rcgo__cxx_push(c, PARSE_NAME, 0, 0, 0);
		return;
	}
	c->d->at++;
	rcgo__cxx_give(c, rcgo__cxx_parameter(c));
	rcgo__cxx_substitute(c, c->values[c->value_count - 1]);
	if ((flags & 1) == 0) {
		rcgo__cxx_push(c, PARSE_TYPE_ARGS, 0, 0, 0);
	}
}

static void
cxx_type_qualified(struct cxx *c, uint8_t flags)
{
	uint8_t qualifiers = rcgo__cxx_qualifiers(c);

	if (!cxx_try_function_type(c, qualifiers)) {
		rcgo__cxx_push(c, PARSE_QUALIFIED_TYPE, qualifiers, 0, 0);
		rcgo__cxx_push(c, PARSE_TYPE, flags, 0, 0);
	}
}

// Long because: one case for each letter that a type begins with.
static void
cxx_type(struct cxx *c, uint8_t flags)
{
	char letter = rcgo__cxx_peek(c, 0);
	const char *text = cxx_builtin(letter);
	size_t size;

	if (text != NULL && letter != 'r' && letter != 'u') {
		c->d->at++;
		rcgo__cxx_give(c, rcgo__cxx_text(c, CXX_NAME, 0, text, strlen(text)));
		c->nodes[c->values[c->value_count - 1]].flags = (uint8_t)letter;
		return;
	}
	switch (letter) {
	case 'r':
	case 'V':
	case 'K':
		cxx_type_qualified(c, flags);
		break;
	case 'P':
	case 'R':
	case 'O':
		c->d->at++;
		cxx_wrap_type(c,
			letter == 'P'	? CXX_POINTER
			: letter == 'R' ? CXX_LVALUE
					: CXX_RVALUE,
			flags);
		break;
	case 'C':
	case 'G':
		c->d->at++;
		text = letter == 'C' ? "_Complex" : "_Imaginary";
		rcgo__cxx_push(c, PARSE_SUBSTITUTE, 0, 0, 0);
		rcgo__cxx_push(c, PARSE_JOIN, 0, CXX_SUFFIX, 0);
		rcgo__cxx_give(c, rcgo__cxx_text(c, CXX_NAME, 0, text, strlen(text)));
		rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
		break;
	case 'F':
		c->d->at++;
		cxx_function_type(c, 0);
		break;
	case 'A':
		c->d->at++;
		cxx_array_type(c, CXX_ARRAY);
		break;
	case 'M':
		c->d->at++;
		rcgo__cxx_push(c, PARSE_JOIN, 1, CXX_MEMBER_POINTER, 0);
		rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
		rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
		break;
	case 'T':
		cxx_type_parameter(c, flags);
		break;
	case 'D':
		cxx_type_d(c, flags);
		break;
	case 'U':
		cxx_type_vendor(c);
		break;
	case 'u':
		c->d->at++;
		text = rcgo__cxx_source_name(c, &size);
		rcgo__cxx_give(c, rcgo__cxx_text(c, CXX_NAME, 0, text, size));
		rcgo__cxx_substitute(c, c->values[c->value_count - 1]);
		rcgo__cxx_push(c, PARSE_TYPE_ARGS, 0, 0, 0);
		break;
	case 'S':
		if (rcgo__cxx_peek(c, 1) != 't') {
			c->d->at++;
			rcgo__cxx_give(c, rcgo__cxx_substitution(c));
			rcgo__cxx_push(c, PARSE_TYPE_ARGS, 0, 0, 0);
			break;
		}
		// fallthrough
	default:
		rcgo__cxx_push(c, PARSE_SUBSTITUTE, 0, 0, 0);
		rcgo__cxx_push(c, PARSE_NAME, 0, 0, 0);
	}
}

// Reads the arguments after a template parameter or substitution, or its ABI tags.
static void
cxx_type_args(struct cxx *c)
{
	if (rcgo__cxx_peek(c, 0) == 'B') {
		rcgo__cxx_push(c, PARSE_TYPE_ARGS, 0, 0, 0);
		rcgo__cxx_push(c, PARSE_SUBSTITUTE, 0, 0, 0);
		rcgo__cxx_push(c, PARSE_TAGS, 0, 0, 0);
	} else if (rcgo__demangle_take(c->d, 'I')) {
		rcgo__cxx_push(c, PARSE_JOIN, 1, CXX_TEMPLATE, 0);
		rcgo__cxx_push(c, PARSE_LIST, LIST_ARGUMENTS, 0, 0);
	}
}

static void
cxx_argument(struct cxx *c)
{
	char next = rcgo__cxx_peek(c, 0);

	switch (next) {
	case 'X':
		c->d->at++;
		rcgo__cxx_push(c, PARSE_EXPECT, 0, 'E', 0);
		rcgo__cxx_push(c, PARSE_EXPRESSION, 0, 0, 0);
		break;
	case 'L':
		rcgo__cxx_push(c, PARSE_EXPRESSION, 0, 0, 0);
		break;
	case 'I':
	case 'J':
		c->d->at++;
		rcgo__cxx_push(c, PARSE_WRAP, 0, CXX_PACK, 0);
		rcgo__cxx_push(c, PARSE_LIST, LIST_ARGUMENTS, 0, 0);
		break;
	default:
		rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
	}
}

void
rcgo__cxx_parse_type(struct cxx *c, const struct cxx_action *a)
{
	uint16_t node;

	switch (a->kind) {
	case PARSE_TYPE:
		cxx_type(c, a->flags);
		break;
	case PARSE_TYPE_ARGS:
		cxx_type_args(c);
		break;
	case PARSE_QUALIFIED_TYPE:
		node = rcgo__cxx_node(c, CXX_QUALIFIERS, rcgo__cxx_pop(c), 0);
		c->nodes[node].flags = a->flags;
		rcgo__cxx_substitute(c, node);
		rcgo__cxx_give(c, node);
		break;
	case PARSE_FUNCTION_TYPE:
		cxx_function_type_done(c, a->flags);
		break;
	case PARSE_ARGUMENT:
		cxx_argument(c);
		break;
	}
}
