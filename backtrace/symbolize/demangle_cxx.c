// SPDX-License-Identifier: BSD-3-Clause
// The demangler of C++ names (Itanium C++ ABI, chapter 5.1): the order of productions, and
// encodings. Runs on any stack, also in signal handlers.

#include "demangle_cxx.h"

#include <string.h>

// The words between a special name and what it is about, and the production that follows.
static const struct {
	char code[4];
	uint8_t follows;
	const char *text;
} cxx_specials[] = {
	{"TV", PARSE_TYPE, "vtable for "},
	{"TT", PARSE_TYPE, "VTT for "},
	{"TI", PARSE_TYPE, "typeinfo for "},
	{"TS", PARSE_TYPE, "typeinfo name for "},
	{"TF", PARSE_TYPE, "typeinfo fn for "},
	{"TA", PARSE_ARGUMENT, "template parameter object for "},
	{"TH", PARSE_NAME, "TLS init function for "},
	{"TW", PARSE_NAME, "TLS wrapper function for "},
	{"Th", PARSE_ENCODING, "non-virtual thunk to "},
	{"Tv", PARSE_ENCODING, "virtual thunk to "},
	{"Tc", PARSE_ENCODING, "covariant return thunk to "},
	{"GV", PARSE_NAME, "guard variable for "},
	{"GA", PARSE_ENCODING, "hidden alias for "},
	{"GTt", PARSE_ENCODING, "transaction clone for "},
	{"GTn", PARSE_ENCODING, "non-transaction clone for "},
};

// Resolves the template parameters that were read before their arguments, from number since on.
static void
cxx_resolve(struct cxx *c, uint16_t since)
{
	uint16_t kept = since;

	for (uint16_t i = since; i < c->unresolved_count; i++) {
		struct cxx_node *node = &c->nodes[c->unresolved[i]];

		if (node->number < (uint32_t)(c->parameters_to - c->parameters_from)) {
			uint16_t to = c->parameters[c->parameters_from + node->number];

			node->left = to;
		} else {
			c->unresolved[kept++] = c->unresolved[i];
		}
	}
	c->unresolved_count = kept;
}

static bool
cxx_at_end(const struct cxx *c)
{
	char next = rcgo__cxx_peek(c, 0);

	return next == '\0' || next == 'E' || next == '.' || next == '_';
}

static void
cxx_call_offset(struct cxx *c, char kind)
{
	for (int numbers = kind == 'v' ? 2 : 1; numbers > 0; numbers--) {
		rcgo__demangle_take(c->d, 'n');
		rcgo__demangle_decimal(c->d);
		c->d->failed |= !rcgo__demangle_take(c->d, '_');
	}
}

// Long because: one case for each special name.
static void
cxx_special(struct cxx *c)
{
	char kind;

	for (size_t i = 0; i < RCGO_COUNTOF(cxx_specials); i++) {
		const char *code = cxx_specials[i].code;
		size_t size = strlen(code);

		if ((size_t)(c->d->end - c->d->at) < size || memcmp(c->d->at, code, size) != 0) {
			continue;
		}
		c->d->at += size;
		rcgo__cxx_push(c, PARSE_SPECIAL_DONE, 0, (uint16_t)i, 0);
		rcgo__cxx_push(c, cxx_specials[i].follows, 1, 0, 0);
		if (code[1] == 'h' || code[1] == 'v') {
			cxx_call_offset(c, code[1]);
		}
		for (int offsets = code[1] == 'c' ? 2 : 0; offsets > 0; offsets--) {
			kind = rcgo__cxx_peek(c, 0);
			c->d->failed |= kind != 'h' && kind != 'v';
			c->d->at++;
			cxx_call_offset(c, kind);
		}
		return;
	}
	if (rcgo__cxx_take2(c, "TC")) {
		rcgo__cxx_push(c, PARSE_CONSTRUCTION, 0, 0, 0);
		rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
	} else if (rcgo__cxx_take2(c, "GR")) {
		rcgo__cxx_push(c, PARSE_TEMPORARY_DONE, 0, 0, 0);
		rcgo__cxx_push(c, PARSE_NAME, 0, 0, 0);
	} else {
		c->d->failed = true;
	}
}

static void
cxx_encoding(struct cxx *c, uint8_t nested)
{
	char next = rcgo__cxx_peek(c, 0);

	rcgo__cxx_push(c, PARSE_SCOPE_END, 0, c->parameters_from, c->parameters_to);
	c->parameters_from = c->parameters_to;
	if (next == 'T' || next == 'G') {
		cxx_special(c);
		return;
	}
	rcgo__cxx_push(c, PARSE_ENCODING_TYPE, nested, c->unresolved_count, 0);
	rcgo__cxx_push(c, PARSE_NAME, 1, 0, 0);
}

// Returns whether the type of the function begins with its result: it is an instance of a template,
// and no constructor, destructor or conversion.
static bool
cxx_has_result(const struct cxx *c, uint16_t name)
{
	const struct cxx_node *n = &c->nodes[name];

	while (n->kind == CXX_METHOD || n->kind == CXX_LOCAL || n->kind == CXX_QUALIFIED ||
		n->kind == CXX_DEFAULT_ARG) {
		n = &c->nodes[n->kind == CXX_LOCAL || n->kind == CXX_QUALIFIED ? n->right
									       : n->left];
	}
	if (n->kind != CXX_TEMPLATE) {
		return false;
	}
	do {
		n = &c->nodes[n->kind == CXX_QUALIFIED ? n->right : n->left];
	} while (n->kind == CXX_QUALIFIED || n->kind == CXX_TAGGED);
	return n->kind != CXX_CTOR && n->kind != CXX_DTOR && n->kind != CXX_CONVERSION;
}

static void
cxx_encoding_type(struct cxx *c, uint8_t nested, uint16_t unresolved)
{
	cxx_resolve(c, unresolved);
	if (cxx_at_end(c)) {
		return;
	}
	rcgo__cxx_push(c, PARSE_FUNCTION_DONE, nested, 0, 0);
	rcgo__cxx_push(c, PARSE_LIST, LIST_PARAMETERS, 0, 0);
	if (cxx_has_result(c, rcgo__cxx_top(c))) {
		rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
	} else {
		rcgo__cxx_give(c, 0);
	}
}

static void
cxx_function_done(struct cxx *c, uint8_t nested)
{
	uint16_t list = rcgo__cxx_pop(c), result = rcgo__cxx_pop(c), name = rcgo__cxx_pop(c);
	uint16_t type = rcgo__cxx_node(c, CXX_FUNCTION_TYPE, nested ? 0 : result, list);

	if (c->nodes[name].kind == CXX_METHOD) {
		c->nodes[type].flags = c->nodes[name].flags;
		name = c->nodes[name].left;
	}
	rcgo__cxx_give(c, rcgo__cxx_node(c, CXX_FUNCTION, name, type));
}

// The compiler's suffixes of parts and clones of functions: .cold, .part.0, .llvm.123
static void
cxx_clones(struct cxx *c)
{
	while (rcgo__cxx_peek(c, 0) == '.' && !c->d->failed) {
		const char *from = c->d->at, *at = from + 1;

		while (at < c->d->end && ((*at >= 'a' && *at <= 'z') || *at == '_')) {
			at++;
		}
		while (at + 1 < c->d->end && *at == '.' && rcgo__cxx_is_digit(at[1])) {
			for (at++; at < c->d->end && rcgo__cxx_is_digit(*at); at++) {
			}
		}
		for (; at == from + 1 && at < c->d->end && *at != '.'; at++) {
		}
		if (at == from + 1) {
			return;
		}
		c->d->at = at;
		rcgo__cxx_give(c,
			rcgo__cxx_text(c, CXX_CLONE, rcgo__cxx_pop(c), from, (size_t)(at - from)));
	}
}

// Lists.

static bool
cxx_list_ends(const struct cxx *c, enum cxx_list list, size_t at)
{
	char next = rcgo__cxx_peek(c, at), second = rcgo__cxx_peek(c, at + 1);

	switch (list) {
	case LIST_PARAMETERS:
		return next == '\0' || next == 'E' || next == '.' || next == '_';
	case LIST_FUNCTION:
		return next == 'E' || ((next == 'R' || next == 'O') && second == 'E');
	case LIST_PLACEMENT:
		return next == '_';
	default:
		return next == 'E';
	}
}

static void
cxx_list_finish(struct cxx *c, enum cxx_list list, uint16_t count)
{
	uint16_t head = 0;

	for (; count > 0; count--) {
		uint16_t element = rcgo__cxx_pop(c);

		head = rcgo__cxx_node(c, CXX_LIST, element, head);
	}
	rcgo__cxx_give(c, head);
	if (list != LIST_PARAMETERS && list != LIST_FUNCTION) {
		c->d->at++;
	}
}

static void
cxx_list(struct cxx *c, enum cxx_list list, uint16_t count)
{
	bool types = list == LIST_PARAMETERS || list == LIST_FUNCTION || list == LIST_TYPES;

	if (list == LIST_ARGUMENTS_TAGGED && count > 0) {
		if (c->parameters_to == CXX_PARAMETERS) {
			c->d->failed = true;
			return;
		}
		c->parameters[c->parameters_to++] = rcgo__cxx_top(c);
	}
	if (types && count == 0 && rcgo__cxx_peek(c, 0) == 'v' && cxx_list_ends(c, list, 1)) {
		c->d->at++; // (void)
	}
	if (cxx_list_ends(c, list, 0)) {
		cxx_list_finish(c, list, count);
		return;
	}
	rcgo__cxx_push(c, PARSE_LIST, (uint8_t)list, (uint16_t)(count + 1), 0);
	if (list == LIST_NAMES) {
		rcgo__cxx_push(c, PARSE_UNQUALIFIED, 0, 0, 0);
	} else if (types) {
		rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
	} else {
		rcgo__cxx_push(c,
			list == LIST_ARGUMENTS || list == LIST_ARGUMENTS_TAGGED ? PARSE_ARGUMENT
										: PARSE_EXPRESSION,
			0, 0, 0);
	}
}

static void
cxx_construction(struct cxx *c)
{
	rcgo__demangle_decimal(c->d);
	c->d->failed |= !rcgo__demangle_take(c->d, '_');
	rcgo__cxx_push(c, PARSE_JOIN, 0, CXX_CONSTRUCTION, 0);
	rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
}

static void
cxx_temporary(struct cxx *c)
{
	uint16_t node = rcgo__cxx_node(c, CXX_TEMPORARY, rcgo__cxx_pop(c), 0);

	c->nodes[node].number = rcgo__cxx_peek(c, 0) == '\0' ? 0 : rcgo__cxx_ordinal(c);
	rcgo__cxx_give(c, node);
}

static void
cxx_wrap(struct cxx *c, const struct cxx_action *a, bool two)
{
	uint16_t right = two ? rcgo__cxx_pop(c) : 0, left = rcgo__cxx_pop(c);
	const struct cxx_node method = c->nodes[left];
	bool lift = a->a == CXX_DEFAULT_ARG && method.kind == CXX_METHOD;
	uint16_t node = rcgo__cxx_node(c, (enum cxx_kind)a->a, lift ? method.left : left, right);

	c->nodes[node].number = a->b;
	if (lift) { // its qualifiers belong to the function type
		node = rcgo__cxx_node(c, CXX_METHOD, node, 0);
		c->nodes[node].flags = method.flags;
	}
	if (a->flags != 0) {
		rcgo__cxx_substitute(c, node);
	}
	rcgo__cxx_give(c, node);
}

// Long because: one case for each production.
static void
cxx_perform(struct cxx *c, const struct cxx_action *a)
{
	const char *text;

	switch (a->kind) {
	case PARSE_ENCODING:
		cxx_encoding(c, a->flags);
		break;
	case PARSE_ENCODING_TYPE:
		cxx_encoding_type(c, a->flags, a->a);
		break;
	case PARSE_FUNCTION_DONE:
		cxx_function_done(c, a->flags);
		break;
	case PARSE_SCOPE_END:
		c->parameters_from = a->a;
		c->parameters_to = a->b;
		break;
	case PARSE_CLONES:
		cxx_clones(c);
		break;
	case PARSE_SPECIAL_DONE:
		text = cxx_specials[a->a].text;
		rcgo__cxx_give(
			c, rcgo__cxx_text(c, CXX_SPECIAL, rcgo__cxx_pop(c), text, strlen(text)));
		break;
	case PARSE_CONSTRUCTION:
		cxx_construction(c);
		break;
	case PARSE_TEMPORARY_DONE:
		cxx_temporary(c);
		break;
	case PARSE_WRAP:
	case PARSE_JOIN:
		cxx_wrap(c, a, a->kind == PARSE_JOIN);
		break;
	case PARSE_SUBSTITUTE:
		rcgo__cxx_substitute(c, rcgo__cxx_top(c));
		break;
	case PARSE_EXPECT:
		c->d->failed |= !rcgo__demangle_take(c->d, (char)a->a);
		break;
	case PARSE_LIST:
		cxx_list(c, (enum cxx_list)a->flags, a->a);
		break;
	default:
		if (a->kind < PARSE_WRAP) {
			rcgo__cxx_parse_name(c, a);
		} else if (a->kind < PARSE_EXPRESSION) {
			rcgo__cxx_parse_type(c, a);
		} else {
			rcgo__cxx_parse_expression(c, a);
		}
	}
}

static uint16_t
cxx_parse(struct cxx *c)
{
	c->node_count = 1;
	c->value_count = c->action_count = c->substitution_count = c->unresolved_count = 0;
	c->parameters_from = c->parameters_to = c->lambdas = 0;
	c->nodes[0] = (struct cxx_node){0};
	rcgo__cxx_push(c, PARSE_CLONES, 0, 0, 0);
	rcgo__cxx_push(c, PARSE_ENCODING, 0, 0, 0);
	while (c->action_count > 0 && !c->d->failed) {
		struct cxx_action a = c->actions[--c->action_count];

		cxx_perform(c, &a);
		c->d->failed |= c->d->at > c->d->end;
	}
	c->d->failed |= c->value_count != 1 || c->d->at != c->d->end;
	return rcgo__cxx_top(c);
}

void
rcgo__demangle_cxx(struct rcgo_demangle *d, struct rcgo_arena *scratch)
{
	size_t mark = rcgo__arena_mark(scratch);
	struct cxx *c = rcgo__arena_alloc(scratch, sizeof *c);

	if (c == NULL) {
		d->failed = true;
	} else {
		uint16_t root;

		c->d = d;
		root = cxx_parse(c);
		if (!d->failed) {
			rcgo__cxx_print(c, scratch, root);
		}
	}
	rcgo__arena_release(scratch, mark);
}
