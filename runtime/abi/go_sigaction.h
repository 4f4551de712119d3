// SPDX-License-Identifier: BSD-3-Clause
// ABI: the signal action as Go and the kernel lay it out. Only this file knows the layout. A system
// with another layout gets a branch of the selector below, never one inside a function.
#ifndef RCGO_GO_SIGACTION_H
#define RCGO_GO_SIGACTION_H

#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "go_sigset.h"

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__) || defined(__s390x__))

// GO: runtime/defs_linux_amd64.go struct sigactiont: sa_handler sa_flags sa_restorer sa_mask
// GO: runtime/defs_linux_arm64.go struct sigactiont: sa_handler sa_flags sa_restorer sa_mask
// GO: runtime/defs_linux_s390x.go struct sigactiont: sa_handler sa_flags sa_restorer sa_mask
typedef struct {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	go_sigset_t mask;
} go_sigaction_t;

// Copies libc's restorer to Go's action.
#	define RCGO_COPY_RESTORER(go, act) ((go)->restorer = (uintptr_t)(act)->sa_restorer)

_Static_assert(offsetof(go_sigaction_t, mask) == 24, "go_sigaction_t.mask");
_Static_assert(sizeof(go_sigaction_t) == 32, "go_sigaction_t");

#elif defined(__linux__) && (defined(__i386__) || defined(__arm__))

// GO: runtime/defs_linux_386.go struct sigactiont: sa_handler sa_flags sa_restorer sa_mask
// GO: runtime/defs_linux_arm.go struct sigactiont: sa_handler sa_flags sa_restorer sa_mask
typedef struct {
	uintptr_t handler;
	uint32_t flags;
	uintptr_t restorer;
	go_sigset_t mask;
} go_sigaction_t;

#	define RCGO_COPY_RESTORER(go, act) ((go)->restorer = (uintptr_t)(act)->sa_restorer)

_Static_assert(offsetof(go_sigaction_t, mask) == 12, "go_sigaction_t.mask");
_Static_assert(sizeof(go_sigaction_t) == 20, "go_sigaction_t");

#elif defined(__linux__) && (defined(__riscv) || defined(__loongarch__))

// The kernel has no restorer, and does not look at the last word.
// GO: runtime/defs_linux_riscv64.go struct sigactiont: sa_handler sa_flags sa_mask sa_restorer
// GO: runtime/defs_linux_loong64.go struct sigactiont: sa_handler sa_flags sa_mask sa_restorer
typedef struct {
	uintptr_t handler;
	unsigned long flags;
	go_sigset_t mask;
	uintptr_t restorer;
} go_sigaction_t;

#	define RCGO_COPY_RESTORER(go, act) ((void)0)

_Static_assert(offsetof(go_sigaction_t, mask) == 16, "go_sigaction_t.mask");
_Static_assert(sizeof(go_sigaction_t) == 32, "go_sigaction_t");

#elif defined(__FreeBSD__)

// The kernel's and libc's struct sigaction, which has no restorer. On the CPUs other than amd64,
// Go calls the kernel itself.
// GO: runtime/os_freebsd.go struct sigactiont: sa_handler sa_flags sa_mask
typedef struct {
	uintptr_t handler;
	int32_t flags;
	go_sigset_t mask;
} go_sigaction_t;

#	define RCGO_COPY_RESTORER(go, act) ((void)0)

_Static_assert(sizeof(go_sigset_t) == 16, "go_sigset_t");
_Static_assert(offsetof(go_sigaction_t, flags) == sizeof(uintptr_t), "go_sigaction_t.flags");
_Static_assert(offsetof(go_sigaction_t, mask) == sizeof(uintptr_t) + 4, "go_sigaction_t.mask");
_Static_assert(sizeof(go_sigaction_t) == (sizeof(uintptr_t) == 8 ? 32 : 24), "go_sigaction_t");

#else
#	error "runtime_cgo: no go_sigaction_t for this system: see doc/porting.md"
#endif

// Calls rt_sigreturn. The restorer of actions that are installed without libc (runtime/arch).
extern RCGO_HIDDEN RCGO_CODE char rcgo__sigreturn[];

#endif // RCGO_GO_SIGACTION_H
