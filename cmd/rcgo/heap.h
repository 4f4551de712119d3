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
	bool running;	 // read from a process
	pid_t process;	 // as this rcgo's namespace numbers it
	uint64_t tables; // their address in the process
	struct stacks s;
	double *objects, *bytes; // in use, of each stack
};

// Kinds of resident memory.
enum heap_kind {
	HEAP_OTHER,
	HEAP_MAPPED, // anonymous mappings of C code
	HEAP_MALLOC,
	HEAP_GO,     // heap, goroutine stacks and tables of Go and of its runtime/cgo
	HEAP_STACKS, // C stacks of threads
	HEAP_FILES,  // code and variables of the program and of its libraries, mapped files
	HEAP_PROFILING,
	HEAP_KINDS,
};

// Resident memory in bytes.
struct heap_resident {
	double rss;		  // of the process
	double bytes[HEAP_KINDS]; // their sum is rss
	double blocks;		  // of HEAP_MALLOC: in blocks that are in use, estimated
	double *stack;		  // of HEAP_MAPPED: of the mappings of each stack
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

// heap_resident_linux.c: finds out what the resident memory of a process consists of. Returns false
// if the kernel does not tell.
bool heap_find_resident(struct heap *h, struct heap_resident *r);

#endif // HEAP_H
