// SPDX-License-Identifier: BSD-3-Clause
// The demangler of C++ names: prints the tree, in the notation of binutils. A declarator stands
// inside its type, so a type is printed in two halves: what precedes the name, and what follows it.
// Runs on any stack, also in signal handlers.
// Long because: a case for each kind of node, and the kinds contain one another.

#include "demangle_cxx.h"

#include <string.h>

#define PRINT_ACTIONS 2048

enum print_kind {
	PRINT_LEFT,	  // the first half of a node
	PRINT_RIGHT,	  // the second half
	PRINT_TEXT,	  // text, of number bytes
	PRINT_LIST,	  // elements with commas; number: where the list begins
	PRINT_TRIM,	  // takes the comma back if nothing was printed since
	PRINT_OPEN,	  // <
	PRINT_CLOSE,	  // >
	PRINT_RESULT,	  // a space after the result of a function
	PRINT_DECLARATOR, // ( or a space before a pointer, if node needs it
	PRINT_PACK,	  // element number of the pack in pattern node; before: where it begins
	PRINT_INDEX,	  // sets the element of packs to number - 1
	PRINT_LAMBDA_END,
};

struct print_action {
	const char *text;
	uint32_t number, before;
	uint16_t node, count;
	uint8_t kind;
};

struct print {
	struct cxx *c;
	struct rcgo_demangle *d;
	uint32_t index; // of the element of packs, from 1; 0: all elements
	uint32_t lambdas, steps;
	size_t count;
	struct print_action actions[PRINT_ACTIONS];
};

static struct print_action *
print_push(struct print *p, enum print_kind kind, uint16_t node)
{
	if (p->count == PRINT_ACTIONS) {
		p->d->failed = true;
		p->count--;
	}
	p->actions[p->count] = (struct print_action){.kind = (uint8_t)kind, .node = node};
	return &p->actions[p->count++];
}

static void
print_push_node(struct print *p, uint16_t node)
{
	if (node != 0) {
		print_push(p, PRINT_RIGHT, node);
		print_push(p, PRINT_LEFT, node);
	}
}

static void
print_push_bytes(struct print *p, const char *text, size_t size)
{
	struct print_action *a = print_push(p, PRINT_TEXT, 0);

	a->text = text;
	a->number = (uint32_t)size;
}

static void
print_push_text(struct print *p, const char *text)
{
	print_push_bytes(p, text, strlen(text));
}

// Prints now.
static void
print_text(struct print *p, const char *text)
{
	rcgo__demangle_text(p->d, text);
}

static char
print_last(const struct print *p)
{
	return p->d->used > 0 ? p->d->out[p->d->used - 1] : '\0';
}

static void
print_push_list(struct print *p, uint16_t list)
{
	print_push(p, PRINT_LIST, list)->number = UINT32_MAX;
}

static void
print_push_index(struct print *p, uint32_t index)
{
	print_push(p, PRINT_INDEX, 0)->number = index;
}

// Returns the element of a pack that is being printed, or 0.
static uint16_t
print_pack_element(const struct print *p, uint16_t pack)
{
	uint16_t list = p->c->nodes[pack].left;

	for (uint32_t i = 1; i < p->index && list != 0; i++) {
		list = p->c->nodes[list].right;
	}
	return list == 0 ? 0 : p->c->nodes[list].left;
}

// Returns what a template parameter or a pack stands for.
static uint16_t
print_resolve(struct print *p, uint16_t node)
{
	for (int i = 0; i < 64; i++) {
		const struct cxx_node *n = &p->c->nodes[node];

		if (n->kind == CXX_PARAMETER && p->lambdas == 0 && n->left != 0) {
			node = n->left;
		} else if (n->kind == CXX_PACK && p->index != 0) {
			node = print_pack_element(p, node);
		} else {
			return node;
		}
	}
	return 0;
}

// Returns whether node is a parameter that stands for a pack.
static bool
print_is_pack(const struct print *p, uint16_t node)
{
	const struct cxx_node *n = &p->c->nodes[node];

	return n->kind == CXX_PACK ||
	       (n->kind == CXX_PARAMETER && p->c->nodes[n->left].kind == CXX_PACK);
}

// Returns whether a type has a second half.
static bool
print_has_right(struct print *p, uint16_t node)
{
	for (int i = 0; i < 256; i++) {
		const struct cxx_node *n = &p->c->nodes[node = print_resolve(p, node)];

		switch (n->kind) {
		case CXX_FUNCTION_TYPE:
		case CXX_ARRAY:
			return true;
		case CXX_POINTER:
		case CXX_LVALUE:
		case CXX_RVALUE:
		case CXX_QUALIFIERS:
			node = n->left;
			break;
		case CXX_SUFFIX:
		case CXX_MEMBER_POINTER:
			node = n->right;
			break;
		default:
			return false;
		}
	}
	return false;
}

// Returns what a pointer or reference points to, below qualifiers.
static uint16_t
print_target(struct print *p, uint16_t node)
{
	node = print_resolve(p, node);
	for (int i = 0; i < 64 && p->c->nodes[node].kind == CXX_QUALIFIERS; i++) {
		node = print_resolve(p, p->c->nodes[node].left);
	}
	return node;
}

static bool
print_needs_parentheses(struct print *p, uint16_t target)
{
	uint8_t kind = p->c->nodes[print_target(p, target)].kind;

	return kind == CXX_FUNCTION_TYPE || kind == CXX_ARRAY;
}

// What a reference refers to: references to references are one reference.
struct print_reference {
	uint16_t target;
	uint8_t kind;
	bool in_element; // the target is part of an element of a pack, and no pattern
};

static struct print_reference
print_collapse(struct print *p, uint16_t node)
{
	struct print_reference r = {.kind = p->c->nodes[node].kind};

	for (int i = 0; i < 64; i++) {
		const struct cxx_node *n = &p->c->nodes[node];

		if (n->kind != CXX_LVALUE && n->kind != CXX_RVALUE) {
			break;
		}
		if (n->kind == CXX_LVALUE) {
			r.kind = CXX_LVALUE;
		}
		r.target = n->left;
		node = print_resolve(p, n->left);
		if (p->c->nodes[node].kind == CXX_LVALUE || p->c->nodes[node].kind == CXX_RVALUE) {
			r.in_element |= print_is_pack(p, n->left);
		}
	}
	return r;
}

// Schedules a half of the target of a reference.
static void
print_push_target(struct print *p, enum print_kind half, const struct print_reference *r)
{
	if (r->in_element) {
		print_push_index(p, p->index);
	}
	print_push(p, half, r->target);
	if (r->in_element) {
		print_push_index(p, 0);
	}
}

static void
print_push_qualifiers(struct print *p, uint8_t flags)
{
	static const struct {
		uint8_t flag;
		const char *text;
	} words[] = {
		{CXX_RESTRICT, " __restrict"}, {CXX_VOLATILE, " volatile"}, {CXX_CONST, " const"}};

	for (size_t i = 0; i < RCGO_COUNTOF(words); i++) {
		if ((flags & words[i].flag) != 0) {
			print_push_text(p, words[i].text);
		}
	}
}

// Packs.

// Returns the first parameter pack in a pattern, or 0. Expansions inside it have their own.
static uint16_t
print_find_pack(struct print *p, uint16_t pattern)
{
	uint16_t stack[128];
	size_t count = 1;

	stack[0] = pattern;
	while (count > 0 && !p->d->failed) {
		uint16_t node = stack[--count];
		const struct cxx_node *n = &p->c->nodes[node];

		p->d->failed |= ++p->steps > CXX_STEPS;
		if (n->kind == CXX_PACK) {
			return node;
		}
		if (n->kind == CXX_EXPANSION || n->kind == CXX_LAMBDA || count > 126) {
			continue;
		}
		if (n->right != 0 && n->kind != CXX_PARAMETER) {
			stack[count++] = n->right;
		}
		if (n->left != 0) {
			stack[count++] = n->left;
		}
	}
	return 0;
}

static uint16_t
print_pack_length(const struct print *p, uint16_t pack)
{
	uint16_t n = 0;

	for (uint16_t list = p->c->nodes[pack].left; list != 0; list = p->c->nodes[list].right) {
		n++;
	}
	return n;
}

// Prints an operand, in parentheses unless it is a plain name.
static void
print_push_operand(struct print *p, uint16_t node)
{
	uint8_t kind = p->c->nodes[node].kind;
	bool plain = kind == CXX_NAME || kind == CXX_QUALIFIED || kind == CXX_BRACED ||
		     kind == CXX_ARGUMENT;

	if (!plain) {
		print_push_text(p, ")");
	}
	print_push_node(p, node);
	if (!plain) {
		print_push_text(p, "(");
	}
}

static void
print_expansion(struct print *p, uint16_t pattern)
{
	uint16_t pack = print_find_pack(p, pattern);

	if (pack == 0) {
		print_push_text(p, "...");
		print_push_operand(p, pattern);
	} else {
		struct print_action *a;

		print_push_index(p, p->index);
		a = print_push(p, PRINT_PACK, pattern);
		a->count = print_pack_length(p, pack);
		a->number = 1;
		a->before = (uint32_t)p->d->used;
	}
}

static void
print_list_comma(struct print *p, uint32_t begin)
{
	size_t before = p->d->used;
	struct print_action *a;

	if (before > begin) {
		print_text(p, ", ");
		a = print_push(p, PRINT_TRIM, 0);
		a->number = (uint32_t)p->d->used;
		a->before = (uint32_t)before;
	}
}

static void
print_pack(struct print *p, const struct print_action *a)
{
	struct print_action *next;

	if (a->number > a->count) {
		return;
	}
	next = print_push(p, PRINT_PACK, a->node);
	next->count = a->count;
	next->number = a->number + 1;
	next->before = a->before;
	print_list_comma(p, a->before);
	print_push_node(p, a->node);
	print_push_index(p, a->number);
}

static void
print_list(struct print *p, uint16_t list, uint32_t begin)
{
	begin = begin == UINT32_MAX ? (uint32_t)p->d->used : begin;
	if (list != 0) {
		print_push(p, PRINT_LIST, p->c->nodes[list].right)->number = begin;
		print_list_comma(p, begin);
		print_push_node(p, p->c->nodes[list].left);
	}
}

// Expressions.

static void
print_literal(struct print *p, const struct cxx_node *n)
{
	static const char suffixes[][4] = {"i", "ju", "ll", "mul", "xll", "yull"};
	uint16_t type = print_resolve(p, n->left);
	uint8_t letter = p->c->nodes[type].kind == CXX_NAME ? p->c->nodes[type].flags : 0;
	bool negative = n->number > 0 && n->text[0] == 'n';
	const char *suffix = NULL;

	if (letter == 'b' && n->number == 1 && (n->text[0] == '0' || n->text[0] == '1')) {
		print_text(p, n->text[0] == '0' ? "false" : "true");
		return;
	}
	for (size_t i = 0; i < RCGO_COUNTOF(suffixes); i++) {
		suffix = suffixes[i][0] == (char)letter ? suffixes[i] + 1 : suffix;
	}
	if (suffix != NULL) {
		print_push_text(p, suffix);
	}
	if (letter == 'd' || letter == 'e' || letter == 'f') {
		print_push_text(p, "]");
	}
	print_push_bytes(p, n->text + negative, n->number - negative);
	if (negative) {
		print_push_text(p, "-");
	}
	if (letter == 'd' || letter == 'e' || letter == 'f') {
		print_push_text(p, "[");
	}
	if (suffix == NULL) {
		print_push_text(p, ")");
		print_push_node(p, n->left);
		print_push_text(p, "(");
	}
}

static void
print_binary(struct print *p, const struct cxx_node *n)
{
	bool greater = n->number == 1 && n->text[0] == '>';

	if (greater) {
		print_push_text(p, ")");
	}
	print_push_operand(p, n->right);
	print_push_bytes(p, n->text, n->number);
	print_push_operand(p, n->left);
	if (greater) {
		print_push_text(p, "(");
	}
}

static void
print_fold(struct print *p, const struct cxx_node *n)
{
	print_push_text(p, ")");
	if (n->right != 0) {
		print_push_operand(p, n->right);
	} else {
		print_push_text(p, "...");
	}
	print_push_bytes(p, n->text, n->number);
	if (n->left != 0 && n->right != 0 && n->flags == 0) {
		print_push_text(p, "...");
		print_push_bytes(p, n->text, n->number);
	}
	if (n->left != 0) {
		print_push_operand(p, n->left);
	} else {
		print_push_text(p, "...");
	}
	print_push_text(p, "(");
}

// Long because: one case for each kind of expression.
static void
print_expression(struct print *p, const struct cxx_node *n)
{
	uint16_t pack;

	switch (n->kind) {
	case CXX_LITERAL:
		print_literal(p, n);
		break;
	case CXX_UNARY:
		print_push_operand(p, n->left);
		print_push_bytes(p, n->text, n->number);
		break;
	case CXX_POSTFIX:
		print_push_bytes(p, n->text, n->number);
		print_push_operand(p, n->left);
		break;
	case CXX_BINARY:
		print_binary(p, n);
		break;
	case CXX_CONDITIONAL:
		print_push_operand(p, p->c->nodes[n->right].right);
		print_push_text(p, " : ");
		print_push_operand(p, p->c->nodes[n->right].left);
		print_push_text(p, "?");
		print_push_operand(p, n->left);
		break;
	case CXX_CALL:
		print_push_text(p, ")");
		print_push_list(p, n->right);
		print_push_text(p, "(");
		print_push_operand(p, n->left);
		break;
	case CXX_CAST:
		if (p->c->nodes[n->right].kind == CXX_LIST || n->right == 0) {
			print_push_text(p, ")");
			print_push_list(p, n->right);
			print_push_text(p, "(");
		} else {
			print_push_operand(p, n->right);
		}
		print_push_text(p, ")");
		print_push_node(p, n->left);
		print_push_text(p, "(");
		break;
	case CXX_NAMED_CAST:
		print_push_text(p, ")");
		print_push_node(p, n->right);
		print_push_text(p, ">(");
		print_push_node(p, n->left);
		print_push_text(p, "<");
		print_push_bytes(p, n->text, n->number);
		break;
	case CXX_SUBSCRIPT:
		print_push_text(p, "]");
		print_push_node(p, n->right);
		print_push_text(p, "[");
		print_push_operand(p, n->left);
		break;
	case CXX_BRACED:
		print_push_text(p, "}");
		print_push_list(p, n->right);
		print_push_text(p, "{");
		print_push_node(p, n->left);
		break;
	case CXX_NEW:
		print_push_node(p, n->left);
		if (n->right != 0) {
			print_push_text(p, ") ");
			print_push_list(p, n->right);
			print_push_text(p, " (");
		} else {
			print_push_text(p, " ");
		}
		print_push_bytes(p, n->text, n->number);
		break;
	case CXX_INITIALIZED:
		print_push_text(p, ")");
		print_push_list(p, n->right);
		print_push_text(p, "(");
		print_push_node(p, n->left);
		break;
	case CXX_GLOBAL:
		print_text(p, "::");
		print_push_node(p, n->left);
		break;
	case CXX_ARGUMENT:
		if (n->number == 0) {
			print_text(p, "this");
		} else {
			print_text(p, "{parm#");
			rcgo__demangle_number(p->d, n->number);
			print_text(p, "}");
		}
		break;
	case CXX_OF_TYPE:
		print_push_text(p, ")");
		print_push_node(p, n->left);
		print_push_text(p, "(");
		print_push_bytes(p, n->text, n->number);
		break;
	case CXX_PACK_LENGTH:
		pack = print_find_pack(p, n->left);
		rcgo__demangle_number(p->d, pack == 0 ? 0 : print_pack_length(p, pack));
		break;
	case CXX_FOLD:
		print_fold(p, n);
		break;
	default:
		p->d->failed = true;
	}
}

// Names and types.

static void
print_numbered(struct print *p, const char *text, uint32_t number, const char *end)
{
	print_text(p, text);
	rcgo__demangle_number(p->d, number);
	print_text(p, end);
}

// Long because: one case for each kind of name.
static void
print_name(struct print *p, const struct cxx_node *n)
{
	switch (n->kind) {
	case CXX_NAME:
		rcgo__demangle_bytes(p->d, n->text, n->number);
		break;
	case CXX_FLOAT:
		print_text(p, "_Float");
		rcgo__demangle_bytes(p->d, n->text, n->number);
		break;
	case CXX_QUALIFIED:
	case CXX_LOCAL:
		print_push_node(p, n->right);
		print_push_text(p, "::");
		print_push_node(p, n->left);
		break;
	case CXX_TEMPLATE:
		print_push(p, PRINT_CLOSE, 0);
		print_push_list(p, n->right);
		print_push(p, PRINT_OPEN, 0);
		print_push_node(p, n->left);
		break;
	case CXX_TAGGED:
		print_push_text(p, "]");
		print_push_bytes(p, n->text, n->number);
		print_push_text(p, "[abi:");
		print_push_node(p, n->left);
		break;
	case CXX_DTOR:
		print_text(p, "~");
		print_push_node(p, n->left);
		break;
	case CXX_CTOR:
	case CXX_METHOD:
		print_push_node(p, n->left);
		break;
	case CXX_OPERATOR:
		print_text(p, n->text[0] >= 'a' && n->text[0] <= 'z' ? "operator " : "operator");
		rcgo__demangle_bytes(p->d, n->text, n->number);
		p->d->used -= print_last(p) == ' ';
		break;
	case CXX_CONVERSION:
		print_text(p, "operator ");
		print_push_node(p, n->left);
		break;
	case CXX_LITERAL_NAME:
		print_text(p, "operator\"\" ");
		rcgo__demangle_bytes(p->d, n->text, n->number);
		break;
	case CXX_BINDING:
		print_text(p, "[");
		print_push_text(p, "]");
		print_push_list(p, n->left);
		break;
	case CXX_LAMBDA:
		print_text(p, "{lambda(");
		p->lambdas++;
		print_push(p, PRINT_LAMBDA_END, 0)->number = n->number;
		print_push_list(p, n->left);
		break;
	case CXX_UNNAMED:
		print_numbered(p, "{unnamed type#", n->number, "}");
		break;
	case CXX_DEFAULT_ARG:
		print_numbered(p, "{default arg#", n->number, "}::");
		print_push_node(p, n->left);
		break;
	case CXX_SPECIAL:
		rcgo__demangle_bytes(p->d, n->text, n->number);
		print_push_node(p, n->left);
		break;
	case CXX_CONSTRUCTION:
		print_text(p, "construction vtable for ");
		print_push_node(p, n->left);
		print_push_text(p, "-in-");
		print_push_node(p, n->right);
		break;
	case CXX_TEMPORARY:
		print_numbered(p, "reference temporary #", n->number, " for ");
		print_push_node(p, n->left);
		break;
	case CXX_CLONE:
		print_push_text(p, "]");
		print_push_bytes(p, n->text, n->number);
		print_push_text(p, " [clone ");
		print_push_node(p, n->left);
		break;
	default:
		print_expression(p, n);
	}
}

static void
print_parameter(struct print *p, const struct cxx_node *n)
{
	if (p->lambdas > 0) {
		print_numbered(p, "auto:", n->number + 1, "");
	} else if (n->left != 0) {
		print_push(p, PRINT_LEFT, n->left);
	} else {
		p->d->failed = true;
	}
}

// Long because: one case for each kind of type.
static void
print_left(struct print *p, uint16_t node)
{
	const struct cxx_node *n = &p->c->nodes[node];
	struct print_reference r;
	uint16_t target;

	switch (n->kind) {
	case CXX_PARAMETER:
		print_parameter(p, n);
		break;
	case CXX_PACK:
		if (p->index == 0) {
			print_push_list(p, n->left);
		} else if ((target = print_pack_element(p, node)) != 0) {
			print_push_index(p, p->index);
			print_push(p, PRINT_LEFT, target);
			print_push_index(p, 0);
		}
		break;
	case CXX_EXPANSION:
		print_expansion(p, n->left);
		break;
	case CXX_FUNCTION:
		print_push_node(p, n->left);
		print_push(p, PRINT_LEFT, n->right);
		break;
	case CXX_FUNCTION_TYPE:
		if (n->left != 0) {
			print_push(p, PRINT_RESULT, n->left);
			print_push(p, PRINT_LEFT, n->left);
		}
		break;
	case CXX_QUALIFIERS:
		print_push_qualifiers(p, n->flags);
		print_push(p, PRINT_LEFT, n->left);
		break;
	case CXX_SUFFIX:
		print_push_node(p, n->left);
		print_push_text(p, " ");
		print_push(p, PRINT_LEFT, n->right);
		break;
	case CXX_POINTER:
		print_push_text(p, "*");
		print_push(p, PRINT_DECLARATOR, n->left);
		print_push(p, PRINT_LEFT, n->left);
		break;
	case CXX_LVALUE:
	case CXX_RVALUE:
		r = print_collapse(p, node);
		print_push_text(p, r.kind == CXX_LVALUE ? "&" : "&&");
		print_push(p, PRINT_DECLARATOR, r.target);
		print_push_target(p, PRINT_LEFT, &r);
		break;
	case CXX_ARRAY:
		print_push(p, PRINT_LEFT, n->right);
		break;
	case CXX_VECTOR:
		print_push_text(p, ")");
		print_push_node(p, n->left);
		print_push_text(p, " __vector(");
		print_push_node(p, n->right);
		break;
	case CXX_MEMBER_POINTER:
		print_push_text(p, "::*");
		print_push_node(p, n->left);
		print_push(p, PRINT_DECLARATOR, n->right)->number = 1;
		print_push(p, PRINT_LEFT, n->right);
		break;
	default:
		print_name(p, n);
	}
}

static void
print_right_function(struct print *p, const struct cxx_node *n)
{
	static const struct {
		uint8_t flag;
		const char *text;
	} words[] = {{CXX_NOEXCEPT, " noexcept"}, {CXX_TRANSACTION, " transaction_safe"},
		{CXX_REF_REF, " &&"}, {CXX_REF, " &"}};

	if (n->left != 0) {
		print_push(p, PRINT_RIGHT, n->left);
	}
	for (size_t i = 0; i < RCGO_COUNTOF(words); i++) {
		if ((n->flags & words[i].flag) != 0) {
			print_push_text(p, words[i].text);
		}
	}
	print_push_qualifiers(p, n->flags);
	print_push_text(p, ")");
	print_push_list(p, n->right);
	print_push_text(p, "(");
}

// Long because: one case for each kind of node.
static void
print_right(struct print *p, uint16_t node)
{
	const struct cxx_node *n = &p->c->nodes[node];
	struct print_reference r = {.target = n->left};
	uint16_t target;

	switch (n->kind) {
	case CXX_PARAMETER:
		if (p->lambdas == 0 && n->left != 0) {
			print_push(p, PRINT_RIGHT, n->left);
		}
		return;
	case CXX_PACK:
		if (p->index != 0 && (target = print_pack_element(p, node)) != 0) {
			print_push_index(p, p->index);
			print_push(p, PRINT_RIGHT, target);
			print_push_index(p, 0);
		}
		return;
	case CXX_FUNCTION:
		print_push(p, PRINT_RIGHT, n->right);
		return;
	case CXX_FUNCTION_TYPE:
		print_right_function(p, n);
		return;
	case CXX_QUALIFIERS:
		print_push(p, PRINT_RIGHT, n->left);
		return;
	case CXX_SUFFIX:
		print_push(p, PRINT_RIGHT, n->right);
		return;
	case CXX_ARRAY:
		print_push(p, PRINT_RIGHT, n->right);
		print_push_text(p, "]");
		print_push_node(p, n->left);
		print_push_text(p, print_last(p) == ']' ? "[" : " [");
		return;
	case CXX_LVALUE:
	case CXX_RVALUE:
		r = print_collapse(p, node);
		break;
	case CXX_MEMBER_POINTER:
		r.target = n->right;
		break;
	case CXX_POINTER:
		break;
	default:
		return;
	}
	print_push_target(p, PRINT_RIGHT, &r);
	if (print_needs_parentheses(p, r.target)) {
		print_push_text(p, ")");
	}
}

static void
print_declarator(struct print *p, const struct print_action *a)
{
	if (print_needs_parentheses(p, a->node)) {
		char last = print_last(p);

		print_text(p, last == ' ' || last == '(' || last == '*' ? "(" : " (");
	} else if (a->number != 0) {
		print_text(p, " ");
	}
}

// Long because: one case for each kind of action.
static void
print_perform(struct print *p, const struct print_action *a)
{
	switch (a->kind) {
	case PRINT_LEFT:
		print_left(p, a->node);
		break;
	case PRINT_RIGHT:
		print_right(p, a->node);
		break;
	case PRINT_TEXT:
		rcgo__demangle_bytes(p->d, a->text, a->number);
		break;
	case PRINT_LIST:
		print_list(p, a->node, a->number);
		break;
	case PRINT_TRIM:
		if (p->d->used == a->number) {
			p->d->used = a->before;
		}
		break;
	case PRINT_OPEN:
		print_text(p, print_last(p) == '<' ? " <" : "<");
		break;
	case PRINT_CLOSE:
		print_text(p, print_last(p) == '>' ? " >" : ">");
		break;
	case PRINT_RESULT:
		if (!print_has_right(p, a->node)) {
			print_text(p, " ");
		}
		break;
	case PRINT_DECLARATOR:
		print_declarator(p, a);
		break;
	case PRINT_PACK:
		print_pack(p, a);
		break;
	case PRINT_INDEX:
		p->index = a->number;
		break;
	case PRINT_LAMBDA_END:
		p->lambdas--;
		print_numbered(p, ")#", a->number, "}");
		break;
	}
}

void
rcgo__cxx_print(struct cxx *c, struct rcgo_arena *scratch, uint16_t root)
{
	struct print *p = rcgo__arena_alloc(scratch, sizeof *p);

	if (p == NULL) {
		c->d->failed = true;
		return;
	}
	p->c = c;
	p->d = c->d;
	p->index = p->lambdas = p->steps = 0;
	p->count = 0;
	print_push_node(p, root);
	while (p->count > 0 && !p->d->failed) {
		struct print_action a = p->actions[--p->count];

		print_perform(p, &a);
		p->d->failed |= ++p->steps > CXX_STEPS;
	}
}
