// SPDX-License-Identifier: BSD-3-Clause
// The demangler of C++ names: operators and expressions. Runs on any stack, also in signal
// handlers.

#include "demangle_cxx.h"

#include <string.h>

// How an operator is read in an expression.
enum cxx_form {
	FORM_NONE,
	FORM_UNARY,
	FORM_BINARY,
	FORM_POSTFIX, // prefix if _ follows
	FORM_OF_TYPE,
	FORM_OF_VALUE,
	FORM_NAMED_CAST,
	FORM_MEMBER,
	FORM_CALL,
	FORM_CONDITIONAL,
	FORM_CAST,
	FORM_NEW,
	FORM_SUBSCRIPT,
};

// Operators, in the order of their code.
static const struct {
	char code[3];
	uint8_t form;
	const char *text;
} cxx_operators[] = {
	{"aN", FORM_BINARY, "&="},
	{"aS", FORM_BINARY, "="},
	{"aa", FORM_BINARY, "&&"},
	{"ad", FORM_UNARY, "&"},
	{"an", FORM_BINARY, "&"},
	{"at", FORM_OF_TYPE, "alignof "},
	{"aw", FORM_UNARY, "co_await "},
	{"az", FORM_OF_VALUE, "alignof "},
	{"cc", FORM_NAMED_CAST, "const_cast"},
	{"cl", FORM_CALL, "()"},
	{"cm", FORM_BINARY, ","},
	{"co", FORM_UNARY, "~"},
	{"cp", FORM_CALL, "()"},
	{"cv", FORM_CAST, ""},
	{"dV", FORM_BINARY, "/="},
	{"da", FORM_UNARY, "delete[] "},
	{"dc", FORM_NAMED_CAST, "dynamic_cast"},
	{"de", FORM_UNARY, "*"},
	{"dl", FORM_UNARY, "delete "},
	{"ds", FORM_BINARY, ".*"},
	{"dt", FORM_MEMBER, "."},
	{"dv", FORM_BINARY, "/"},
	{"eO", FORM_BINARY, "^="},
	{"eo", FORM_BINARY, "^"},
	{"eq", FORM_BINARY, "=="},
	{"ge", FORM_BINARY, ">="},
	{"gt", FORM_BINARY, ">"},
	{"ix", FORM_SUBSCRIPT, "[]"},
	{"lS", FORM_BINARY, "<<="},
	{"le", FORM_BINARY, "<="},
	{"ls", FORM_BINARY, "<<"},
	{"lt", FORM_BINARY, "<"},
	{"mI", FORM_BINARY, "-="},
	{"mL", FORM_BINARY, "*="},
	{"mi", FORM_BINARY, "-"},
	{"ml", FORM_BINARY, "*"},
	{"mm", FORM_POSTFIX, "--"},
	{"na", FORM_NEW, "new[]"},
	{"ne", FORM_BINARY, "!="},
	{"ng", FORM_UNARY, "-"},
	{"nt", FORM_UNARY, "!"},
	{"nw", FORM_NEW, "new"},
	{"nx", FORM_OF_VALUE, "noexcept"},
	{"oR", FORM_BINARY, "|="},
	{"oo", FORM_BINARY, "||"},
	{"or", FORM_BINARY, "|"},
	{"pL", FORM_BINARY, "+="},
	{"pl", FORM_BINARY, "+"},
	{"pm", FORM_BINARY, "->*"},
	{"pp", FORM_POSTFIX, "++"},
	{"ps", FORM_UNARY, "+"},
	{"pt", FORM_MEMBER, "->"},
	{"qu", FORM_CONDITIONAL, "?"},
	{"rM", FORM_BINARY, "%="},
	{"rS", FORM_BINARY, ">>="},
	{"rc", FORM_NAMED_CAST, "reinterpret_cast"},
	{"rm", FORM_BINARY, "%"},
	{"rs", FORM_BINARY, ">>"},
	{"sc", FORM_NAMED_CAST, "static_cast"},
	{"ss", FORM_BINARY, "<=>"},
	{"st", FORM_OF_TYPE, "sizeof "},
	{"sz", FORM_OF_VALUE, "sizeof "},
	{"te", FORM_OF_VALUE, "typeid "},
	{"ti", FORM_OF_TYPE, "typeid "},
	{"tw", FORM_UNARY, "throw "},
};

static const char *const cxx_decltype = "decltype ";

uint16_t
rcgo__cxx_operator_find(const char *code)
{
	size_t lo = 0, hi = RCGO_COUNTOF(cxx_operators);

	while (lo < hi) {
		size_t middle = (lo + hi) / 2;
		int order = memcmp(code, cxx_operators[middle].code, 2);

		if (order == 0) {
			return (uint16_t)(middle + 1);
		}
		if (order < 0) {
			hi = middle;
		} else {
			lo = middle + 1;
		}
	}
	return 0;
}

const char *
rcgo__cxx_operator_text(uint16_t index)
{
	return cxx_operators[index - 1].text;
}

// Reads a name in an expression: an identifier, operator or destructor, with arguments.
static void
cxx_base_name(struct cxx *c)
{
	if (rcgo__cxx_peek(c, 0) == 'o' && rcgo__cxx_peek(c, 1) == 'n') {
		c->d->at += 2;
	} else if (rcgo__cxx_peek(c, 0) == 'd' && rcgo__cxx_peek(c, 1) == 'n') {
		c->d->at += 2;
		rcgo__cxx_push(c, PARSE_WRAP, 0, CXX_DTOR, 0);
		rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
		return;
	}
	rcgo__cxx_push(c, PARSE_SIMPLE_ARGS, 0, 0, 0);
	rcgo__cxx_push(c, PARSE_UNQUALIFIED, 0, 0, 0);
}

static void
cxx_operator_wrap(struct cxx *c, enum cxx_kind kind, uint16_t index, enum cxx_production operand)
{
	rcgo__cxx_push(c, PARSE_OPERATOR_WRAP, 0, (uint16_t)kind, index);
	rcgo__cxx_push(c, operand, 0, 0, 0);
}

static void
cxx_operator_join(struct cxx *c, enum cxx_kind kind, uint16_t index, enum cxx_production first,
	enum cxx_production second)
{
	rcgo__cxx_push(c, PARSE_OPERATOR_JOIN, 0, (uint16_t)kind, index);
	rcgo__cxx_push(c, second, 0, 0, 0);
	rcgo__cxx_push(c, first, 0, 0, 0);
}

// Reads the operands of an operator.
// Long because: one case for each form.
static void
cxx_operands(struct cxx *c, uint16_t index)
{
	switch (cxx_operators[index - 1].form) {
	case FORM_UNARY:
		cxx_operator_wrap(c, CXX_UNARY, index, PARSE_EXPRESSION);
		break;
	case FORM_OF_VALUE:
		cxx_operator_wrap(c, CXX_OF_TYPE, index, PARSE_EXPRESSION);
		break;
	case FORM_OF_TYPE:
		cxx_operator_wrap(c, CXX_OF_TYPE, index, PARSE_TYPE);
		break;
	case FORM_POSTFIX:
		cxx_operator_wrap(c, rcgo__demangle_take(c->d, '_') ? CXX_UNARY : CXX_POSTFIX,
			index, PARSE_EXPRESSION);
		break;
	case FORM_BINARY:
		cxx_operator_join(c, CXX_BINARY, index, PARSE_EXPRESSION, PARSE_EXPRESSION);
		break;
	case FORM_SUBSCRIPT:
		cxx_operator_join(c, CXX_SUBSCRIPT, index, PARSE_EXPRESSION, PARSE_EXPRESSION);
		break;
	case FORM_NAMED_CAST:
		cxx_operator_join(c, CXX_NAMED_CAST, index, PARSE_TYPE, PARSE_EXPRESSION);
		break;
	case FORM_MEMBER:
		cxx_operator_join(c, CXX_BINARY, index, PARSE_EXPRESSION, PARSE_MEMBER_NAME);
		break;
	case FORM_CALL:
		rcgo__cxx_push(c, PARSE_JOIN, 0, CXX_CALL, 0);
		rcgo__cxx_push(c, PARSE_LIST, LIST_EXPRESSIONS, 0, 0);
		rcgo__cxx_push(c, PARSE_EXPRESSION, 0, 0, 0);
		break;
	case FORM_CONDITIONAL:
		rcgo__cxx_push(c, PARSE_JOIN, 0, CXX_CONDITIONAL, 0);
		rcgo__cxx_push(c, PARSE_JOIN, 0, CXX_LIST, 0);
		rcgo__cxx_push(c, PARSE_EXPRESSION, 0, 0, 0);
		rcgo__cxx_push(c, PARSE_EXPRESSION, 0, 0, 0);
		rcgo__cxx_push(c, PARSE_EXPRESSION, 0, 0, 0);
		break;
	case FORM_CAST:
		rcgo__cxx_push(c, PARSE_CAST_OPERAND, 0, 0, 0);
		rcgo__cxx_push(c, PARSE_TYPE, 1, 0, 0);
		break;
	case FORM_NEW:
		rcgo__cxx_push(c, PARSE_NEW_INITIALIZER, 0, 0, index);
		rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
		rcgo__cxx_push(c, PARSE_LIST, LIST_PLACEMENT, 0, 0);
		break;
	default:
		c->d->failed = true;
	}
}

static void
cxx_braced(struct cxx *c, bool has_type)
{
	rcgo__cxx_push(c, PARSE_JOIN, 0, CXX_BRACED, 0);
	rcgo__cxx_push(c, PARSE_LIST, LIST_EXPRESSIONS, 0, 0);
	if (has_type) {
		rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
	} else {
		rcgo__cxx_give(c, 0);
	}
}

// Reads a parameter of the function, after fp or fL.
static void
cxx_function_parameter(struct cxx *c, bool outer)
{
	uint16_t node = rcgo__cxx_node(c, CXX_ARGUMENT, 0, 0);

	if (outer) {
		rcgo__demangle_decimal(c->d);
		c->d->failed |= !rcgo__demangle_take(c->d, 'p');
	}
	if (!rcgo__demangle_take(c->d, 'T')) {
		rcgo__cxx_qualifiers(c);
		c->nodes[node].number = rcgo__cxx_ordinal(c) + 1;
	}
	rcgo__cxx_give(c, node);
}

// Reads a fold expression, after its f.
static void
cxx_fold(struct cxx *c)
{
	char kind = rcgo__cxx_peek(c, 0);
	uint16_t index = c->d->end - c->d->at < 3 ? 0 : rcgo__cxx_operator_find(c->d->at + 1);

	if (index == 0) {
		c->d->failed = true;
		return;
	}
	c->d->at += 3;
	rcgo__cxx_push(c, PARSE_OPERATOR_JOIN, 0, CXX_FOLD, index);
	if (kind == 'r') {
		rcgo__cxx_push(c, PARSE_NOTHING, 0, 0, 0);
	} else {
		rcgo__cxx_push(c, PARSE_EXPRESSION, 0, 0, 0);
	}
	if (kind == 'l') {
		rcgo__cxx_push(c, PARSE_NOTHING, 0, 0, 0);
	} else {
		rcgo__cxx_push(c, PARSE_EXPRESSION, 0, 0, 0);
	}
}

// Reads an expression that begins with two letters and is no operator. Returns whether it is one.
static bool
cxx_two_letters(struct cxx *c, char first, char second)
{
	if (first == 's' && second == 'r') {
		bool levels = rcgo__cxx_peek(c, 2) == 'N';

		c->d->at += levels ? 3 : 2;
		if (rcgo__cxx_is_digit(rcgo__cxx_peek(c, 0))) {
			rcgo__cxx_push(c, PARSE_SCOPED_NAME, 1, 0, 0);
			cxx_base_name(c);
		} else {
			rcgo__cxx_push(c, PARSE_SCOPED_NAME, levels, 0, 0);
			rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
		}
		return true;
	}
	if (first == 's' && (second == 'p' || second == 'Z')) {
		c->d->at += 2;
		rcgo__cxx_push(
			c, PARSE_WRAP, 0, second == 'p' ? CXX_EXPANSION : CXX_PACK_LENGTH, 0);
		rcgo__cxx_push(c, PARSE_EXPRESSION, 0, 0, 0);
		return true;
	}
	if ((first == 't' || first == 'i') && second == 'l') {
		c->d->at += 2;
		cxx_braced(c, first == 't');
		return true;
	}
	if (first == 'f' &&
		(second == 'p' || (second == 'L' && rcgo__cxx_is_digit(rcgo__cxx_peek(c, 2))))) {
		c->d->at += 2;
		cxx_function_parameter(c, second == 'L');
		return true;
	}
	if (first == 'f' && (second == 'l' || second == 'r' || second == 'L' || second == 'R')) {
		c->d->at++;
		cxx_fold(c);
		return true;
	}
	if (first == 't' && second == 'r') {
		c->d->at += 2;
		rcgo__cxx_give(c, rcgo__cxx_text(c, CXX_NAME, 0, "throw", 5));
		return true;
	}
	return false;
}

static void
cxx_expression(struct cxx *c)
{
	char first = rcgo__cxx_peek(c, 0), second = rcgo__cxx_peek(c, 1);
	uint16_t index;

	if (first == 'L') {
		c->d->at++;
		if (second == '_' || second == 'Z') {
			c->d->at += second == '_' ? 2 : 1;
			rcgo__cxx_push(c, PARSE_EXPECT, 0, 'E', 0);
			rcgo__cxx_push(c, PARSE_ENCODING, 0, 0, 0);
		} else {
			rcgo__cxx_push(c, PARSE_LITERAL, 0, 0, 0);
			rcgo__cxx_push(c, PARSE_TYPE, 0, 0, 0);
		}
		return;
	}
	if (first == 'T') {
		c->d->at++;
		rcgo__cxx_give(c, rcgo__cxx_parameter(c));
		return;
	}
	if (first == 'g' && second == 's') {
		c->d->at += 2;
		rcgo__cxx_push(c, PARSE_WRAP, 0, CXX_GLOBAL, 0);
		rcgo__cxx_push(c, PARSE_EXPRESSION, 0, 0, 0);
		return;
	}
	if (rcgo__cxx_is_digit(first) || (first == 'o' && second == 'n') ||
		(first == 'd' && second == 'n')) {
		cxx_base_name(c);
		return;
	}
	if (cxx_two_letters(c, first, second)) {
		return;
	}
	index = second == '\0' ? 0 : rcgo__cxx_operator_find(c->d->at);
	if (index == 0) {
		c->d->failed = true;
		return;
	}
	c->d->at += 2;
	cxx_operands(c, index);
}

// Reads the value of a literal, after its type.
static void
cxx_literal(struct cxx *c)
{
	const char *from = c->d->at, *end;

	end = from < c->d->end ? memchr(from, 'E', (size_t)(c->d->end - from)) : NULL;
	if (end == NULL) {
		c->d->failed = true;
		return;
	}
	c->d->at = end + 1;
	rcgo__cxx_give(
		c, rcgo__cxx_text(c, CXX_LITERAL, rcgo__cxx_pop(c), from, (size_t)(end - from)));
}

// Reads the name after its scope. If the scope has levels, names that belong to it come first, up
// to an E.
static void
cxx_scoped_name(struct cxx *c, bool levels)
{
	if (levels && !rcgo__demangle_take(c->d, 'E')) {
		rcgo__cxx_push(c, PARSE_SCOPED_NAME, 1, 0, 0);
	}
	rcgo__cxx_push(c, PARSE_JOIN, 0, CXX_QUALIFIED, 0);
	cxx_base_name(c);
}

// Makes a new expression of its placement and type; an initializer follows or not.
static void
cxx_new_initializer(struct cxx *c, uint16_t index)
{
	uint16_t type = rcgo__cxx_pop(c), placement = rcgo__cxx_pop(c);
	const char *text = rcgo__cxx_operator_text(index);
	uint16_t node = rcgo__cxx_text(c, CXX_NEW, type, text, strlen(text));

	c->nodes[node].right = placement;
	rcgo__cxx_give(c, node);
	if (!rcgo__demangle_take(c->d, 'E')) {
		c->d->failed |= rcgo__cxx_peek(c, 0) != 'p' || rcgo__cxx_peek(c, 1) != 'i';
		c->d->at += 2;
		rcgo__cxx_push(c, PARSE_JOIN, 0, CXX_INITIALIZED, 0);
		rcgo__cxx_push(c, PARSE_LIST, LIST_EXPRESSIONS, 0, 0);
	}
}

static void
cxx_operator_node(struct cxx *c, const struct cxx_action *a, bool two)
{
	uint16_t right = two ? rcgo__cxx_pop(c) : 0, left = rcgo__cxx_pop(c);
	uint16_t node = rcgo__cxx_node(c, (enum cxx_kind)a->a, left, right);
	const char *text = a->b == 0 ? cxx_decltype : rcgo__cxx_operator_text(a->b);

	c->nodes[node].text = text;
	c->nodes[node].number = (uint32_t)strlen(text);
	rcgo__cxx_give(c, node);
}

void
rcgo__cxx_parse_expression(struct cxx *c, const struct cxx_action *a)
{
	switch (a->kind) {
	case PARSE_EXPRESSION:
		cxx_expression(c);
		break;
	case PARSE_LITERAL:
		cxx_literal(c);
		break;
	case PARSE_OPERATOR_WRAP:
	case PARSE_OPERATOR_JOIN:
		cxx_operator_node(c, a, a->kind == PARSE_OPERATOR_JOIN);
		break;
	case PARSE_MEMBER_NAME:
		if (rcgo__cxx_is_digit(rcgo__cxx_peek(c, 0)) || rcgo__cxx_peek(c, 0) == 'o' ||
			rcgo__cxx_peek(c, 0) == 'd') {
			cxx_base_name(c);
		} else {
			cxx_expression(c);
		}
		break;
	case PARSE_SCOPED_NAME:
		cxx_scoped_name(c, a->flags != 0);
		break;
	case PARSE_CAST_OPERAND:
		rcgo__cxx_push(c, PARSE_JOIN, 0, CXX_CAST, 0);
		if (rcgo__demangle_take(c->d, '_')) {
			rcgo__cxx_push(c, PARSE_LIST, LIST_EXPRESSIONS, 0, 0);
		} else {
			rcgo__cxx_push(c, PARSE_EXPRESSION, 0, 0, 0);
		}
		break;
	case PARSE_NEW_INITIALIZER:
		cxx_new_initializer(c, a->b);
		break;
	case PARSE_SIMPLE_ARGS:
		if (rcgo__demangle_take(c->d, 'I')) {
			rcgo__cxx_push(c, PARSE_JOIN, 0, CXX_TEMPLATE, 0);
			rcgo__cxx_push(c, PARSE_LIST, LIST_ARGUMENTS, 0, 0);
		}
		break;
	case PARSE_NOTHING:
		rcgo__cxx_give(c, 0);
		break;
	}
}
