// SPDX-License-Identifier: BSD-3-Clause
// Access to the few fields of a ucontext_t that this part reads, for each CPU.
#ifndef RCGO_SIGFRAME_H
#define RCGO_SIGFRAME_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "compat.h"
#include "go_sigaction.h"
#include "safe_read.h"

#if defined(__x86_64__) && defined(__FreeBSD__)
#	define RCGO_FRAME_PC(uc) ((uintptr_t)(uc)->uc_mcontext.mc_rip)
#	define RCGO_FRAME_SP(uc) ((uintptr_t)(uc)->uc_mcontext.mc_rsp)
#	define RCGO_FRAME_SET_PC(uc, pc) ((uc)->uc_mcontext.mc_rip = (long)(pc))
#	define RCGO_FRAME_CALLER(uc, to) \
		rcgo__copy_nofault((to), (const void *)RCGO_FRAME_SP(uc), sizeof *(to))
#elif defined(__aarch64__) && defined(__FreeBSD__)
#	define RCGO_FRAME_PC(uc) ((uintptr_t)(uc)->uc_mcontext.mc_gpregs.gp_elr)
#	define RCGO_FRAME_SP(uc) ((uintptr_t)(uc)->uc_mcontext.mc_gpregs.gp_sp)
#	define RCGO_FRAME_SET_PC(uc, value) ((uc)->uc_mcontext.mc_gpregs.gp_elr = (value))
#	define RCGO_FRAME_CALLER(uc, to) \
		(*(to) = (uintptr_t)(uc)->uc_mcontext.mc_gpregs.gp_lr, true)
#elif defined(__x86_64__)
#	define RCGO_FRAME_PC(uc) ((uintptr_t)(uc)->uc_mcontext.gregs[16])
#	define RCGO_FRAME_SP(uc) ((uintptr_t)(uc)->uc_mcontext.gregs[15])
#	define RCGO_FRAME_SET_PC(uc, pc) ((uc)->uc_mcontext.gregs[16] = (long long)(pc))
#	define RCGO_FRAME_SET_SP(uc, sp) ((uc)->uc_mcontext.gregs[15] = (long long)(sp))
// Stores in *to the return address of a call through a nil function pointer; no frame has saved
// it. False if the stack cannot be read: then the code returned to a nil address.
#	define RCGO_FRAME_CALLER(uc, to) \
		rcgo__copy_nofault((to), (const void *)RCGO_FRAME_SP(uc), sizeof *(to))
// The number and the arguments of the system call that the thread makes at the frame's PC, if the
// instruction there, which RCGO_SYSCALL_CODE has, is one. At most four arguments.
#	define RCGO_FRAME_SYSCALL(uc) ((long)(uc)->uc_mcontext.gregs[13])
#	define RCGO_FRAME_SYSCALL_ARG(uc, i) \
		((uintptr_t)(uc)->uc_mcontext.gregs[(const int[]){8, 9, 12, 2}[i]])
#	define RCGO_SYSCALL_CODE "\x0f\x05"
#	define RCGO_SYSCALL_BYTES 2
#elif defined(__aarch64__)
#	define RCGO_FRAME_SYSCALL(uc) ((long)(uc)->uc_mcontext.regs[8])
#	define RCGO_FRAME_SYSCALL_ARG(uc, i) ((uintptr_t)(uc)->uc_mcontext.regs[i])
#	define RCGO_SYSCALL_CODE "\x01\x00\x00\xd4"
#	define RCGO_SYSCALL_BYTES 4
#	define RCGO_FRAME_PC(uc) ((uintptr_t)(uc)->uc_mcontext.pc)
#	define RCGO_FRAME_SP(uc) ((uintptr_t)(uc)->uc_mcontext.sp)
#	define RCGO_FRAME_SET_PC(uc, value) ((uc)->uc_mcontext.pc = (value))
#	define RCGO_FRAME_SET_SP(uc, value) ((uc)->uc_mcontext.sp = (value))
#	define RCGO_FRAME_CALLER(uc, to) (*(to) = (uintptr_t)(uc)->uc_mcontext.regs[30], true)
#elif defined(__i386__) && defined(__FreeBSD__)
#	define RCGO_FRAME_PC(uc) ((uintptr_t)(uc)->uc_mcontext.mc_eip)
#	define RCGO_FRAME_SP(uc) ((uintptr_t)(uc)->uc_mcontext.mc_esp)
#	define RCGO_FRAME_SET_PC(uc, pc) ((uc)->uc_mcontext.mc_eip = (int)(pc))
#	define RCGO_FRAME_CALLER(uc, to) \
		rcgo__copy_nofault((to), (const void *)RCGO_FRAME_SP(uc), sizeof *(to))
#elif defined(__i386__)
#	define RCGO_FRAME_PC(uc) ((uintptr_t)(uc)->uc_mcontext.gregs[14])
#	define RCGO_FRAME_SP(uc) ((uintptr_t)(uc)->uc_mcontext.gregs[7])
#	define RCGO_FRAME_SET_PC(uc, pc) ((uc)->uc_mcontext.gregs[14] = (int)(pc))
#	define RCGO_FRAME_SET_SP(uc, sp) ((uc)->uc_mcontext.gregs[7] = (int)(sp))
#	define RCGO_FRAME_CALLER(uc, to) \
		rcgo__copy_nofault((to), (const void *)RCGO_FRAME_SP(uc), sizeof *(to))
#	define RCGO_FRAME_SYSCALL(uc) ((long)(uc)->uc_mcontext.gregs[11])
#	define RCGO_FRAME_SYSCALL_ARG(uc, i) \
		((uintptr_t)(uc)->uc_mcontext.gregs[(const int[]){8, 10, 9, 5}[i]])
#	define RCGO_SYSCALL_CODE "\xcd\x80"
#	define RCGO_SYSCALL_BYTES 2
#elif defined(__arm__) && defined(__FreeBSD__)
#	define RCGO_FRAME_PC(uc) ((uintptr_t)(uc)->uc_mcontext.__gregs[15])
#	define RCGO_FRAME_SP(uc) ((uintptr_t)(uc)->uc_mcontext.__gregs[13])
#	define RCGO_FRAME_SET_PC(uc, value) ((uc)->uc_mcontext.__gregs[15] = (value))
#	define RCGO_FRAME_CALLER(uc, to) (*(to) = (uintptr_t)(uc)->uc_mcontext.__gregs[14], true)
#elif defined(__arm__)
#	define RCGO_FRAME_PC(uc) ((uintptr_t)(uc)->uc_mcontext.arm_pc)
#	define RCGO_FRAME_SP(uc) ((uintptr_t)(uc)->uc_mcontext.arm_sp)
#	define RCGO_FRAME_SET_PC(uc, value) ((uc)->uc_mcontext.arm_pc = (value) & ~1UL)
#	define RCGO_FRAME_SET_SP(uc, value) ((uc)->uc_mcontext.arm_sp = (value))
#	define RCGO_FRAME_CALLER(uc, to) (*(to) = (uintptr_t)(uc)->uc_mcontext.arm_lr, true)
#	define RCGO_FRAME_SYSCALL(uc) ((long)(uc)->uc_mcontext.arm_r7)
#	define RCGO_FRAME_SYSCALL_ARG(uc, i) ((uintptr_t)(&(uc)->uc_mcontext.arm_r0)[i])
#	define RCGO_SYSCALL_CODE "\x00\x00\x00\xef"
#	define RCGO_SYSCALL_BYTES 4
#elif defined(__riscv) && defined(__FreeBSD__)
#	define RCGO_FRAME_PC(uc) ((uintptr_t)(uc)->uc_mcontext.mc_gpregs.gp_sepc)
#	define RCGO_FRAME_SP(uc) ((uintptr_t)(uc)->uc_mcontext.mc_gpregs.gp_sp)
#	define RCGO_FRAME_SET_PC(uc, value) ((uc)->uc_mcontext.mc_gpregs.gp_sepc = (value))
#	define RCGO_FRAME_CALLER(uc, to) \
		(*(to) = (uintptr_t)(uc)->uc_mcontext.mc_gpregs.gp_ra, true)
#elif defined(__riscv)
#	define RCGO_FRAME_PC(uc) ((uintptr_t)(uc)->uc_mcontext.__gregs[0])
#	define RCGO_FRAME_SP(uc) ((uintptr_t)(uc)->uc_mcontext.__gregs[2])
#	define RCGO_FRAME_SET_PC(uc, value) ((uc)->uc_mcontext.__gregs[0] = (value))
#	define RCGO_FRAME_SET_SP(uc, value) ((uc)->uc_mcontext.__gregs[2] = (value))
#	define RCGO_FRAME_CALLER(uc, to) (*(to) = (uintptr_t)(uc)->uc_mcontext.__gregs[1], true)
#	define RCGO_FRAME_SYSCALL(uc) ((long)(uc)->uc_mcontext.__gregs[17])
#	define RCGO_FRAME_SYSCALL_ARG(uc, i) ((uintptr_t)(uc)->uc_mcontext.__gregs[10 + (i)])
#	define RCGO_SYSCALL_CODE "\x73\x00\x00\x00"
#	define RCGO_SYSCALL_BYTES 4
#elif defined(__s390x__)
#	define RCGO_FRAME_PC(uc) ((uintptr_t)(uc)->uc_mcontext.psw.addr)
#	define RCGO_FRAME_SP(uc) ((uintptr_t)(uc)->uc_mcontext.gregs[15])
#	define RCGO_FRAME_SET_PC(uc, value) ((uc)->uc_mcontext.psw.addr = (value))
#	define RCGO_FRAME_SET_SP(uc, value) ((uc)->uc_mcontext.gregs[15] = (value))
#	define RCGO_FRAME_CALLER(uc, to) (*(to) = (uintptr_t)(uc)->uc_mcontext.gregs[14], true)
// svc has the number, or it is 0 and r1 has it.
#	define RCGO_FRAME_SYSCALL(uc) ((long)(uc)->uc_mcontext.gregs[1])
#	define RCGO_FRAME_SYSCALL_ARG(uc, i) ((uintptr_t)(uc)->uc_mcontext.gregs[2 + (i)])
#	define RCGO_SYSCALL_CODE "\x0a\x00"
#	define RCGO_SYSCALL_BYTES 2
#else
#	error "runtime_cgo: say where this CPU's ucontext_t has pc and sp: see doc/porting.md"
#endif

// Returns the signal mask of the interrupted code. The kernel stores only the first word of
// libc's larger set.
static inline go_sigset_t
rcgo__uc_mask(const ucontext_t *uc)
{
	go_sigset_t mask;

	memcpy(&mask, &uc->uc_sigmask, sizeof mask);
	return mask;
}

// Returns whether the address at is on the alternate stack that the frame records. As in the
// kernel, the end of the stack belongs to it and the beginning does not.
static inline bool
rcgo__uc_on_altstack(const ucontext_t *uc, uintptr_t at)
{
	uintptr_t lo = (uintptr_t)uc->uc_stack.ss_sp;

	return (uc->uc_stack.ss_flags & SS_DISABLE) == 0 && at > lo &&
	       at - lo <= uc->uc_stack.ss_size;
}

// If the frame is that of a fault in a safe read (safe_read.h), makes the interrupted code resume
// after the read and returns true.
static inline bool
rcgo__uc_catch_copy(ucontext_t *uc)
{
	uintptr_t resume;

	if (RCGO_LIKELY(!rcgo__copy_nofault_catches(RCGO_FRAME_PC(uc), &resume))) {
		return false;
	}
	RCGO_FRAME_SET_PC(uc, resume);
	return true;
}

#endif // RCGO_SIGFRAME_H
