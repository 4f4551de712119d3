// SPDX-License-Identifier: BSD-3-Clause
// core_file.h: core files whose bytes are in memory.
#ifndef RCGO_CORE_FILE_H
#define RCGO_CORE_FILE_H

#include "byte_range.h"
#include "rcgo_backtrace.h"

// As rcgo_target_open_core, for the bytes of a core file. The caller keeps them until the target is
// closed.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__target_core_from_memory(struct rcgo_target *target, struct rcgo_bytes image);

// The registers of a thread as NT_PRSTATUS has them, in core files and from ptrace: how many words.
#define RCGO_PRSTATUS_WORDS_AMD64 27
#define RCGO_PRSTATUS_WORDS_ARM64 34

// Takes them, and the system call that the thread is in, of a program for this machine.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__target_prstatus(
	uint16_t machine, const uint8_t *words, struct rcgo_target_thread *thread);

#endif // RCGO_CORE_FILE_H
