// SPDX-License-Identifier: BSD-3-Clause
// rcgo heap: the tables of heap profiling, of a file or of a process.
#ifndef HEAP_H
#define HEAP_H

#include "heap_layout.h"
#include "stack_profile.h"

// A copy of the used parts of the tables.
struct heap {
	struct rcgo_heap_header header;
	struct rcgo_heap_entry *entry; // live ones
	size_t entries;
	struct rcgo_heap_stack *stack;
	uint64_t *word;
	struct rcgo_heap_mapping *mapping;
	struct rcgo_heap_module *module;
	uint64_t *moved; // by how much heap_names.c moves each module's addresses
	char *text;
	bool running; // read from a process
	struct stacks s;
	double *objects, *bytes; // in use, of each stack
};

// heap_read.c: reads the tables of a process, if what is a number, or of a file. Ends
// rcgo on an error.
void heap_open(struct heap *h, const char *what);
// heap_names.c: adds the program's code to the state, so that names_of works.
void heap_names(struct heap *h);
// The frames of a stack.
const struct stack *heap_frames(struct heap *h, size_t stack);
// The object that has allocated at this stack: that of the first frame outside of libc.
const char *heap_library(struct heap *h, size_t stack);

#endif // HEAP_H
