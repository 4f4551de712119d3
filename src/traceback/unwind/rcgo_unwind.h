// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: what the walker must know of the processor. One file for each; a
// new one supplies what rcgo_unwind_amd64.h supplies.
#ifndef RCGO_UNWIND_H
#define RCGO_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rcgo_base.h"
#include "rcgo_regs.h"

#define RCGO_WORD_SIZE sizeof(uintptr_t)

#if defined(__x86_64__)
#	include "rcgo_unwind_amd64.h"
#elif defined(__aarch64__)
#	include "rcgo_unwind_arm64.h"
#else
#	error "no rcgo_unwind_<arch>.h for this processor"
#endif

#endif // RCGO_UNWIND_H
