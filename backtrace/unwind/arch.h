// SPDX-License-Identifier: BSD-3-Clause
// The processor-specific part of the unwinder. Each processor has one file; a new one supplies what
// arch_amd64.h supplies.
#ifndef RCGO_ARCH_H
#define RCGO_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "safe_read.h"

#define RCGO_WORD_SIZE sizeof(uintptr_t)

// RCGO_UNWIND_AMD64 and RCGO_UNWIND_ARM64 choose the processor whose stacks are read, where that is
// not the one that the code runs on: of a core file from another machine.
#if defined(RCGO_UNWIND_AMD64) || (defined(__x86_64__) && !defined(RCGO_UNWIND_ARM64))
#	include "arch_amd64.h"
#elif defined(RCGO_UNWIND_ARM64) || defined(__aarch64__)
#	include "arch_arm64.h"
#elif defined(__i386__)
#	include "arch_386.h"
#elif defined(__riscv) && __riscv_xlen == 64
#	include "arch_riscv64.h"
#elif defined(__arm__)
#	include "arch_arm.h"
#else
#	error "no arch_<cpu>.h for this processor: see doc/porting.md"
#endif

// The stack pointer after a return to the caller, for a CFA.
#ifndef RCGO_SP_OF_CFA
#	define RCGO_SP_OF_CFA(cfa) (cfa)
#endif

#endif // RCGO_ARCH_H
