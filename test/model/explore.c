// SPDX-License-Identifier: BSD-3-Clause
// Runs the executions of a test: threads are coroutines, and each decision is a choice that the
// next execution makes differently.

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "model_internal.h"

enum {
	STACK_BYTES = 256 << 10,
	MAX_CHOICES = 4096,
	MAX_STEPS = 4000, // of one execution
	MAX_NOTES = 400
};

enum thread_state { THREAD_NONE, THREAD_READY, THREAD_YIELDED, THREAD_WAITS, THREAD_ENDED };

static struct thread {
	ucontext_t context;
	enum thread_state state;
	const uint32_t *futex;
	void (*run)(void);
	void (*handler)(void); // not run yet
} threads[MODEL_THREADS];
static unsigned char stacks[MODEL_THREADS][STACK_BYTES] __attribute__((aligned(64)));

static struct choice {
	unsigned taken, of;
} choices[MAX_CHOICES];

// Of the execution that runs.
static unsigned running; // 0: the test's own code
static unsigned made;	 // choices
static unsigned steps;
static unsigned preemptions_left;
static bool in_test;
static ucontext_t explorer;
static jmp_buf failed;
static char failure[512];

static struct note {
	unsigned thread;
	const char *what;
	const volatile void *at;
	uint64_t value;
	const void *caller;
} notes[MAX_NOTES];
static unsigned noted;

void
model_note(const char *what, const volatile void *at, uint64_t value, const void *caller)
{
	if (noted < MAX_NOTES) {
		notes[noted++] = (struct note){running, what, at, value, caller};
	}
}

_Noreturn void
model_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(failure, sizeof failure, format, args);
	va_end(args);
	in_test = false;
	// The coroutine is left where it is: the next execution makes a new one.
	longjmp(failed, 1);
}

void
model_assert(bool holds, const char *text, const char *file, int line)
{
	if (!holds) {
		model_fail("%s:%d: %s", file, line, text);
	}
}

unsigned
model_choose(unsigned n)
{
	if (n < 2) {
		return 0;
	}
	if (made == MAX_CHOICES) {
		model_fail("an execution has more than %d choices", MAX_CHOICES);
	}
	if (choices[made].of == 0) {
		choices[made] = (struct choice){0, n};
	} else if (choices[made].of != n) {
		model_fail("the test is not deterministic");
	}
	return choices[made++].taken;
}

// Prepares the next list of choices. Returns false after the last one.
static bool
next_choices(void)
{
	while (made > 0) {
		struct choice *last = &choices[--made];

		if (++last->taken < last->of) {
			return true;
		}
		*last = (struct choice){0, 0};
	}
	return false;
}

unsigned
model_self(void)
{
	return running;
}

bool
model_is_running(void)
{
	return in_test;
}

bool
model_is_private(uintptr_t at)
{
	return at - (uintptr_t)stacks < sizeof stacks || at - (uintptr_t)&errno < sizeof errno;
}

static void
switch_to(unsigned to)
{
	unsigned from = running;
	int saved = errno; // each thread has its own

	running = to;
	if (from != to) {
		swapcontext(from == 0 ? &explorer : &threads[from].context,
			to == 0 ? &explorer : &threads[to].context);
	}
	errno = saved;
}

// The threads that can run. Those that have yielded can if no other thread can.
static unsigned
runnable(unsigned *list)
{
	unsigned n = 0;

	for (unsigned i = 1; i < MODEL_THREADS; i++) {
		if (threads[i].state == THREAD_READY) {
			list[n++] = i;
		}
	}
	for (unsigned i = 1; n == 0 && i < MODEL_THREADS; i++) {
		if (threads[i].state == THREAD_YIELDED) {
			list[n++] = i;
		}
	}
	return n;
}

// The calling thread cannot go on, or has yielded: another one runs.
static void
leave(void)
{
	unsigned list[MODEL_THREADS], n = runnable(list);

	if (n == 0) {
		for (unsigned i = 1; i < MODEL_THREADS; i++) {
			if (threads[i].state == THREAD_WAITS) {
				model_fail("thread %u waits on a futex and nobody wakes it", i);
			}
		}
		switch_to(0);
		return;
	}
	switch_to(list[model_choose(n)]);
}

static void
others_may_run(void)
{
	for (unsigned i = 1; i < MODEL_THREADS; i++) {
		if (i != running && threads[i].state == THREAD_YIELDED) {
			threads[i].state = THREAD_READY;
		}
	}
}

void
model_step(void)
{
	unsigned list[MODEL_THREADS], n = 0;
	struct thread *self = &threads[running];

	if (running == 0) {
		return;
	}
	if (++steps == MAX_STEPS) {
		model_fail("the threads do not end within %d steps", MAX_STEPS);
	}
	self->state = THREAD_READY;
	if (self->handler != NULL && model_choose(2) == 1) {
		void (*handler)(void) = self->handler;

		self->handler = NULL;
		handler();
	}
	list[n++] = running;
	for (unsigned i = 1; preemptions_left != 0 && i < MODEL_THREADS; i++) {
		if (i != running && threads[i].state == THREAD_READY) {
			list[n++] = i;
		}
	}
	n = model_choose(n);
	if (n != 0) {
		preemptions_left--;
		switch_to(list[n]);
	}
	others_may_run();
}

void
model_yield(void)
{
	if (running != 0) {
		if (++steps == MAX_STEPS) {
			model_fail("the threads do not end within %d steps", MAX_STEPS);
		}
		threads[running].state = THREAD_YIELDED;
		leave();
		threads[running].state = THREAD_READY;
	}
}

int
model_futex_wait(const uint32_t *word, uint32_t want)
{
	model_step();
	if (*word != want) {
		return -EAGAIN;
	}
	threads[running].state = THREAD_WAITS;
	threads[running].futex = word;
	leave();
	return 0;
}

void
model_futex_wake(const uint32_t *word, int count)
{
	model_step();
	for (unsigned i = 1; i < MODEL_THREADS; i++) {
		if (threads[i].state == THREAD_WAITS && threads[i].futex == word && count-- > 0) {
			threads[i].state = THREAD_READY;
		}
	}
}

static void
thread_main(void)
{
	threads[running].run();
	threads[running].state = THREAD_ENDED;
	others_may_run();
	leave();
}

// Runs one execution. Returns whether it passed.
static bool
execute(const struct model_test *test)
{
	made = steps = noted = 0;
	running = 0;
	preemptions_left = test->preemptions;
	memory_reset();
	if (setjmp(failed) != 0) {
		return false;
	}
	test->before();
	for (unsigned i = 1; i < MODEL_THREADS; i++) {
		struct thread *thread = &threads[i];

		thread->run = test->threads[i - 1].run;
		thread->handler = test->threads[i - 1].handler;
		thread->state = thread->run != NULL ? THREAD_READY : THREAD_NONE;
		getcontext(&thread->context);
		thread->context.uc_stack.ss_sp = stacks[i];
		thread->context.uc_stack.ss_size = STACK_BYTES;
		makecontext(&thread->context, thread_main, 0);
	}
	in_test = true;
	leave();
	in_test = false;
	if (test->after != NULL) {
		test->after();
	}
	return true;
}

static void
print_failure(void)
{
	printf("# %s\n# the accesses of this execution:\n", failure);
	for (unsigned i = 0; i < noted; i++) {
		const struct note *n = &notes[i];

		printf("#   thread %u  %-14s %p  %#llx  (%p)\n", n->thread, n->what,
			(const void *)(uintptr_t)n->at, (unsigned long long)n->value, n->caller);
	}
}

bool
model_run(const struct model_test *test, size_t number)
{
	unsigned long executions = 0;
	bool passed;

	memset(choices, 0, sizeof choices);
	do {
		executions++;
		passed = execute(test);
	} while (passed && next_choices());
	if (!passed && !test->must_fail) {
		print_failure();
	}
	printf("# executions: %lu, preemptions: %u%s%s\n", executions, test->preemptions,
		test->must_fail ? "; found: " : "", test->must_fail ? failure : "");
	passed = passed != test->must_fail;
	printf("%s %zu - %s\n", passed ? "ok" : "not ok", number, test->name);
	fflush(stdout);
	return passed;
}

int
model_main(int argc, char **argv, const struct model_test *tests, size_t count)
{
	unsigned more = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	bool passed = true;

	printf("1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		struct model_test test = tests[i];

		test.preemptions += more;
		passed = model_run(&test, i + 1) && passed;
	}
	return passed ? 0 : 1;
}
