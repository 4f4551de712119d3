// SPDX-License-Identifier: BSD-3-Clause
// The demangler of C++ names: names. Runs on any stack, also in signal handlers.

#include "demangle_cxx.h"

#include <string.h>

static uint16_t
cxx_name(struct cxx *c)
{
	size_t size;
	const char *s = rcgo__cxx_source_name(c, &size);

	return rcgo__cxx_text(c, CXX_NAME, 0, s, size);
}

static void
cxx_arguments(struct cxx *c, uint8_t tagged)
{
	rcgo__cxx_push(c, PARSE_JOIN, 0, CXX_TEMPLATE, 0);
	rcgo__cxx_push(c, PARSE_LIST, tagged ? LIST_ARGUMENTS_TAGGED : LIST_ARGUMENTS, 0, 0);
	if (tagged) {
		c->parameters_to = c->parameters_from;
	}
}

static uint16_t
cxx_std(struct cxx *c)
{
	return rcgo__cxx_text(c, CXX_NAME, 0, "std", 3);
}

static void
cxx_parse_name(struct cxx *c, uint8_t tagged)
{
	if (rcgo__demangle_take(c->d, 'N')) {
		uint16_t flags = rcgo__cxx_qualifiers(c);

		flags |= rcgo__demangle_take(c->d, 'R') ? CXX_REF : 0;
		flags |= rcgo__demangle_take(c->d, 'O') ? CXX_REF_REF : 0;
		rcgo__cxx_give(c, 0);
		rcgo__cxx_push(c, PARSE_NESTED, tagged, flags, 0);
		return;
	}
	if (rcgo__demangle_take(c->d, 'Z')) {
		rcgo__cxx_push(c, PARSE_LOCAL_NAME, tagged, 0, 0);
		rcgo__cxx_push(c, PARSE_ENCODING, 1, 0, 0);
		return;
	}
	if (rcgo__cxx_take2(c, "St")) {
		rcgo__cxx_give(c, cxx_std(c));
		rcgo__cxx_push(c, PARSE_NAME_ARGS, tagged, 0, 0);
		rcgo__cxx_push(c, PARSE_JOIN, 0, CXX_QUALIFIED, 0);
		rcgo__cxx_push(c, PARSE_UNQUALIFIED, 1, 0, 0);
		return;
	}
	if (rcgo__demangle_take(c->d, 'S')) {
		rcgo__cxx_give(c, rcgo__cxx_substitution(c));
		if (rcgo__demangle_take(c->d, 'I')) {
			cxx_arguments(c, tagged);
		}
		return;
	}
	rcgo__cxx_push(c, PARSE_NAME_ARGS, tagged, 0, 0);
	rcgo__cxx_push(c, PARSE_UNQUALIFIED, 0, 0, 0);
}

static void
cxx_name_args(struct cxx *c, uint8_t tagged)
{
	if (rcgo__demangle_take(c->d, 'I')) {
		rcgo__cxx_substitute(c, rcgo__cxx_top(c));
		cxx_arguments(c, tagged);
	}
}

static void
cxx_nested_end(struct cxx *c, uint16_t flags)
{
	uint16_t name = rcgo__cxx_pop(c);

	c->d->failed |= name == 0;
	if (flags != 0) {
		name = rcgo__cxx_node(c, CXX_METHOD, name, 0);
		c->nodes[name].flags = (uint8_t)flags;
	}
	rcgo__cxx_give(c, name);
}

// Reads the next component of a nested name. The name so far is the topmost value.
static void
cxx_nested(struct cxx *c, uint8_t tagged, uint16_t flags)
{
	char next = rcgo__cxx_peek(c, 0), second = rcgo__cxx_peek(c, 1);
	uint16_t before = rcgo__cxx_top(c);

	if (rcgo__demangle_take(c->d, 'E')) {
		cxx_nested_end(c, flags);
		return;
	}
	rcgo__cxx_push(c, PARSE_NESTED, tagged, flags, 0);
	if (next == 'M' && before != 0) {
		c->d->at++; // the initializer of a data member
	} else if (next == 'I' && before != 0) {
		c->d->at++;
		rcgo__cxx_push(c, PARSE_NESTED_ADD, 0, 0, 0);
		cxx_arguments(c, tagged);
	} else if (next == 'T' && before == 0) {
		c->d->at++;
		rcgo__cxx_pop(c);
		rcgo__cxx_give(c, rcgo__cxx_parameter(c));
		rcgo__cxx_push(c, PARSE_NESTED_ADD, 0, 0, 0);
	} else if (next == 'S' && before == 0) {
		c->d->at++;
		rcgo__cxx_pop(c);
		rcgo__cxx_give(
			c, rcgo__demangle_take(c->d, 't') ? cxx_std(c) : rcgo__cxx_substitution(c));
	} else {
		rcgo__cxx_push(c, PARSE_NESTED_ADD, 0, 0, 0);
		rcgo__cxx_push(c, PARSE_NESTED_JOIN, 0, 0, 0);
		if (next == 'D' && (second == 't' || second == 'T')) {
			rcgo__cxx_push(c, PARSE_TYPE, 2, 0, 0);
		} else {
			rcgo__cxx_push(c, PARSE_UNQUALIFIED, before != 0, 0, 0);
		}
	}
}

static void
cxx_nested_join(struct cxx *c)
{
	uint16_t name = rcgo__cxx_pop(c), before = rcgo__cxx_pop(c);

	rcgo__cxx_give(c, before == 0 ? name : rcgo__cxx_node(c, CXX_QUALIFIED, before, name));
}

// Returns the last component of a class name without its arguments, as constructors are called.
static uint16_t
cxx_class_name(struct cxx *c, uint16_t name)
{
	const struct cxx_node *n = &c->nodes[name];
	const char *colon = NULL;

	while (n->kind == CXX_QUALIFIED || n->kind == CXX_TEMPLATE || n->kind == CXX_TAGGED ||
		n->kind == CXX_LOCAL) {
		name = n->kind == CXX_QUALIFIED || n->kind == CXX_LOCAL ? n->right : n->left;
		n = &c->nodes[name];
	}
	if (n->kind == CXX_NAME && n->number > 5 && memcmp(n->text, "std::", 5) == 0) {
		colon = memchr(n->text, '<', n->number);
		return rcgo__cxx_text(c, CXX_NAME, 0, n->text + 5,
			(colon != NULL ? (size_t)(colon - n->text) : n->number) - 5);
	}
	c->d->failed |= name == 0;
	return name;
}

static void
cxx_ctor(struct cxx *c, uint16_t scope)
{
	bool inherited = rcgo__demangle_take(c->d, 'I');
	char kind = rcgo__cxx_peek(c, 0);

	c->d->at++;
	c->d->failed |= kind < '1' || kind > '5';
	rcgo__cxx_give(c, rcgo__cxx_node(c, CXX_CTOR, cxx_class_name(c, scope), 0));
	if (inherited) {
		// The class that declares it is not printed.
		rcgo__cxx_push(c, PARSE_LOCAL_DONE, 1, 0, 0);
		rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
	}
}

static void
cxx_dtor(struct cxx *c, uint16_t scope)
{
	char kind = rcgo__cxx_peek(c, 0);

	c->d->at++;
	if (kind == 'C') {
		rcgo__cxx_push(c, PARSE_WRAP, 0, CXX_BINDING, 0);
		rcgo__cxx_push(c, PARSE_LIST, LIST_NAMES, 0, 0);
		return;
	}
	c->d->failed |= kind < '0' || kind > '5';
	rcgo__cxx_give(c, rcgo__cxx_node(c, CXX_DTOR, cxx_class_name(c, scope), 0));
}

static void
cxx_unnamed(struct cxx *c)
{
	char kind = rcgo__cxx_peek(c, 0);

	c->d->at++;
	if (kind == 'l') {
		c->lambdas++;
		rcgo__cxx_push(c, PARSE_LAMBDA_DONE, 0, 0, 0);
		rcgo__cxx_push(c, PARSE_LIST, LIST_TYPES, 0, 0);
		return;
	}
	c->d->failed |= kind != 't';
	rcgo__cxx_give(c, rcgo__cxx_node(c, CXX_UNNAMED, 0, 0));
	c->nodes[rcgo__cxx_top(c)].number = rcgo__cxx_ordinal(c) + 1;
}

static void
cxx_operator(struct cxx *c)
{
	uint16_t index;
	size_t size;
	const char *s;

	if (rcgo__cxx_take2(c, "cv")) {
		rcgo__cxx_push(c, PARSE_WRAP, 0, CXX_CONVERSION, 0);
		rcgo__cxx_push(c, PARSE_TYPE, 1, 0, 0);
		return;
	}
	if (rcgo__cxx_take2(c, "li")) {
		s = rcgo__cxx_source_name(c, &size);
		rcgo__cxx_give(c, rcgo__cxx_text(c, CXX_LITERAL_NAME, 0, s, size));
		return;
	}
	index = c->d->end - c->d->at < 2 ? 0 : rcgo__cxx_operator_find(c->d->at);
	if (index == 0) {
		c->d->failed = true;
		return;
	}
	c->d->at += 2;
	s = rcgo__cxx_operator_text(index);
	rcgo__cxx_give(c, rcgo__cxx_text(c, CXX_OPERATOR, 0, s, strlen(s)));
}

static void
cxx_unqualified(struct cxx *c, bool has_scope)
{
	uint16_t scope = has_scope ? rcgo__cxx_top(c) : 0;
	char next = rcgo__cxx_peek(c, 0);

	rcgo__cxx_push(c, PARSE_TAGS, 0, 0, 0);
	if (next == 'L' || next == 'F') { // internal linkage; a friend
		c->d->at++;
		next = rcgo__cxx_peek(c, 0);
	}
	if (rcgo__cxx_is_digit(next)) {
		rcgo__cxx_give(c, cxx_name(c));
	} else if (rcgo__demangle_take(c->d, 'C')) {
		cxx_ctor(c, scope);
	} else if (rcgo__demangle_take(c->d, 'D')) {
		cxx_dtor(c, scope);
	} else if (rcgo__demangle_take(c->d, 'U')) {
		cxx_unnamed(c);
	} else {
		cxx_operator(c);
	}
}

static void
cxx_tags(struct cxx *c)
{
	while (rcgo__demangle_take(c->d, 'B') && !c->d->failed) {
		size_t size;
		const char *s = rcgo__cxx_source_name(c, &size);

		rcgo__cxx_give(c, rcgo__cxx_text(c, CXX_TAGGED, rcgo__cxx_pop(c), s, size));
	}
}

// Reads what follows the enclosing function of a local name.
static void
cxx_local_name(struct cxx *c, uint8_t tagged)
{
	c->d->failed |= !rcgo__demangle_take(c->d, 'E');
	rcgo__cxx_push(c, PARSE_LOCAL_DONE, 0, 0, 0);
	if (rcgo__demangle_take(c->d, 's')) {
		rcgo__cxx_give(c, rcgo__cxx_text(c, CXX_NAME, 0, "string literal", 14));
		return;
	}
	if (rcgo__demangle_take(c->d, 'd')) {
		rcgo__cxx_push(
			c, PARSE_WRAP, 0, CXX_DEFAULT_ARG, (uint16_t)(rcgo__cxx_ordinal(c) + 1));
	}
	rcgo__cxx_push(c, PARSE_NAME, tagged, 0, 0);
}

static void
cxx_local_done(struct cxx *c, bool inherited)
{
	uint16_t name = rcgo__cxx_pop(c), function, local;

	if (inherited) {
		return;
	}
	if (rcgo__cxx_peek(c, 0) == '_' && rcgo__cxx_is_digit(rcgo__cxx_peek(c, 1))) {
		c->d->at += 2;
	} else if (rcgo__cxx_peek(c, 0) == '_' && rcgo__cxx_peek(c, 1) == '_') {
		c->d->at += 2;
		rcgo__demangle_decimal(c->d);
		c->d->failed |= !rcgo__demangle_take(c->d, '_');
	}
	function = rcgo__cxx_pop(c);
	if (c->nodes[name].kind == CXX_METHOD) {
		local = rcgo__cxx_node(c, CXX_LOCAL, function, c->nodes[name].left);
		local = rcgo__cxx_node(c, CXX_METHOD, local, 0);
		c->nodes[local].flags = c->nodes[name].flags;
	} else {
		local = rcgo__cxx_node(c, CXX_LOCAL, function, name);
	}
	rcgo__cxx_give(c, local);
}

static void
cxx_lambda_done(struct cxx *c)
{
	uint16_t lambda = rcgo__cxx_node(c, CXX_LAMBDA, rcgo__cxx_pop(c), 0);

	c->lambdas--;
	c->nodes[lambda].number = rcgo__cxx_ordinal(c) + 1;
	rcgo__cxx_give(c, lambda);
}

// Long because: one case for each production.
void
rcgo__cxx_parse_name(struct cxx *c, const struct cxx_action *a)
{
	switch (a->kind) {
	case PARSE_NAME:
		cxx_parse_name(c, a->flags);
		break;
	case PARSE_NAME_ARGS:
		cxx_name_args(c, a->flags);
		break;
	case PARSE_NESTED:
		cxx_nested(c, a->flags, a->a);
		break;
	case PARSE_NESTED_ADD:
		if (rcgo__cxx_peek(c, 0) != 'E') {
			rcgo__cxx_substitute(c, rcgo__cxx_top(c));
		}
		break;
	case PARSE_NESTED_JOIN:
		cxx_nested_join(c);
		break;
	case PARSE_UNQUALIFIED:
		cxx_unqualified(c, a->flags != 0);
		break;
	case PARSE_TAGS:
		cxx_tags(c);
		break;
	case PARSE_LOCAL_NAME:
		cxx_local_name(c, a->flags);
		break;
	case PARSE_LOCAL_DONE:
		cxx_local_done(c, a->flags != 0);
		break;
	case PARSE_LAMBDA_DONE:
		cxx_lambda_done(c);
		break;
	}
}
