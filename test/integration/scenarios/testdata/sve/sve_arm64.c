// SPDX-License-Identifier: BSD-3-Clause
// The scalable vectors of a thread while a C handler without SA_ONSTACK interrupts Go code.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sve.h"

#define MOST 256 // bytes of the longest vector
#define REGS 16	 // z16 to z31, which Go code does not use
#define SVE (1 << 22)

static uint8_t wanted[REGS][MOST], got[REGS][MOST];
static unsigned length, hits;
static uintptr_t on_stack;
static timer_t timer;

// As in a program that its parent started with another length.
__attribute__((constructor)) static void
set_length(void)
{
	const char *text = getenv("SVE_LENGTH");

	if ((getauxval(AT_HWCAP) & SVE) != 0 && text != NULL) {
		prctl(PR_SVE_SET_VL, atoi(text) | PR_SVE_VL_INHERIT);
	}
}

unsigned
sve_length(void)
{
	if ((getauxval(AT_HWCAP) & SVE) == 0) {
		return 0;
	}
	length = (unsigned)prctl(PR_SVE_GET_VL) & PR_SVE_VL_LEN_MASK;
	return length;
}

// clang-format off
#define EACH(op, at) \
	op(16, 0, at) op(17, 1, at) op(18, 2, at) op(19, 3, at) op(20, 4, at) op(21, 5, at) \
	op(22, 6, at) op(23, 7, at) op(24, 8, at) op(25, 9, at) op(26, 10, at) op(27, 11, at) \
	op(28, 12, at) op(29, 13, at) op(30, 14, at) op(31, 15, at)
#define LOAD(z, i, at) __asm__ volatile("ldr z" #z ", [%0]" : : "r"((at)[i]) : "memory");
#define STORE(z, i, at) __asm__ volatile("str z" #z ", [%0]" : : "r"((at)[i]) : "memory");
#define CLEAR(z, i, at) __asm__ volatile("mov z" #z ".b, #85");
// clang-format on

void
sve_fill(unsigned seed)
{
	for (unsigned r = 0; r < REGS; r++) {
		for (unsigned i = 0; i < length; i++) {
			wanted[r][i] = (uint8_t)(seed * 31 + r * 7 + i * 13 + 1);
		}
	}
	EACH(LOAD, wanted)
}

// Returns 0: unchanged; 1: a system call has truncated them to 128 bits, as the kernel's ABI
// permits; 2: wrong.
int
sve_check(void)
{
	static const uint8_t zero[MOST];
	int result = 0;

	EACH(STORE, got)
	for (unsigned r = 0; r < REGS; r++) {
		if (memcmp(wanted[r], got[r], length) == 0) {
			continue;
		}
		if (memcmp(wanted[r], got[r], 16) != 0 ||
			memcmp(got[r] + 16, zero, length - 16) != 0) {
			return 2;
		}
		result = 1;
	}
	return result;
}

static void
on_alarm(int sig)
{
	(void)sig;
	EACH(CLEAR, wanted)
	on_stack = (uintptr_t)__builtin_frame_address(0);
	__atomic_fetch_add(&hits, 1, __ATOMIC_RELAXED);
}

unsigned
sve_hits(void)
{
	return __atomic_load_n(&hits, __ATOMIC_RELAXED);
}

uintptr_t
sve_handler_stack(void)
{
	return on_stack;
}

int
sve_start(void)
{
	struct sigaction act = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
	struct itimerspec each = {{0, 3000000}, {0, 3000000}};

	event._sigev_un._tid = (int)syscall(SYS_gettid);
	return sigaction(SIGALRM, &act, NULL) != 0 ||
	       timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
	       timer_settime(timer, 0, &each, NULL) != 0;
}
