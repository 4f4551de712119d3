// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: stops one thread for the moment of reading it. No signal is sent: a thread that waits
// in the kernel is woken by the stop, so only those that run are stopped.
#include "stack_target.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#define MS ((uint64_t)1000 * 1000)
#define WAIT_NS (200 * MS)	    // a thread in vfork, or that a disk holds up, does not stop
#define WAIT_RUNNING_NS (2000 * MS) // one that runs does, when it gets a processor

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void
take_registers(struct thread *th, const struct user_regs_struct *u)
{
	const uint64_t in_order[RCGO_DW_REGS] = {u->rax, u->rdx, u->rcx, u->rbx, u->rsi, u->rdi,
		u->rbp, u->rsp, u->r8, u->r9, u->r10, u->r11, u->r12, u->r13, u->r14, u->r15,
		u->rip};

	memcpy(th->regs.reg, in_order, sizeof in_order);
	th->regs.pc = u->rip;
	th->regs.known = ~(uint64_t)0 >> (64 - RCGO_DW_REGS);
	// Within a system call this is its number, and -1 elsewhere.
	th->in_syscall = (int64_t)u->orig_rax >= 0;
	th->syscall = (long)u->orig_rax;
	th->args[0] = u->rdi;
	th->args[1] = u->rsi;
	th->args[2] = u->rdx;
}

// Waits until the thread has stopped.
static int
wait_stopped(struct thread *th, uint64_t since)
{
	struct timespec pause = {0, 20 * 1000};
	int status;

	for (unsigned round = 0;; round++) {
		pid_t got = waitpid(th->tid, &status, WNOHANG | __WALL);

		if (got == th->tid) {
			if (!WIFSTOPPED(status)) {
				return -ESRCH;
			}
			// A signal that came first goes on its way when the thread does.
			th->signal = status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);
			return 0;
		}
		if (got < 0 && errno != EINTR) {
			return -errno;
		}
		if (now_ns() - since > (th->running ? WAIT_RUNNING_NS : WAIT_NS)) {
			return -ETIMEDOUT;
		}
		if (round > 200) {
			nanosleep(&pause, NULL);
		}
	}
}

int
process_stop(struct target *t, struct thread *th)
{
	uint64_t since = now_ns();
	struct user_regs_struct u;
	struct iovec v = {&u, sizeof u};
	int err;

	if (ptrace(PTRACE_SEIZE, th->tid, NULL, NULL) != 0) {
		return -errno;
	}
	if (ptrace(PTRACE_INTERRUPT, th->tid, NULL, NULL) != 0) {
		return -errno;
	}
	err = wait_stopped(th, since);
	t->waited_ns += now_ns() - since;
	if (err != 0) {
		return err;
	}
	th->switched = now_ns();
	if (ptrace(PTRACE_GETREGSET, th->tid, (void *)NT_PRSTATUS, &v) != 0) {
		err = -errno;
		process_release(t, th);
		return err;
	}
	take_registers(th, &u);
	return 0;
}

void
process_release(struct target *t, struct thread *th)
{
	(void)t;
	ptrace(PTRACE_DETACH, th->tid, NULL, (void *)(uintptr_t)th->signal);
	th->switched = now_ns() - th->switched;
}
