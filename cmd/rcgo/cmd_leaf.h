// SPDX-License-Identifier: BSD-3-Clause
// rcgo leaf: declarations shared by its files. Prototypes are read from the debug information that
// the C compiler writes. So typedefs, macros and the platform are as the compiler sees them.
#ifndef RCGO_CMD_LEAF_H
#define RCGO_CMD_LEAF_H

#include "rcgo.h"

enum { LEAF_MAX_ARGS = 16 };

// A type as Go sees it.
struct leaf_type {
	char *go;   // such as "int32"; NULL if there is none, for the reason in why
	char *c;    // the C type, for comments
	char *pass; // the type that a leaf passes instead ("int32" for a char), or NULL
	const char *why;
	bool is_float, is_bool;
	char *callback; // of a pointer to a function: the Go type of such a function, or NULL
};

struct leaf_proto {
	const char *name;
	struct leaf_type result; // its go is "" for void
	struct leaf_type args[LEAF_MAX_ARGS];
	size_t n;
	char *why; // why it cannot be a leaf; NULL if it can
};

// cmd_leaf_elf.c: the ELF file that the compiler has just written
struct leaf_section {
	const uint8_t *at;
	size_t size;
};
struct leaf_sections {
	struct leaf_section info, abbrev, str;
};
const char *leaf_elf_read(const char *path, struct leaf_sections *out);

// cmd_leaf_die.c: entries of .debug_info (DWARF 4)
struct leaf_die {
	size_t at, next; // offsets of this entry and of the next one; at 0: none
	uint64_t tag;
	bool children;
	const char *name;
	uint64_t type, encoding, size; // 0 if there is none
	bool declaration;
};
bool leaf_die_at(const struct leaf_sections *s, size_t at, struct leaf_die *d);
size_t leaf_die_first(const struct leaf_sections *s);
size_t leaf_die_after(const struct leaf_sections *s, const struct leaf_die *d);

// cmd_leaf_type.c: prototypes from these entries
void leaf_proto_read(const struct leaf_sections *s, const char *variable, struct leaf_proto *p);

// cmd_leaf_go.c: the Go file
struct leaf_output {
	const char *package, *header, *cflags, *ldflags, *command;
	const char *address; // the C function of this file; files of a package share a namespace
	bool system_header, with_errno, callbacks;
};
char *leaf_go_text(const struct leaf_output *o, const struct leaf_proto *protos, size_t n);
#endif
