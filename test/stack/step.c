// SPDX-License-Identifier: BSD-3-Clause
// Runs one thread of another process instruction by instruction, and stands still at those of some
// functions.
// usage: step TID STRIDE STOPS START SIZE…
// START and SIZE, both hexadecimal, are a function's. Of its instructions that the thread comes to,
// every STRIDEth prints its address, and waits for a line of input. Ends after STOPS of them.
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

static int
fail(const char *what)
{
	perror(what);
	return 1;
}

static unsigned long
program_counter(int tid)
{
	struct user_regs_struct regs;
	struct iovec v = {&regs, sizeof regs};

	return ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &v) == 0 ? regs.rip : 0;
}

static int
is_wanted(char **functions, unsigned long pc)
{
	for (; functions[0] != NULL; functions += 2) {
		if (pc - strtoul(functions[0], NULL, 16) < strtoul(functions[1], NULL, 16)) {
			return 1;
		}
	}
	return 0;
}

// Waits for the thread's next stop. Returns the signal that it has got, 0 for none, or -1.
static int
next_stop(int tid)
{
	int status;

	if (waitpid(tid, &status, __WALL) != tid || !WIFSTOPPED(status)) {
		return -1;
	}
	return status >> 16 != 0 || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
}

int
main(int argc, char **argv)
{
	int tid = argc > 5 ? atoi(argv[1]) : 0, stride = argc > 5 ? atoi(argv[2]) : 0;
	int left = argc > 5 ? atoi(argv[3]) : 0, sig;
	char line[16];

	if (tid <= 0 || stride <= 0 || argc % 2 != 0) {
		fputs("usage: step TID STRIDE STOPS START SIZE...\n", stderr);
		return 2;
	}
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0 ||
		ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) != 0) {
		return fail("ptrace");
	}
	for (long n = 0; (sig = next_stop(tid)) >= 0;) {
		unsigned long pc = program_counter(tid);

		if (left == 0) {
			return ptrace(PTRACE_DETACH, tid, NULL, (void *)(long)sig) != 0;
		}
		if (is_wanted(argv + 4, pc) && n++ % stride == 0) {
			left--;
			printf("%lx\n", pc);
			fflush(stdout);
			if (fgets(line, sizeof line, stdin) == NULL) {
				return 0;
			}
		}
		if (ptrace(PTRACE_SINGLESTEP, tid, NULL, (void *)(long)sig) != 0) {
			return fail("ptrace");
		}
	}
	return fail("the thread has ended");
}
