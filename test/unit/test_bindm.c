// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: a C thread keeps its M until it ends.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "go_standin.h"
#include "inject.h"
#include "unit.h"

static struct unit_end end;
static int some_g;

static void *
bind_and_end(void *g)
{
	x_cgo_bindm(g);
	CHECK_INT(standin_crosscall2.calls, 0);
	return NULL;
}

static void
run_thread(void *(*f)(void *), void *arg)
{
	pthread_t t;

	CHECK_INT(pthread_create(&t, NULL, f, arg), 0);
	CHECK_INT(pthread_join(t, NULL), 0);
}

TEST(end_of_a_thread_gives_the_m_back)
{
	standin_start();
	run_thread(bind_and_end, &some_g);
	CHECK_INT(standin_crosscall2.calls, 1);
	CHECK(standin_crosscall2.fn == NULL);
	CHECK(standin_crosscall2.arg == &some_g);
	CHECK_INT(standin_crosscall2.n, 0);
	CHECK_INT(standin_crosscall2.context, 0);
}

static void *
call_go_often(void *arg)
{
	for (int i = 0; i < 100; i++) {
		standin_export(NULL, NULL);
	}
	return arg;
}

#define THREADS 32

TEST(once_for_each_thread)
{
	pthread_t t[THREADS];

	standin_start();
	for (int i = 0; i < THREADS; i++) {
		CHECK_INT(pthread_create(&t[i], NULL, call_go_often, NULL), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		CHECK_INT(pthread_join(t[i], NULL), 0);
	}
	CHECK_INT(standin_crosscall2.calls, THREADS);
}

static void *
do_nothing(void *arg)
{
	return arg;
}

TEST(not_for_a_thread_that_never_called)
{
	standin_start();
	run_thread(do_nothing, NULL);
	CHECK_INT(standin_crosscall2.calls, 0);
}

TEST(not_for_a_go_without_crosscall2)
{
	standin_rt0();
	standin_main(false);
	CHECK(x_crosscall2_ptr == NULL);
	run_thread(bind_and_end, &some_g);
	CHECK_INT(standin_crosscall2.calls, 0);
}

static void *
exit_thread(void *arg)
{
	standin_export(NULL, NULL);
	pthread_exit(arg);
}

static void *
wait_to_be_cancelled(void *arg)
{
	standin_export(NULL, NULL);
	for (;;) {
		pause();
	}
	return arg;
}

TEST(however_the_thread_ends)
{
	pthread_t t;

	standin_start();
	run_thread(exit_thread, NULL);
	CHECK_INT(standin_crosscall2.calls, 1);
	CHECK_INT(pthread_create(&t, NULL, wait_to_be_cancelled, NULL), 0);
	CHECK_INT(pthread_cancel(t), 0);
	CHECK_INT(pthread_join(t, NULL), 0);
	CHECK(standin_crosscall2.calls <= 2);
}

// In a forked child Go's other threads do not exist, so its lists may stay locked for ever.
static void *
fork_and_end(void *arg)
{
	int status;
	pid_t pid;

	standin_export(NULL, NULL);
	pid = fork();
	if (pid == 0) {
		// The destructor runs on this thread, the only one of the child. The function that
		// it calls reports by the exit status.
		pthread_exit(arg);
	}
	CHECK(pid > 0);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	return arg;
}

static void
crosscall2_in_child(void (*fn)(void *), void *arg, int n, size_t context)
{
	(void)fn;
	(void)arg;
	(void)n;
	(void)context;
	standin_crosscall2.calls++;
	if (getpid() != *(pid_t *)standin_crosscall2.arg) {
		_exit(3);
	}
}

TEST(not_in_a_forked_child)
{
	pid_t self = getpid();

	if (UNIT_TSAN || UNIT_ASAN) {
		unit_skip("ends the last thread of a forked child, which sanitizers do not expect");
	}
	standin_start();
	x_crosscall2_ptr = crosscall2_in_child;
	standin_crosscall2.arg = &self;
	run_thread(fork_and_end, NULL);
	CHECK_INT(standin_crosscall2.calls, 1);
}

// A destructor of the program may call Go after the M was released. It gets a new M, which is
// released in the next round of destructors.
static pthread_key_t own_key;

static void
call_go_at_the_end(void *arg)
{
	(void)arg;
	x_cgo_bindm(&some_g);
}

static void *
end_with_a_call(void *arg)
{
	CHECK_INT(pthread_setspecific(own_key, &own_key), 0);
	standin_export(NULL, NULL);
	return arg;
}

TEST(destructors_that_call_go)
{
	standin_start();
	CHECK_INT(pthread_key_create(&own_key, call_go_at_the_end), 0);
	for (unsigned i = 1; i <= 20; i++) {
		run_thread(end_with_a_call, NULL);
		CHECK_INT(standin_crosscall2.calls, 2 * i);
	}
}

TEST(one_key_is_taken)
{
	standin_start();
	x_cgo_notify_runtime_init_done(NULL);
	CHECK_INT(inject_pthread_key_create.calls, 1);
}

// glibc has no memory for a key beyond the first 32 of this thread: the M leaks, and nothing else
// happens.
static void *
bind_without_memory(void *arg)
{
	x_cgo_bindm(arg);
	return arg;
}

static void
bind_beyond_32(void *arg)
{
	pthread_key_t key;

	for (int i = 0; i < 40; i++) {
		CHECK_INT(pthread_key_create(&key, NULL), 0);
	}
	standin_start();
	run_thread(bind_without_memory, arg);
	CHECK_INT(standin_crosscall2.calls, 1);
}

TEST(keys_beyond_the_first_32)
{
	CHECK_ENDS_WELL(&end, bind_beyond_32, &some_g);
}

UNIT_MAIN(UNIT_TEST(end_of_a_thread_gives_the_m_back), UNIT_TEST(once_for_each_thread),
	UNIT_TEST(not_for_a_thread_that_never_called), UNIT_TEST(not_for_a_go_without_crosscall2),
	UNIT_TEST(however_the_thread_ends), UNIT_TEST(not_in_a_forked_child),
	UNIT_TEST(destructors_that_call_go), UNIT_TEST(one_key_is_taken),
	UNIT_TEST(keys_beyond_the_first_32))
