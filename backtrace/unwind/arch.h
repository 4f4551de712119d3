// SPDX-License-Identifier: BSD-3-Clause
// The processor-specific part of the unwinder. Each processor has one file; a new one supplies what
// arch_amd64.h supplies.
#ifndef RCGO_ARCH_H
#define RCGO_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch_bytes.h"
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
#elif defined(__s390x__)
#	include "arch_s390x.h"
#else
#	error "no arch_<cpu>.h for this processor: see doc/porting.md"
#endif

// A processor with one signal restorer defines its bytes; another has both functions.
#ifdef RCGO_SIGRETURN_CODE

// Reports whether code starts with a signal restorer.
static inline bool
rcgo__arch_is_sigreturn(const uint8_t code[RCGO_SIGRETURN_SIZE])
{
	static const uint8_t restorer[] = {RCGO_SIGRETURN_CODE};

	return rcgo__arch_same(code, restorer, sizeof restorer);
}

// Reports whether a signal restorer can start with the byte first.
static inline bool
rcgo__arch_may_be_sigreturn(uint8_t first)
{
	static const uint8_t restorer[] = {RCGO_SIGRETURN_CODE};

	return first == restorer[0];
}

#endif

// The stack pointer after a return to the caller, for a CFA.
#ifndef RCGO_SP_OF_CFA
#	define RCGO_SP_OF_CFA(cfa) (cfa)
#endif

#endif // RCGO_ARCH_H
