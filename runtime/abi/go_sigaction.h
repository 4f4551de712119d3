// SPDX-License-Identifier: BSD-3-Clause
// ABI: the signal action as Go and the kernel lay it out. Only this file knows the layout. A system
// with another layout gets a branch of the selector below, never one inside a function.
#ifndef RCGO_GO_SIGACTION_H
#define RCGO_GO_SIGACTION_H

#include <stddef.h>
#include <stdint.h>

#include "go_sigset.h"

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))

// GO: runtime/defs_linux_amd64.go struct sigactiont: sa_handler sa_flags sa_restorer sa_mask
// GO: runtime/defs_linux_arm64.go struct sigactiont: sa_handler sa_flags sa_restorer sa_mask
typedef struct {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	go_sigset_t mask;
} go_sigaction_t;

_Static_assert(offsetof(go_sigaction_t, mask) == 24, "go_sigaction_t.mask");
_Static_assert(sizeof(go_sigaction_t) == 32, "go_sigaction_t");

#else
#	error "runtime_cgo: no go_sigaction_t for this system: see doc/porting.md"
#endif

#endif // RCGO_GO_SIGACTION_H
