// SPDX-License-Identifier: BSD-3-Clause
// A plain C program that prints its own stack from a SIGSEGV handler, with librcgo_backtrace.a
// alone.
//
//   make crash-handler && build/crash-handler

#include <rcgo_backtrace.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
print(const char *text)
{
	ssize_t n = write(STDERR_FILENO, text, strlen(text));

	(void)n;
}

static void
print_number(uint64_t value)
{
	char digits[24];
	size_t at = sizeof digits - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	print(digits + at);
}

static void
print_frame(const struct rcgo_frame *frame)
{
	print("  ");
	print(frame->function != NULL ? frame->function : "?");
	if (frame->file != NULL) {
		print(" at ");
		print(frame->file);
		print(":");
		print_number(frame->line);
	}
	print(frame->inlined ? " (inlined)\n" : "\n");
}

// Everything that the handler calls is async-signal-safe.
static void
on_fault(int sig, siginfo_t *info, void *ucontext)
{
	uintptr_t pcs[64];
	size_t n = rcgo_backtrace_from_context(ucontext, pcs, sizeof pcs / sizeof pcs[0]);

	(void)info;
	print("caught signal ");
	print_number((uint64_t)sig);
	print("; the stack, innermost frame first:\n");
	for (size_t i = 0; i < n; i++) {
		struct rcgo_frame frames[16];
		char text[4096];
		size_t count = rcgo_symbolize(pcs[i], frames, 16, text, sizeof text);

		for (size_t k = 0; k < count; k++) {
			print_frame(&frames[k]);
		}
	}
	_exit(3);
}

static const int *volatile nowhere = (const int *)8;

__attribute__((noinline)) static int
read_through(const int *volatile *pointer)
{
	return **pointer + 1;
}

static int
compare(const void *a, const void *b)
{
	(void)a;
	(void)b;
	return read_through(&nowhere) - 1;
}

int
main(void)
{
	static char stack[64 * 1024]; // an alternate stack, so that overflows are caught too
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
	int numbers[] = {3, 1, 2};

	rcgo_backtrace_init();
	sigaltstack(&alternate, NULL);
	action.sa_sigaction = on_fault;
	sigaction(SIGSEGV, &action, NULL);
	qsort(numbers, 3, sizeof numbers[0], compare);
	return 0;
}
