// SPDX-License-Identifier: BSD-3-Clause
// The demangler of C++ names: its machine of nodes and stacks, substitutions, and the productions
// that all others use. Runs on any stack, also in signal handlers.

#include "demangle_cxx.h"

#include <string.h>

uint16_t
rcgo__cxx_node(struct cxx *c, enum cxx_kind kind, uint16_t left, uint16_t right)
{
	if (c->node_count == CXX_NODES) {
		c->d->failed = true;
		return 0;
	}
	c->nodes[c->node_count] =
		(struct cxx_node){.kind = (uint8_t)kind, .left = left, .right = right};
	return c->node_count++;
}

uint16_t
rcgo__cxx_text(struct cxx *c, enum cxx_kind kind, uint16_t left, const char *text, size_t size)
{
	uint16_t node = rcgo__cxx_node(c, kind, left, 0);

	c->nodes[node].text = text;
	c->nodes[node].number = (uint32_t)size;
	return node;
}

void
rcgo__cxx_push(struct cxx *c, enum cxx_production kind, uint8_t flags, uint16_t a, uint16_t b)
{
	if (c->action_count == CXX_ACTIONS) {
		c->d->failed = true;
		return;
	}
	c->actions[c->action_count++] =
		(struct cxx_action){.kind = (uint8_t)kind, .flags = flags, .a = a, .b = b};
}

void
rcgo__cxx_give(struct cxx *c, uint16_t node)
{
	if (c->value_count == CXX_VALUES) {
		c->d->failed = true;
		return;
	}
	c->values[c->value_count++] = node;
}

uint16_t
rcgo__cxx_pop(struct cxx *c)
{
	if (c->value_count == 0) {
		c->d->failed = true;
		return 0;
	}
	return c->values[--c->value_count];
}

void
rcgo__cxx_substitute(struct cxx *c, uint16_t node)
{
	if (c->substitution_count == CXX_SUBSTITUTIONS || node == 0) {
		c->d->failed = true;
		return;
	}
	c->substitutions[c->substitution_count++] = node;
}

// The abbreviations of the standard library. Where members of the class are named, its full name
// is needed.
static uint16_t
cxx_standard(struct cxx *c, char letter)
{
	static const struct {
		char letter;
		const char *text, *full;
	} names[] = {
		{'a', "std::allocator", "std::allocator"},
		{'b', "std::basic_string", "std::basic_string"},
		{'s', "std::string",
			"std::basic_string<char, std::char_traits<char>, std::allocator<char> >"},
		{'i', "std::istream", "std::basic_istream<char, std::char_traits<char> >"},
		{'o', "std::ostream", "std::basic_ostream<char, std::char_traits<char> >"},
		{'d', "std::iostream", "std::basic_iostream<char, std::char_traits<char> >"},
	};
	char next = rcgo__cxx_peek(c, 0);
	const char *text;

	for (size_t i = 0; i < RCGO_COUNTOF(names); i++) {
		if (names[i].letter == letter) {
			text = next == 'C' || next == 'D' ? names[i].full : names[i].text;
			return rcgo__cxx_text(c, CXX_NAME, 0, text, strlen(text));
		}
	}
	c->d->failed = true;
	return 0;
}

// Makes a template parameter. Its argument is the one in scope, or follows.
static uint16_t
cxx_parameter_node(struct cxx *c, uint32_t number)
{
	uint16_t node = rcgo__cxx_node(c, CXX_PARAMETER, 0, 0);

	c->nodes[node].number = number;
	if (c->lambdas == 0 && number < (uint32_t)(c->parameters_to - c->parameters_from)) {
		c->nodes[node].left = c->parameters[c->parameters_from + number];
	} else if (c->unresolved_count < CXX_UNRESOLVED) {
		c->unresolved[c->unresolved_count++] = node;
	} else {
		c->d->failed = true;
	}
	return c->d->failed ? 0 : node;
}

uint16_t
rcgo__cxx_substitution(struct cxx *c)
{
	char letter = rcgo__cxx_peek(c, 0);
	uint32_t n = 0;

	if (letter >= 'a' && letter <= 'z') {
		c->d->at++;
		return cxx_standard(c, letter);
	}
	if (!rcgo__demangle_take(c->d, '_')) {
		for (; (letter = rcgo__cxx_peek(c, 0)) != '_'; c->d->at++) {
			if (!(rcgo__cxx_is_digit(letter) || (letter >= 'A' && letter <= 'Z')) ||
				n > CXX_SUBSTITUTIONS) {
				c->d->failed = true;
				return 0;
			}
			n = n * 36 + (uint32_t)(rcgo__cxx_is_digit(letter) ? letter - '0'
									   : letter - 'A' + 10);
		}
		c->d->at++;
		n++;
	}
	if (n >= c->substitution_count) {
		c->d->failed = true;
		return 0;
	}
	// A parameter means the argument that is in scope here.
	if (c->nodes[c->substitutions[n]].kind == CXX_PARAMETER) {
		return cxx_parameter_node(c, c->nodes[c->substitutions[n]].number);
	}
	return c->substitutions[n];
}

uint32_t
rcgo__cxx_ordinal(struct cxx *c)
{
	uint64_t n = 0;

	if (rcgo__cxx_peek(c, 0) != '_') {
		n = rcgo__demangle_decimal(c->d) + 1;
	}
	c->d->failed |= !rcgo__demangle_take(c->d, '_') || n > UINT32_MAX / 2;
	return (uint32_t)n;
}

uint16_t
rcgo__cxx_parameter(struct cxx *c)
{
	return cxx_parameter_node(c, rcgo__cxx_ordinal(c));
}

const char *
rcgo__cxx_source_name(struct cxx *c, size_t *size)
{
	uint64_t n = rcgo__demangle_decimal(c->d);
	const char *s = c->d->at;

	if (c->d->failed || n == 0 || n > (uint64_t)(c->d->end - s)) {
		c->d->failed = true;
		*size = 0;
		return NULL;
	}
	c->d->at += n;
	*size = (size_t)n;
	if (n >= 10 && memcmp(s, "_GLOBAL_", 8) == 0 && strchr("._$", s[8]) != NULL &&
		s[9] == 'N') {
		*size = 21;
		return "(anonymous namespace)";
	}
	return s;
}

uint8_t
rcgo__cxx_qualifiers(struct cxx *c)
{
	uint8_t flags = 0;

	for (;; c->d->at++) {
		switch (rcgo__cxx_peek(c, 0)) {
		case 'r':
			flags |= CXX_RESTRICT;
			break;
		case 'V':
			flags |= CXX_VOLATILE;
			break;
		case 'K':
			flags |= CXX_CONST;
			break;
		default:
			return flags;
		}
	}
}

// Encodings.
