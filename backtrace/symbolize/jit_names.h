// SPDX-License-Identifier: BSD-3-Clause
// jit_names.h: names of code that a just-in-time compiler of this process generates, from the files
// that such compilers write for profilers:
//
//   /tmp/perf-PID.map   text, a line for each function: start, size, name
//   jit-PID.dump        jitdump: records of code that was loaded or moved. The compiler maps the
//                       file executable, so /proc/self/maps has its path
//
// Both grow while the program runs, and a later entry replaces what it overlaps. Only the part that
// was appended since the last lookup is read. Another user could have planted a file in /tmp:
// it must be a regular file of the process's user or of root that others cannot write. Privileged
// programs read none.
// Contract: Linux tools/perf/Documentation/jit-interface.txt and jitdump-specification.txt.
#ifndef RCGO_JIT_NAMES_H
#define RCGO_JIT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct rcgo_jit_entry {
	uint64_t start, end;
	uint64_t name;	    // where the name begins in the file
	uint32_t name_size; // at most: it ends at the first 0
	uint32_t number;    // entries are numbered in the order of the file
};

// The entries of one file.
struct rcgo_jit_file {
	struct rcgo_jit_entry *entries;
	uint32_t count, cap;
	uint32_t sorted; // the first entries: ordered by address, and none overlaps another
	uint32_t next_number;
	uint64_t device, inode;
	uint64_t read;	// bytes of the file that were read
	bool long_line; // the byte at `read` is inside of a line that did not fit into the buffer
	bool broken;	// the rest of the file cannot be read
};

// All zero: nothing was read yet.
struct rcgo_jit_names {
	struct rcgo_jit_file map, dump;
	char *dump_path; // NULL: not found yet
	uint32_t misses; // lookups since that were in vain
	uint8_t *buffer;
};

// Stores the name of the function that contains pc in text, cut to size - 1 bytes, and its first
// address in *start. Returns the length of the name, or 0 if no file names pc. All memory comes
// from arena.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__jit_name(struct rcgo_jit_names *names, struct rcgo_arena *arena,
	uintptr_t pc, char *text, size_t size, uintptr_t *start);

#endif // RCGO_JIT_NAMES_H
