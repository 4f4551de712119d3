// SPDX-License-Identifier: BSD-3-Clause
// jit_file.h: names of code that a just-in-time compiler generates, from a file that it writes for
// profilers:
//
//   perf-PID.map   text, a line for each function: start, size, name
//   jit-PID.dump   jitdump: records of code that was loaded or moved
//
// Both grow while the program runs, and a later entry replaces what it overlaps. Only the part that
// was appended since the last lookup is read. Whether the file may be believed is the caller's
// question; whatever it contains, reading it is safe.
// Contract: Linux tools/perf/Documentation/jit-interface.txt and jitdump-specification.txt.
#ifndef RCGO_JIT_FILE_H
#define RCGO_JIT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "arena.h"

enum rcgo_jit_form { RCGO_JIT_MAP, RCGO_JIT_DUMP };

struct rcgo_jit_entry {
	uint64_t start, end;
	uint64_t name;	    // where the name begins in the file
	uint32_t name_size; // at most: it ends at the first 0
	uint32_t number;    // entries are numbered in the order of the file
};

// The entries of one file. All zero: nothing was read yet.
struct rcgo_jit_file {
	struct rcgo_jit_entry *entries;
	uint32_t count, cap;
	uint32_t sorted; // the first entries: ordered by address, and none overlaps another
	uint32_t next_number;
	uint64_t device, inode;
	uint64_t read;	 // bytes of the file that were read
	bool long_line;	 // the byte at `read` is inside of a line that did not fit into the buffer
	bool broken;	 // the rest of the file cannot be read
	uint8_t *buffer; // of the text that is parsed
};

// Stores the name of the function that contains pc in text, cut to size - 1 bytes, and its first
// address in *start. fd is the open file, and st what it is now. Returns the length of the name, or
// 0 if the file does not name pc. All memory comes from arena.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__jit_file_name(struct rcgo_jit_file *file, enum rcgo_jit_form form,
	struct rcgo_arena *arena, int fd, const struct stat *st, uint64_t pc, char *text,
	size_t size, uint64_t *start);

#endif // RCGO_JIT_FILE_H
