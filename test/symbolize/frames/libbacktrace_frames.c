// SPDX-License-Identifier: BSD-3-Clause
// Prints the frames that libbacktrace finds for addresses of a file, in the form of addr2line -aif.
// It is linked without PIE, because libbacktrace adds the load address of the running program,
// which is then 0, to those of the file.

#include <backtrace.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct answer {
	int frames;
};

static void
on_error(void *data, const char *message, int number)
{
	(void)data;
	(void)message;
	(void)number;
}

static int
on_frame(void *data, uintptr_t pc, const char *file, int line, const char *function)
{
	struct answer *answer = data;

	(void)pc;
	if (file != NULL || function != NULL) {
		printf("%s\n%s:%d\n", function == NULL ? "??" : function,
			file == NULL ? "??" : file, line);
		answer->frames++;
	}
	return 0;
}

static void
on_symbol(void *data, uintptr_t pc, const char *name, uintptr_t value, uintptr_t size)
{
	(void)data;
	(void)pc;
	(void)value;
	(void)size;
	printf("%s\n??:0\n", name == NULL ? "??" : name);
}

int
main(int argc, char **argv)
{
	struct backtrace_state *state;
	char line[128];

	if (argc != 2) {
		fprintf(stderr, "usage: libbacktrace_frames FILE <ADDRESSES\n");
		return 2;
	}
	state = backtrace_create_state(argv[1], 0, on_error, NULL);
	while (state != NULL && fgets(line, sizeof line, stdin) != NULL) {
		uintptr_t pc = (uintptr_t)strtoull(line, NULL, 16);
		struct answer answer = {0};

		printf("0x%" PRIxPTR "\n", pc);
		backtrace_pcinfo(state, pc, on_frame, on_error, &answer);
		if (answer.frames == 0) {
			backtrace_syminfo(state, pc, on_symbol, on_error, &answer);
		}
	}
	return state == NULL;
}
