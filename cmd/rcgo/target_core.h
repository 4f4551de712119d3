// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: what the files that read cores share.
#ifndef TARGET_CORE_H
#define TARGET_CORE_H

#include "stack_target.h"

struct core {
	struct rcgo_elf elf;
	struct rcgo_segment *segment; // sorted by address
	size_t segments;
	uint64_t phdr, vdso;
};

// target_core_notes.c: threads, mapped files and what the kernel told the program.
void core_notes(struct target *t, struct rcgo_bytes b);

#endif // TARGET_CORE_H
