// SPDX-License-Identifier: BSD-3-Clause
// demangle_cxx.h: the syntax tree of a C++ name, and the parser that builds it. Only the files of
// the C++ demangler include it.
//
// The parser is a pushdown machine. Its stack holds productions that are still to be read. Each
// production takes its operands from the value stack and leaves one node there. Nothing recurses,
// and every stack has a fixed size.
//
// The tree is a graph without cycles: a substitution or a template parameter refers to a node that
// exists already. The text can be exponentially longer than the name, so the printer counts its
// steps.
#ifndef RCGO_DEMANGLE_CXX_H
#define RCGO_DEMANGLE_CXX_H

#include "demangle.h"

#define CXX_NODES 4096
#define CXX_VALUES 1024
#define CXX_ACTIONS 2048
#define CXX_SUBSTITUTIONS 1024
#define CXX_PARAMETERS 512
#define CXX_UNRESOLVED 128
#define CXX_STEPS 100000

// What a node is. left and right are other nodes; 0 is no node.
enum cxx_kind {
	CXX_NONE,
	CXX_NAME,	    // text; flags: the letter of a built-in type
	CXX_FLOAT,	    // _Float and text
	CXX_QUALIFIED,	    // left::right
	CXX_TEMPLATE,	    // left<right>; right is a list
	CXX_TAGGED,	    // left[abi:text]
	CXX_CTOR,	    // left: the name of the class
	CXX_DTOR,	    // likewise
	CXX_OPERATOR,	    // text
	CXX_CONVERSION,	    // left: type
	CXX_LITERAL_NAME,   // text, of operator""
	CXX_BINDING,	    // left: list of names
	CXX_LAMBDA,	    // left: list of parameter types; number
	CXX_UNNAMED,	    // number
	CXX_DEFAULT_ARG,    // left: name; number
	CXX_LOCAL,	    // left: enclosing function, right: name
	CXX_METHOD,	    // left: name; flags apply to its function type
	CXX_FUNCTION,	    // left: name, right: function type
	CXX_FUNCTION_TYPE,  // left: result or 0, right: list of parameters; flags
	CXX_QUALIFIERS,	    // left: type; flags
	CXX_POINTER,	    // left
	CXX_LVALUE,	    // left
	CXX_RVALUE,	    // left
	CXX_SUFFIX,	    // left: what follows the type, right: type
	CXX_ARRAY,	    // left: dimension or 0, right: element
	CXX_VECTOR,	    // left: dimension, right: element
	CXX_MEMBER_POINTER, // left: class, right: type of the member
	CXX_LIST,	    // left: element, right: the rest or 0
	CXX_PACK,	    // left: list of the arguments of a parameter pack
	CXX_EXPANSION,	    // left: pattern
	CXX_PARAMETER,	    // left: template argument; number
	CXX_SPECIAL,	    // text, left
	CXX_CONSTRUCTION,   // left: base, right: class
	CXX_TEMPORARY,	    // left; number
	CXX_CLONE,	    // left; text
	CXX_LITERAL,	    // left: type; text
	CXX_UNARY,	    // text, left
	CXX_POSTFIX,	    // left, text
	CXX_BINARY,	    // left, text, right
	CXX_CONDITIONAL,    // left: condition, right: list of two
	CXX_CALL,	    // left: function, right: list
	CXX_CAST,	    // left: type, right: operand, or a list
	CXX_NAMED_CAST,	    // text, left: type, right: operand
	CXX_SUBSCRIPT,	    // left, right
	CXX_BRACED,	    // left: type or 0, right: list
	CXX_NEW,	    // text, left: type, right: list of the placement
	CXX_INITIALIZED,    // left: CXX_NEW, right: list
	CXX_GLOBAL,	    // ::left
	CXX_ARGUMENT,	    // a function's parameter, by number; 0 is this
	CXX_OF_TYPE,	    // text, left in parentheses
	CXX_PACK_LENGTH,    // left
	CXX_FOLD,	    // text, left and right; 0 is ...
};

enum {
	CXX_CONST = 1,
	CXX_VOLATILE = 2,
	CXX_RESTRICT = 4,
	CXX_REF = 8,
	CXX_REF_REF = 16,
	CXX_NOEXCEPT = 32,
	CXX_TRANSACTION = 64,
};

struct cxx_node {
	const char *text;
	uint32_t number; // or the size of text
	uint16_t left, right;
	uint8_t kind, flags;
};

// A production that is still to be read.
struct cxx_action {
	uint8_t kind, flags;
	uint16_t a, b;
};

struct cxx {
	struct rcgo_demangle *d;
	uint16_t node_count, value_count, action_count, substitution_count, unresolved_count;
	uint16_t parameters_from, parameters_to; // the template arguments in scope
	uint16_t lambdas;			 // number of lambdas whose parameters are read
	struct cxx_node nodes[CXX_NODES];	 // nodes[0] is none
	struct cxx_action actions[CXX_ACTIONS];
	uint16_t values[CXX_VALUES];
	uint16_t substitutions[CXX_SUBSTITUTIONS];
	uint16_t parameters[CXX_PARAMETERS];
	uint16_t unresolved[CXX_UNRESOLVED]; // template parameters whose arguments follow
};

// Productions, in four groups: encodings, names from PARSE_NAME on, types from PARSE_WRAP on, and
// expressions from PARSE_EXPRESSION on.
enum cxx_production {
	PARSE_ENCODING,	     // flags: 1 if nested
	PARSE_ENCODING_TYPE, // likewise; a: number of unresolved parameters before
	PARSE_FUNCTION_DONE, // likewise
	PARSE_SCOPE_END,     // a, b: template arguments in scope before
	PARSE_CLONES,
	PARSE_SPECIAL_DONE, // a: index of its text
	PARSE_CONSTRUCTION,
	PARSE_TEMPORARY_DONE,
	PARSE_NAME,	 // flags: 1 if its template arguments are those of the encoding
	PARSE_NAME_ARGS, // likewise
	PARSE_NESTED,	 // likewise; a: qualifiers
	PARSE_NESTED_ADD,
	PARSE_NESTED_JOIN,
	PARSE_UNQUALIFIED, // flags: 1 if the enclosing name is the topmost value
	PARSE_TAGS,
	PARSE_LOCAL_NAME, // flags: as of PARSE_NAME
	PARSE_LOCAL_DONE,
	PARSE_LAMBDA_DONE,
	PARSE_WRAP, // a: kind of the new node, b: its number, flags: 1 if it can be substituted
	PARSE_JOIN, // likewise, with two operands
	PARSE_SUBSTITUTE, // the value can be substituted
	PARSE_EXPECT,	  // a: the character that follows
	PARSE_LIST,	  // flags: enum cxx_list; a: number of elements read
	PARSE_TYPE,	  // flags: 1 if a template parameter takes no arguments
	PARSE_TYPE_ARGS,
	PARSE_QUALIFIED_TYPE, // flags: qualifiers
	PARSE_FUNCTION_TYPE,  // likewise
	PARSE_ARGUMENT,	      // of a template
	PARSE_EXPRESSION,
	PARSE_LITERAL,
	PARSE_OPERATOR_WRAP, // a: kind of the new node, b: index of its operator
	PARSE_OPERATOR_JOIN, // likewise, with two operands
	PARSE_MEMBER_NAME,
	PARSE_SCOPED_NAME, // flags: 1 if levels end with E
	PARSE_CAST_OPERAND,
	PARSE_NEW_INITIALIZER,
	PARSE_SIMPLE_ARGS, // of a name in an expression
	PARSE_NOTHING,
};

// What ends a list, and what its elements are.
enum cxx_list {
	LIST_ARGUMENTS,	       // template arguments, up to E
	LIST_ARGUMENTS_TAGGED, // likewise; they are those of the encoding
	LIST_PARAMETERS,       // types, up to the end of the encoding
	LIST_FUNCTION,	       // types, up to E, RE or OE
	LIST_TYPES,	       // types, up to E
	LIST_EXPRESSIONS,      // expressions, up to E
	LIST_PLACEMENT,	       // expressions, up to _
	LIST_NAMES,	       // source names, up to E
};

static inline RCGO_UNUSED char
rcgo__cxx_peek(const struct cxx *c, size_t i)
{
	return (size_t)(c->d->end - c->d->at) > i ? c->d->at[i] : '\0';
}

static inline RCGO_UNUSED bool
rcgo__cxx_take2(struct cxx *c, const char *code)
{
	bool matches = rcgo__cxx_peek(c, 0) == code[0] && rcgo__cxx_peek(c, 1) == code[1];

	c->d->at += matches ? 2 : 0;
	return matches;
}

static inline RCGO_UNUSED uint16_t
rcgo__cxx_top(const struct cxx *c)
{
	return c->value_count == 0 ? 0 : c->values[c->value_count - 1];
}

static inline RCGO_UNUSED bool
rcgo__cxx_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

// Appends a node. Returns 0, and sets failed, if there is no space.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint16_t rcgo__cxx_node(
	struct cxx *c, enum cxx_kind kind, uint16_t left, uint16_t right);
// Appends a node with a text that lives as long as the tree.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint16_t rcgo__cxx_text(
	struct cxx *c, enum cxx_kind kind, uint16_t left, const char *text, size_t size);

// Schedules a production. The last one scheduled is performed first.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__cxx_push(
	struct cxx *c, enum cxx_production kind, uint8_t flags, uint16_t a, uint16_t b);

// The value stack. A pop of the empty stack sets failed and returns 0.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__cxx_give(struct cxx *c, uint16_t node);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint16_t rcgo__cxx_pop(struct cxx *c);

// Makes a node a candidate for substitution.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__cxx_substitute(struct cxx *c, uint16_t node);
// Reads a substitution, after its S. Returns its node, or 0.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint16_t rcgo__cxx_substitution(struct cxx *c);
// Reads a template parameter, after its T. Returns its node, or 0.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint16_t rcgo__cxx_parameter(struct cxx *c);
// Reads a number in decimal digits and a source name. The name is NULL if there is none.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__cxx_source_name(struct cxx *c, size_t *size);
// Reads an ordinal, which _ ends. _ alone is 0, 0_ is 1.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__cxx_ordinal(struct cxx *c);
// Reads the qualifiers of a type or method.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint8_t rcgo__cxx_qualifiers(struct cxx *c);

// Operators. The index counts from 1.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint16_t rcgo__cxx_operator_find(const char *code);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__cxx_operator_text(uint16_t index);

// Performs a production of names, of types, and of expressions.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__cxx_parse_name(struct cxx *c, const struct cxx_action *a);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__cxx_parse_type(struct cxx *c, const struct cxx_action *a);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__cxx_parse_expression(struct cxx *c, const struct cxx_action *a);

// Prints the tree.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__cxx_print(struct cxx *c, struct rcgo_arena *scratch, uint16_t root);

#endif // RCGO_DEMANGLE_CXX_H
