// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: stops one thread while it is read. No signal is sent. The stop would wake a thread
// that waits in the kernel, so only running threads are stopped.
#include "stack_target.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "core_file.h"

#define MS ((uint64_t)1000 * 1000)
#define WAIT_NS (100 * MS)	    // for a blocked thread, which has to be woken
#define WAIT_RUNNING_NS (2000 * MS) // a running thread stops when it gets a processor
#define HURRY_NICE (-20)
#define NO_CALL UINT16_MAX
#define SPINS 2000 // polls before the first pause
// GETREGSET's words of amd64.
enum { AMD64_RAX = 10, AMD64_ORIG_RAX = 15, AMD64_RIP = 16, AMD64_SYSCALL_SIZE = 2 };

static uint64_t
now_ns(void)
{
	return rcgo__clock_ns(CLOCK_MONOTONIC);
}

static bool hurries;

// If other processes delayed rcgo, the threads would stay stopped for as long. A real-time priority
// is worse: from Linux 6.12 on, the kernel interrupts such a process for 50 ms, to let others run.
bool
process_hurry(bool on)
{
	static int usual = INT_MIN; // INT_MIN: not read yet
	static bool refused;
	bool before = hurries;

	if (usual == INT_MIN) {
		usual = getpriority(PRIO_PROCESS, 0);
	}
	if (on != hurries && !refused) {
		refused = setpriority(PRIO_PROCESS, 0, on ? HURRY_NICE : usual) != 0;
		hurries = refused ? hurries : on;
	}
	return before;
}

// A signal that arrived first is delivered when the thread continues.
static void
note_signal(struct thread *th, int status)
{
	bool ours = !WIFSTOPPED(status) || status >> 16 == PTRACE_EVENT_STOP;

	th->signal = ours ? 0 : WSTOPSIG(status);
}

// Returns whether the wait for the stop has timed out. A thread that was woken stops as soon as it
// gets a processor, which takes time on a busy machine or under a quota.
static bool
is_too_late(struct target *t, struct thread *th, uint64_t waited)
{
	if (!th->running && waited > WAIT_NS) {
		th->running = process_thread_state(t, th) == 'R';
		return !th->running;
	}
	return waited > WAIT_RUNNING_NS;
}

// Waits until the thread has stopped.
static int
wait_stopped(struct target *t, struct thread *th, uint64_t since)
{
	struct timespec pause = {0, hurries ? 5 * 1000 : 20 * 1000};
	unsigned spins = hurries ? SPINS / 20 : SPINS; // the thread may need this processor
	int status;

	for (unsigned round = 0;; round++) {
		pid_t got;

		th->switched = now_ns(); // it has not stopped earlier than that
		got = waitpid(th->tid, &status, WNOHANG | __WALL);

		if (got == th->tid) {
			if (!WIFSTOPPED(status)) {
				return -ESRCH;
			}
			note_signal(th, status);
			return 0;
		}
		if (got < 0 && errno != EINTR) {
			return -errno;
		}
		if (round % 64 == 0 && is_too_late(t, th, th->switched - since)) {
			return -ETIMEDOUT;
		}
		if (round > spins) {
			nanosleep(&pause, NULL);
		}
	}
}

// The numbers of the system calls that a stop ends with EINTR, without an effect. The kernel
// restarts all others, or they are not safe to restart, such as close.
static const struct {
	uint16_t amd64, arm64;
} ended_by_stop[] = {
	{0, 63}, {19, 65},			    // read readv, of a socket with a time-out
	{1, 64}, {20, 66},			    // write writev
	{43, 202}, {288, 242},			    // accept accept4
	{44, 206}, {45, 207}, {46, 211}, {47, 212}, // sendto recvfrom sendmsg recvmsg
	{299, 243}, {307, 269},			    // recvmmsg sendmmsg
	{65, 193}, {220, 192},			    // semop semtimedop
	{69, 189}, {70, 188},			    // msgsnd msgrcv
	{128, 137},				    // rt_sigtimedwait
	{208, 4}, {333, 292},			    // io_getevents io_pgetevents
	{232, NO_CALL}, {281, 22}, {441, 441},	    // epoll_wait epoll_pwait epoll_pwait2
	{426, 426},				    // io_uring_enter
};

static bool
is_ended_by_stop(uint16_t machine, uint64_t number)
{
	for (size_t i = 0; i < sizeof ended_by_stop / sizeof *ended_by_stop; i++) {
		if (number ==
			(machine == EM_X86_64 ? ended_by_stop[i].amd64 : ended_by_stop[i].arm64)) {
			return true;
		}
	}
	return false;
}

// On arm64 the registers of a stopped thread no longer have the call's first argument, so that the
// call cannot be restarted.
bool
process_feels_stop(const struct target *t, const struct thread *th)
{
	return t->machine == EM_AARCH64 && th->in_syscall &&
	       is_ended_by_stop(t->machine, (uint64_t)th->syscall);
}

// The thread had just begun to wait, and our stop ended its call. Makes the thread restart the
// call. If a signal is pending, the call is not restarted, because the program may rely on EINTR.
static void
restart_call(struct target *t, struct thread *th, uint64_t *words, size_t size)
{
	struct iovec v = {words, size};

	if (t->machine != EM_X86_64 || (int64_t)words[AMD64_RAX] != -EINTR ||
		!is_ended_by_stop(t->machine, words[AMD64_ORIG_RAX]) || th->signal != 0 ||
		process_has_signal(t, th)) {
		return;
	}
	words[AMD64_RAX] = words[AMD64_ORIG_RAX];
	words[AMD64_RIP] -= AMD64_SYSCALL_SIZE;
	ptrace(PTRACE_SETREGSET, th->tid, (void *)NT_PRSTATUS, &v);
}

static int
take_registers(struct target *t, struct thread *th)
{
	uint64_t words[RCGO_PRSTATUS_WORDS_ARM64] = {0};
	struct rcgo_target_thread now = {0};
	struct iovec v = {words, sizeof words};

	if (ptrace(PTRACE_GETREGSET, th->tid, (void *)NT_PRSTATUS, &v) != 0) {
		return -errno;
	}
	rcgo__target_prstatus(t->machine, (const uint8_t *)words, &now);
	th->pc = now.pc;
	th->sp = now.reg[t->machine == EM_AARCH64 ? 31 : 7];
	memcpy(th->reg, now.reg, sizeof th->reg);
	th->known = now.known;
	th->in_syscall = now.syscall >= 0;
	th->syscall = (long)now.syscall;
	memcpy(th->args, now.args, sizeof th->args);
	restart_call(t, th, words, v.iov_len);
	return 0;
}

int
process_ask_stop(struct target *t, struct thread *th)
{
	if (th->asked) {
		return 0; // at an earlier attempt, when it had no processor to stop on
	}
	if (!th->running && process_thread_state(t, th) == 'D') {
		return -ETIMEDOUT;
	}
	th->asked = true;
	if (ptrace(PTRACE_SEIZE, th->tid, NULL, NULL) != 0 ||
		ptrace(PTRACE_INTERRUPT, th->tid, NULL, NULL) != 0) {
		th->asked = false;
		return -errno;
	}
	return 0;
}

int
process_await_stop(struct target *t, struct thread *th)
{
	uint64_t since = now_ns();
	int err = wait_stopped(t, th, since);

	*(err == -ETIMEDOUT && !th->running ? &t->firm_ns : &t->waited_ns) += now_ns() - since;
	if (err != 0) {
		th->asked = err == -ETIMEDOUT;
		return err;
	}
	err = take_registers(t, th);
	if (err != 0) {
		process_release(t, th);
	}
	return err;
}

int
process_stop(struct target *t, struct thread *th)
{
	int err = process_ask_stop(t, th);

	return err != 0 ? err : process_await_stop(t, th);
}

void
process_release(struct target *t, struct thread *th)
{
	(void)t;
	ptrace(PTRACE_DETACH, th->tid, NULL, (void *)(uintptr_t)th->signal);
	th->switched = now_ns() - th->switched;
	th->asked = false;
}

void
process_release_late(struct target *t, struct thread *th)
{
	int status;

	if (!th->asked) {
		return;
	}
	if (waitpid(th->tid, &status, WNOHANG | __WALL) == th->tid) {
		note_signal(th, status);
		process_release(t, th);
	}
}
