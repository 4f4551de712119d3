// SPDX-License-Identifier: BSD-3-Clause
// Traces the threads of its arguments without stopping them, until it is killed.
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (ptrace(PTRACE_SEIZE, atoi(argv[i]), NULL, NULL) != 0) {
			perror(argv[i]);
			return 1;
		}
	}
	puts("traced");
	fflush(stdout);
	pause();
	return 0;
}
