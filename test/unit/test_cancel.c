// SPDX-License-Identifier: BSD-3-Clause
// Base: pthread_cancel does not end a thread in the middle of our code.

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "inject.h"
#include "debug_frame.h"
#include "module.h"
#include "symbolizer.h"
#include "strbuf.h"
#include "thread_management.h"
#include "thread_limits.h"
#include "unit.h"

static bool came_back, went_on;
static int nowhere;

static void *
work_while_told_to_end(void *arg)
{
	void (**work)(void) = arg;

	pthread_cancel(pthread_self());
	(*work)();
	came_back = true;
	pthread_testcancel();
	went_on = true;
	return NULL;
}

static void
check(void (*work)(void))
{
	void *result = NULL;
	pthread_t t;

	nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	CHECK(nowhere >= 0);
	CHECK_INT(pthread_create(&t, NULL, work_while_told_to_end, &work), 0);
	CHECK_INT(pthread_join(t, &result), 0);
	CHECK(came_back);
	// The thread can be cancelled, but only after that.
	CHECK(!went_on);
	CHECK(result == PTHREAD_CANCELED);
}

static void
write_text(void)
{
	char buf[8];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	rcgo__append_str(&t, "text");
	rcgo__strbuf_write(&t, nowhere);
}

static void
read_files(void)
{
	char buf[64];
	struct rcgo_limit_usage usage;

	CHECK(rcgo__file_read("/proc/self/stat", buf, sizeof buf) > 0);
	CHECK(rcgo__limit_usage_map_count(&usage));
	CHECK(rcgo__limit_usage_nproc(&usage));
}

static void
ask_kernel(void)
{
	struct rcgo_module m;
	char path[256];

	CHECK(rcgo__module_find((uintptr_t)&ask_kernel, &m));
	CHECK(rcgo__module_name(&m, path, sizeof path));
	rcgo__frame_section(&m);
}

static void
symbolize(void)
{
	struct rcgo_frame frame;

	CHECK_INT(rcgo__symbolize((uintptr_t)&symbolize, &frame, 1), 1);
	CHECK_STR(frame.function, "symbolize");
}

static void *
nothing(void *arg)
{
	return arg;
}

static void
try_to_start(void)
{
	struct rcgo_thread_attr plan;

	inject_arm(&inject_pthread_create, 0, 2, EAGAIN);
	rcgo__thread_attr_init(&plan, false);
	CHECK_INT(rcgo__thread_create(&plan, nothing, NULL), 0);
	CHECK_INT(plan.tries, 3);
	rcgo__thread_attr_destroy(&plan);
}

TEST(writing)
{
	check(write_text);
}

TEST(reading)
{
	check(read_files);
}

TEST(looking_for_an_object)
{
	check(ask_kernel);
}

TEST(symbolizing)
{
	check(symbolize);
}

TEST(starting_a_thread)
{
	check(try_to_start);
}

UNIT_MAIN(UNIT_TEST(writing), UNIT_TEST(reading), UNIT_TEST(looking_for_an_object),
	UNIT_TEST(symbolizing), UNIT_TEST(starting_a_thread))
