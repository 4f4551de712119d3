// SPDX-License-Identifier: BSD-3-Clause
// A model checker for the lock-free structures: runs threads of a test in all orders, and lets each
// atomic load return every value that C11's memory model allows.
//
// The code under test is the real one. It is compiled with -fsanitize=thread, and memory.c has the
// functions that the compiler then calls for each access, instead of TSAN's. An execution is a list
// of choices: which thread runs next, which of the stores a load reads, whether a signal handler
// interrupts its thread here. explore.c tries all lists in turn. It limits the number of
// preemptions of a thread, not the number of switches where a thread waits or ends.
//
// What is found: an assertion that fails, two accesses of which one is plain and one writes and
// that are not ordered (a data race), threads that wait for each other, threads that do not end.
// What is not: a load that returns a value that is stored later (load buffering), and stores to one
// word that take effect in another order than that of their execution.
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_THREADS 4 // the first is the test's own, before and after the others

struct model_thread {
	void (*run)(void);
	void (*handler)(void); // a signal handler that may interrupt run once, or NULL
};

struct model_test {
	const char *name;
	void (*before)(void); // sets all variables of the code under test
	void (*after)(void);  // sees the state when all threads have ended, or NULL
	struct model_thread threads[MODEL_THREADS - 1];
	unsigned preemptions; // of one execution at most
	bool must_fail;	      // a test of the checker itself
};

#define MODEL_ASSERT(condition) model_assert((condition), #condition, __FILE__, __LINE__)

void model_assert(bool holds, const char *text, const char *file, int line);

// Runs a test and prints a line of TAP with this number. Returns whether it passed.
bool model_run(const struct model_test *test, size_t number);

// Runs all tests and prints TAP. Returns main's exit status. An argument of the program adds to the
// preemptions.
int model_main(int argc, char **argv, const struct model_test *tests, size_t count);

// Defines main, which runs the tests of an array.
#define MODEL_MAIN(tests)                                                               \
	int main(int argc, char **argv)                                                 \
	{                                                                               \
		return model_main(argc, argv, tests, sizeof(tests) / sizeof(tests)[0]); \
	}

// The number of the calling thread, from 1 on.
unsigned model_self(void);

// The calling thread lets others run: sched_yield, a step of a loop that waits.
void model_yield(void);

// What futex(2) does. Returns 0, or -EAGAIN if *word is not want.
int model_futex_wait(const uint32_t *word, uint32_t want);
void model_futex_wake(const uint32_t *word, int threads);

// A lock of the kernel: what happened before a thread's call for an object happens before what
// follows a later call for it by another thread. The code between two calls is not interrupted if
// it has no atomic access.
void model_kernel(const void *object);

// A choice of the environment: returns each number below n in turn.
unsigned model_choose(unsigned n);

#endif // MODEL_H
