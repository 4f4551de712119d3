// SPDX-License-Identifier: BSD-3-Clause
// The library of the matrix: it installs handlers without SA_ONSTACK, as most libraries do, by libc
// or without it. One handler uses much stack, and neither asks for the previous action. For amd64.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int library_install(int raw);
long library_count(void);

static volatile long count;

static void
on_user(int sig)
{
	volatile char below[6000];

	memset((void *)below, sig, sizeof below);
	count += below[17] == sig;
}

static void
on_fault(int sig)
{
	static const char text[] = "took Go's fault\n";

	(void)sig;
	if (write(STDOUT_FILENO, text, sizeof text - 1) > 0) {
		_exit(7);
	}
}

// Like libc's: the code to which a handler returns.
__asm__(".text\nlibrary_back:\n\tmov $15, %eax\n\tsyscall\n");
extern const char library_back[] __attribute__((visibility("hidden")));

static int
install(int sig, void (*handler)(int), int raw)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		const char *restorer;
		uint64_t mask;
	} kernel = {handler, SA_RESTART | 0x04000000, library_back, 0};
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

	return raw ? (int)syscall(SYS_rt_sigaction, sig, &kernel, NULL, 8)
		   : sigaction(sig, &action, NULL);
}

int
library_install(int raw)
{
	return install(SIGPROF, on_user, raw) != 0 || install(SIGSEGV, on_fault, raw) != 0;
}

long
library_count(void)
{
	return count;
}
