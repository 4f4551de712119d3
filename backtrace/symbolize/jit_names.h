// SPDX-License-Identifier: BSD-3-Clause
// jit_names.h: names of code that a just-in-time compiler of this process generates, from
// /tmp/perf-PID.map and from jit-PID.dump, which the compiler maps executable, so /proc/self/maps
// has its path (jit_file.h). Another user could have planted a file in /tmp: it must be a regular
// file of the process's user or of root that others cannot write, and not older than the process,
// because the kernel reuses PIDs. Privileged programs read none.
#ifndef RCGO_JIT_NAMES_H
#define RCGO_JIT_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "jit_file.h"

// All zero: nothing was read yet.
struct rcgo_jit_names {
	struct rcgo_jit_file map, dump;
	char *dump_path; // NULL: not found yet
	uint32_t misses; // lookups since that were in vain
	int32_t pid;	 // of the process that began at the time below
	int64_t began;	 // in seconds since the epoch; 0: not known
};

// Stores the name of the function that contains pc in text, cut to size - 1 bytes, and its first
// address in *start. Returns the length of the name, or 0 if no file names pc. All memory comes
// from arena.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__jit_name(struct rcgo_jit_names *names, struct rcgo_arena *arena,
	uintptr_t pc, char *text, size_t size, uintptr_t *start);

#endif // RCGO_JIT_NAMES_H
