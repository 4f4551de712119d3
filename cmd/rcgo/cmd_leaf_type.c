// SPDX-License-Identifier: BSD-3-Clause
// rcgo leaf: converts C types to Go types, as cgo does, and reads prototypes of the variables that
// point to functions.
#include "cmd_leaf.h"

#include <string.h>

enum {
	TAG_array_type = 0x01,
	TAG_enumeration_type = 0x04,
	TAG_formal_parameter = 0x05,
	TAG_pointer_type = 0x0f,
	TAG_structure_type = 0x13,
	TAG_subroutine_type = 0x15,
	TAG_typedef = 0x16,
	TAG_union_type = 0x17,
	TAG_unspecified_parameters = 0x18,
	TAG_base_type = 0x24,
	TAG_const_type = 0x26,
	TAG_variable = 0x34,
	TAG_volatile_type = 0x35,
	TAG_restrict_type = 0x37,
	TAG_atomic_type = 0x47,

	ATE_boolean = 0x02,
	ATE_float = 0x04,
	ATE_signed = 0x05,
	ATE_signed_char = 0x06,
	ATE_unsigned = 0x07,
	ATE_unsigned_char = 0x08,

	DEEPEST = 64, // nesting of typedefs
};

// Skips typedefs and qualifiers. Returns false if the type below is void.
static bool
strip(const struct leaf_sections *s, uint64_t type, struct leaf_die *d, const char **typedef_name)
{
	for (int i = 0; i < DEEPEST && type != 0 && leaf_die_at(s, type, d); i++) {
		switch (d->tag) {
		case TAG_typedef:
			*typedef_name = *typedef_name == NULL ? d->name : *typedef_name;
			break;
		case TAG_const_type:
		case TAG_volatile_type:
		case TAG_restrict_type:
		case TAG_atomic_type:
			break;
		default:
			return true;
		}
		type = d->type;
	}
	return false;
}

static struct leaf_type
refuse(const char *c, const char *why)
{
	return (struct leaf_type){.c = xstrdup(c), .why = why};
}

static struct leaf_type
integer(const struct leaf_die *d, const char *c, bool is_signed)
{
	struct leaf_type t = {.c = xstrdup(c)};

	if (d->size != 1 && d->size != 2 && d->size != 4 && d->size != 8) {
		return refuse(c, "has a size that Go has no integers of");
	}
	t.go = fmt("%sint%u", is_signed ? "" : "u", (unsigned)d->size * 8);
	t.pass = d->size < 4 ? xstrdup("int32") : NULL;
	return t;
}

static struct leaf_type
base(const struct leaf_die *d, const char *c)
{
	switch (d->encoding) {
	case ATE_boolean:
		return (struct leaf_type){
			xstrdup("bool"), xstrdup(c), xstrdup("int32"), NULL, false, true, NULL};
	case ATE_float:
		if (d->size != 4 && d->size != 8) {
			return refuse(c, "is wider than any float of Go");
		}
		return (struct leaf_type){fmt("float%u", (unsigned)d->size * 8), xstrdup(c), NULL,
			NULL, true, false, NULL};
	case ATE_signed:
	case ATE_signed_char:
		return integer(d, c, true);
	case ATE_unsigned:
	case ATE_unsigned_char:
		return integer(d, c, false);
	default:
		return refuse(c, "is of a kind that Go passes otherwise, such as a complex number");
	}
}

static struct leaf_type go_type(const struct leaf_sections *s, uint64_t type);

// Returns the Go type of a function that C calls through a pointer, NULL if it has none. A pointer
// to a function among its parameters is an unsafe.Pointer.
static char *
callback_type(const struct leaf_sections *s, const struct leaf_die *fn)
{
	struct leaf_type result = go_type(s, fn->type);
	struct leaf_die d;
	char *args = xstrdup("");
	size_t ints = 0, floats = 0;

	for (size_t at = fn->next; fn->children && leaf_die_at(s, at, &d);
		at = leaf_die_after(s, &d)) {
		struct leaf_type t = {0};

		if (d.tag == TAG_formal_parameter) {
			t = go_type(s, d.type);
		}
		if (t.go == NULL) {
			return NULL;
		}
		args = fmt("%s%s%s", args, *args == '\0' ? "" : ", ", t.go);
		ints += !t.is_float;
		floats += t.is_float;
	}
	if (result.go == NULL || ints > 6 || floats > 8) {
		return NULL;
	}
	return fmt("func(%s)%s%s", args, *result.go == '\0' ? "" : " ", result.go);
}

// A pointer to a number is a pointer in Go too; any other pointer is an unsafe.Pointer.
static struct leaf_type
pointer(const struct leaf_sections *s, const struct leaf_die *p)
{
	struct leaf_die d;
	const char *name = NULL;

	if (!strip(s, p->type, &d, &name)) {
		return (struct leaf_type){.go = xstrdup("unsafe.Pointer"), .c = xstrdup("void *")};
	}
	const char *c = name != NULL ? name : d.name != NULL ? d.name : "…";

	if (d.tag == TAG_base_type) {
		struct leaf_type to = base(&d, c);

		if (to.go != NULL) {
			return (struct leaf_type){.go = fmt("*%s", to.go), .c = fmt("%s *", c)};
		}
	}
	if (d.tag == TAG_subroutine_type) {
		return (struct leaf_type){.go = xstrdup("unsafe.Pointer"),
			.c = xstrdup("(function) *"),
			.callback = callback_type(s, &d)};
	}
	if (d.tag == TAG_structure_type && name == NULL) {
		c = fmt("struct %s", c);
	}
	return (struct leaf_type){.go = xstrdup("unsafe.Pointer"), .c = fmt("%s *", c)};
}

static struct leaf_type
go_type(const struct leaf_sections *s, uint64_t type)
{
	struct leaf_die d;
	const char *name = NULL;

	if (!strip(s, type, &d, &name)) {
		return (struct leaf_type){.go = xstrdup(""), .c = xstrdup("void")};
	}
	const char *c = name != NULL ? name : d.name != NULL ? d.name : "…";
	struct leaf_die of;

	switch (d.tag) {
	case TAG_base_type:
		return base(&d, c);
	case TAG_pointer_type:
		return pointer(s, &d);
	case TAG_enumeration_type:
		// The compiler may state the underlying type, which tells whether the enum is
		// signed.
		name = NULL;
		return integer(&d, c,
			strip(s, d.type, &of, &name) &&
				(of.encoding == ATE_signed || of.encoding == ATE_signed_char));
	case TAG_structure_type:
		return refuse(c, "is a structure by value");
	case TAG_union_type:
		return refuse(c, "is a union by value");
	default:
		return refuse(c, "is of a kind that rcgo leaf does not know");
	}
}

// Reads the parameters of a function type.
static void
read_args(const struct leaf_sections *s, const struct leaf_die *fn, struct leaf_proto *p)
{
	struct leaf_die d;
	size_t ints = 0, floats = 0;

	for (size_t at = fn->next; fn->children && leaf_die_at(s, at, &d);
		at = leaf_die_after(s, &d)) {
		if (d.tag == TAG_unspecified_parameters) {
			p->why = xstrdup(
				"it is variadic: its arguments would not be where it looks");
			return;
		}
		if (d.tag != TAG_formal_parameter) {
			continue;
		}
		struct leaf_type t = go_type(s, d.type);

		if (t.go == NULL) {
			p->why = fmt("parameter %zu, %s, %s", p->n + 1, t.c, t.why);
			return;
		}
		ints += !t.is_float;
		floats += t.is_float;
		if (ints > 6 || floats > 8) {
			p->why = xstrdup(
				"it has more than 6 integer or 8 floating parameters: they do not "
				"fit into registers");
			return;
		}
		p->args[p->n++] = t;
	}
}

// Reads the prototype to which a variable points.
void
leaf_proto_read(const struct leaf_sections *s, const char *variable, struct leaf_proto *p)
{
	struct leaf_die d;
	const char *name = NULL;

	for (size_t at = leaf_die_first(s); at != 0 && leaf_die_at(s, at, &d);
		at = leaf_die_after(s, &d)) {
		if (d.tag != TAG_variable || d.name == NULL || strcmp(d.name, variable) != 0) {
			continue;
		}
		if (!strip(s, d.type, &d, &name) || d.tag != TAG_pointer_type ||
			!strip(s, d.type, &d, &name) || d.tag != TAG_subroutine_type) {
			p->why = xstrdup("it is no function");
			return;
		}
		p->result = go_type(s, d.type);
		if (p->result.go == NULL) {
			p->why = fmt("its result, %s, %s", p->result.c, p->result.why);
			return;
		}
		read_args(s, &d, p);
		return;
	}
	p->why = xstrdup("the compiler's debug information does not have it");
}
