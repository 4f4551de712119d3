// SPDX-License-Identifier: BSD-3-Clause
// Context Management: C contexts, and the registration of the program's functions.

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "go_standin.h"
#include "context_management.h"
#include "unit.h"

static unsigned begun;
static unsigned released;
static uintptr_t last_released;
static __thread uintptr_t own_context;

// A program's context function: each C thread gets its own numbers.
static void
context(struct cgoContextArg *arg)
{
	if (arg->Context == 0) {
		own_context = 0x1000 + __atomic_add_fetch(&begun, 1, __ATOMIC_RELAXED);
		arg->Context = own_context;
	} else {
		CHECK_INT(arg->Context, own_context);
		__atomic_store_n(&last_released, arg->Context, __ATOMIC_RELAXED);
		__atomic_fetch_add(&released, 1, __ATOMIC_RELAXED);
	}
}

static void
other_context(struct cgoContextArg *arg)
{
	arg->Context = arg->Context == 0 ? 7 : 0;
}

// A context function that gives no context for this stack.
static void
no_context(struct cgoContextArg *arg)
{
	CHECK_INT(arg->Context, 0);
	begun++;
}

static void
traceback(struct cgoTracebackArg *arg)
{
	(void)arg;
}

static void
symbolizer(struct cgoSymbolizerArg *arg)
{
	(void)arg;
}

static void
check_one_call(void)
{
	begun = released = 0;
	CHECK_INT(standin_export(NULL, NULL), 0x1001);
	CHECK_INT(begun, 1);
	CHECK_INT(released, 1);
	CHECK_INT(last_released, 0x1001);
}

TEST(context_function_set_before_go_is_up)
{
	standin_rt0();
	x_cgo_set_context_function(context);
	CHECK_INT(rcgo__init_barrier_state(), 0);
	standin_main(true);
	check_one_call();
}

TEST(context_function_set_when_go_is_up)
{
	standin_start();
	CHECK_INT(standin_export(NULL, NULL), 0);
	x_cgo_set_context_function(context);
	check_one_call();
}

TEST(context_function_of_go_1_26)
{
	struct cgoSetTracebackFunctionsArg arg = {traceback, context, symbolizer};

	standin_start();
	x_cgo_set_traceback_functions(&arg);
	memset(&arg, 0xa5, sizeof arg);
	CHECK(rcgo__hooks_traceback() == traceback);
	CHECK(rcgo__init_barrier_context() == context);
	CHECK(rcgo__hooks_symbolizer() == symbolizer);
	check_one_call();
}

TEST(each_function_may_be_absent)
{
	struct cgoSetTracebackFunctionsArg arg = {traceback, NULL, NULL};

	standin_start();
	x_cgo_set_traceback_functions(&arg);
	CHECK(rcgo__hooks_traceback() == traceback);
	CHECK(rcgo__init_barrier_context() == NULL);
	CHECK(rcgo__hooks_symbolizer() == NULL);
	CHECK_INT(rcgo__init_barrier_state(), RCGO_INIT_STATE_OPEN);
	CHECK_INT(standin_export(NULL, NULL), 0);
}

TEST(nothing_is_registered_at_first)
{
	CHECK(rcgo__hooks_traceback() == NULL);
	CHECK(rcgo__init_barrier_context() == NULL);
	CHECK(rcgo__hooks_symbolizer() == NULL);
	standin_start();
	CHECK_INT(standin_export(NULL, NULL), 0);
}

static int leaf_calls[2];

static void
leaf_enter(void)
{
	CHECK_INT(leaf_calls[0], leaf_calls[1]);
	leaf_calls[0]++;
}

static void
leaf_leave(void)
{
	leaf_calls[1]++;
}

// Package leaf's functions surround each exported function, with and without a context function.
TEST(functions_of_package_leaf)
{
	standin_start();
	rcgo_leaf_hooks_set(leaf_enter, leaf_leave);
	CHECK_INT(standin_export(NULL, NULL), 0);
	CHECK_INT(leaf_calls[0], 1);
	CHECK_INT(leaf_calls[1], 1);
	x_cgo_set_context_function(context);
	check_one_call();
	CHECK(leaf_calls[0] > 1);
	CHECK_INT(leaf_calls[1], leaf_calls[0]);
	x_cgo_set_context_function(NULL);
	rcgo_leaf_hooks_set(NULL, NULL);
	CHECK_INT(rcgo__init_barrier_state(), RCGO_INIT_STATE_OPEN);
}

TEST(context_function_taken_away_and_replaced)
{
	standin_start();
	x_cgo_set_context_function(context);
	check_one_call();
	x_cgo_set_context_function(NULL);
	CHECK_INT(standin_export(NULL, NULL), 0);
	x_cgo_set_context_function(other_context);
	CHECK_INT(standin_export(NULL, NULL), 7);
}

TEST(no_context_is_not_released)
{
	standin_start();
	x_cgo_set_context_function(no_context);
	begun = 0;
	CHECK_INT(standin_export(NULL, NULL), 0);
	CHECK_INT(begun, 1);
	_cgo_release_context(0);
	CHECK_INT(begun, 1);
}

TEST(release_without_a_context_function)
{
	standin_start();
	_cgo_release_context(0);
	_cgo_release_context(42);
}

static void
nested(void *depth)
{
	uintptr_t outer = own_context;

	if (*(unsigned *)depth > 0) {
		--*(unsigned *)depth;
		CHECK(standin_export(nested, depth) > outer);
	}
	own_context = outer;
}

TEST(nested_calls)
{
	unsigned depth = 20;

	standin_start();
	x_cgo_set_context_function(context);
	standin_export(nested, &depth);
	CHECK_INT(begun, 21);
	CHECK_INT(released, 21);
	CHECK_INT(last_released, 0x1001);
}

#define THREADS 4
#define CALLS 20000

static void *
call_go(void *arg)
{
	for (int i = 0; i < CALLS; i++) {
		standin_export(NULL, NULL);
	}
	return arg;
}

// Registration while threads call: each call has either no context or a complete one.
TEST(registration_while_threads_call)
{
	pthread_t t[THREADS];

	standin_start();
	for (int i = 0; i < THREADS; i++) {
		CHECK_INT(pthread_create(&t[i], NULL, call_go, NULL), 0);
	}
	x_cgo_set_context_function(context);
	for (int i = 0; i < THREADS; i++) {
		CHECK_INT(pthread_join(t[i], NULL), 0);
	}
	CHECK_INT(begun, released);
	CHECK(begun <= THREADS * CALLS);
	check_one_call();
}

UNIT_MAIN(UNIT_TEST(context_function_set_before_go_is_up),
	UNIT_TEST(context_function_set_when_go_is_up), UNIT_TEST(context_function_of_go_1_26),
	UNIT_TEST(each_function_may_be_absent), UNIT_TEST(nothing_is_registered_at_first),
	UNIT_TEST(functions_of_package_leaf), UNIT_TEST(context_function_taken_away_and_replaced),
	UNIT_TEST(no_context_is_not_released), UNIT_TEST(release_without_a_context_function),
	UNIT_TEST(nested_calls), UNIT_TEST(registration_while_threads_call))
