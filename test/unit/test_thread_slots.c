// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: the replacement for a pthread key if the program has used all keys.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>

#include "go_standin.h"
#include "thread_record.h"
#include "unit.h"

#define THREADS 32

static void
run_thread(void *(*f)(void *), void *arg)
{
	pthread_t t;

	CHECK_INT(pthread_create(&t, NULL, f, arg), 0);
	CHECK_INT(pthread_join(t, NULL), 0);
}

static void *
call_go_often(void *arg)
{
	for (int i = 0; i < 100; i++) {
		standin_export(NULL, NULL);
	}
	return arg;
}

static void
take_all_keys(void)
{
	static pthread_key_t keys[4096];
	size_t n = 0;

	while (n < UNIT_COUNTOF(keys) && pthread_key_create(&keys[n], NULL) == 0) {
		n++;
	}
	if (n == UNIT_COUNTOF(keys)) {
		unit_skip("this libc has keys without end");
	}
}

static void *
call_go_and_look(void *arg)
{
	CHECK(rcgo__thread_record() == NULL);
	call_go_often(NULL);
	CHECK(rcgo__thread_record() != NULL);
	CHECK_INT(rcgo__thread_record()->kind, RCGO_THREAD_FOREIGN);
	return arg;
}

// The mechanism that ends thread_local objects of C++ works when libc has no key left.
TEST(bound_without_a_key)
{
	pthread_t t[THREADS];

	take_all_keys();
	errno = 77;
	standin_rt0();
	CHECK_INT(x_cgo_pthread_key_created, 0);
	standin_main(true);
	CHECK_INT(errno, 77);
	CHECK_INT(x_cgo_pthread_key_created, 1);
	for (unsigned i = 1; i <= 100; i++) {
		run_thread(call_go_and_look, NULL);
		CHECK_INT(standin_crosscall2.calls, i);
	}
	for (int i = 0; i < THREADS; i++) {
		CHECK_INT(pthread_create(&t[i], NULL, call_go_and_look, NULL), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		CHECK_INT(pthread_join(t[i], NULL), 0);
	}
	CHECK_INT(standin_crosscall2.calls, 100 + THREADS);
}

static unsigned ran;
static G thread_g;

static void
mstart(void)
{
	CHECK(rcgo__thread_record() != NULL);
	CHECK_INT(rcgo__thread_record()->kind, RCGO_THREAD_GO);
	__atomic_fetch_add(&ran, 1, __ATOMIC_RELEASE);
}

TEST(threads_of_go_without_a_key)
{
	take_all_keys();
	standin_start();
	for (unsigned i = 1; i <= 50; i++) {
		standin_newm(&thread_g, mstart);
		unit_await(&ran, i);
	}
	CHECK_INT(standin_crosscall2.calls, 0);
}

TEST(the_key_is_tried_again_when_go_is_up)
{
	take_all_keys();
	standin_rt0();
	CHECK_INT(x_cgo_pthread_key_created, 0);
	CHECK_INT(pthread_key_delete(42), 0);
	standin_main(true);
	CHECK_INT(x_cgo_pthread_key_created, 1);
	run_thread(call_go_often, NULL);
	CHECK_INT(standin_crosscall2.calls, 1);
}

UNIT_MAIN(UNIT_TEST(bound_without_a_key), UNIT_TEST(threads_of_go_without_a_key),
	UNIT_TEST(the_key_is_tried_again_when_go_is_up))
