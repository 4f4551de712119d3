// SPDX-License-Identifier: BSD-3-Clause
// Base: the options of RCGO=name=value,name=value.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "unit.h"

static void
with(const char *list)
{
	if (list == NULL) {
		unsetenv("RCGO");
	} else {
		CHECK_INT(setenv("RCGO", list, 1), 0);
	}
	errno = 77;
	rcgo__options_init();
	CHECK_INT(errno, 77);
}

TEST(defaults)
{
	CHECK(rcgo__option_is("traceback", "on"));
	CHECK(rcgo__option_is("contexts", "off"));
	with(NULL);
	CHECK(rcgo__option_is("traceback", "on"));
	CHECK(!rcgo__option_is("traceback", "off"));
	CHECK(rcgo__option_is("contexts", "off"));
	CHECK(!rcgo__option_is("contexts", "on"));
	CHECK(rcgo__option_is("crash", "on"));
	CHECK(rcgo__option_size("stack", 42) == 42);
	CHECK(!rcgo__option_is("no such option", "on"));
	CHECK(rcgo__option_size("no such option", 7) == 7);
	with("");
	CHECK(rcgo__option_is("traceback", "on"));
}

TEST(values_are_taken)
{
	with("traceback=off");
	CHECK(rcgo__option_is("traceback", "off"));
	CHECK(!rcgo__option_is("traceback", "on"));
	with("contexts=on,traceback=off,stack=8M");
	CHECK(rcgo__option_is("contexts", "on"));
	CHECK(rcgo__option_is("traceback", "off"));
	CHECK(rcgo__option_size("stack", 0) == 8u << 20);
	// The last one wins, and empty items are ignored.
	with(",contexts=on,,contexts=off,");
	CHECK(rcgo__option_is("contexts", "off"));
}

// One word for all options, which later items override.
TEST(stock)
{
	static const char *const off[] = {"traceback", "contexts", "crash", "demangle", "signals",
		"names", "stats", "leafcheck", "handles"};
	static const char *const as_stock[] = {"fork", "environ", "setid", "threads"};

	with("stack=8M,contexts=on,stock");
	for (size_t i = 0; i < UNIT_COUNTOF(off); i++) {
		CHECK(rcgo__option_is(off[i], "off"));
	}
	for (size_t i = 0; i < UNIT_COUNTOF(as_stock); i++) {
		CHECK(rcgo__option_is(as_stock[i], "stock"));
	}
	CHECK(rcgo__option_size("stack", 7) == 7);
	with("stock,crash=on,guard=4K");
	CHECK(rcgo__option_is("crash", "on"));
	CHECK(rcgo__option_is("traceback", "off"));
	CHECK(rcgo__option_size("guard", 7) == 4096);
	with(NULL);
	CHECK(rcgo__option_is("environ", "safe"));
}

static void
check_size(const char *text, uint64_t want)
{
	char list[64] = "stack=";

	strcat(list, text);
	with(list);
	CHECK(rcgo__option_size("stack", 99) == want);
}

TEST(sizes)
{
	check_size("0", 0);
	check_size("1", 1);
	check_size("64K", 64u << 10);
	check_size("3M", 3u << 20);
	check_size("16G", (uint64_t)16 << 30);
	check_size("18446744073709551615", UINT64_MAX);
	check_size("18014398509481983K", UINT64_MAX << 10);
	with("stack=1K,guard=2K");
	CHECK(rcgo__option_size("stack", 0) == 1024);
	CHECK(rcgo__option_size("guard", 0) == 2048);
}

TEST(files)
{
	with("dump=SIGUSR1");
	CHECK(rcgo__option_size("dump", 0) == SIGUSR1);
	CHECK(rcgo__option_signal_file() == NULL);
	with("dump=SIGUSR2:/var/log/x:y,crash=json:fd:3");
	CHECK(rcgo__option_size("dump", 0) == SIGUSR2);
	CHECK_STR(rcgo__option_signal_file(), "/var/log/x:y");
	CHECK_STR(rcgo__option_text("crash"), "json:fd:3");
	with("crash=json:./here,dump=SIGUSR2:/a,dump=SIGUSR2");
	CHECK_STR(rcgo__option_text("crash"), "json:./here");
	CHECK(rcgo__option_signal_file() == NULL);
	with("crash=off");
	CHECK(rcgo__option_text("crash") == NULL);
}

static void
bad(void *list)
{
	with(*(const char *const *)list);
	CHECK(rcgo__option_size("stack", 99) == 99);
	CHECK(rcgo__option_is("traceback", "on"));
	CHECK(rcgo__option_is("contexts", "on")); // the known value beside it counts
}

TEST(what_is_not_known_is_said_once)
{
	static const char *lists[] = {
		"contexts=on,tracebak=off",
		"contexts=on,traceback=of",
		"contexts=on,traceback=off1",
		"contexts=on,traceback=",
		"contexts=on,traceback",
		"contexts=on,=",
		"contexts=on,=on",
		"contexts=on,traceback =off",
		"contexts=on,stack=",
		"contexts=on,stack=K",
		"contexts=on,stack=-1",
		"contexts=on,stack= 1",
		"contexts=on,stack=1KK",
		"contexts=on,stack=1k",
		"contexts=on,stack=18446744073709551616",
		"contexts=on,stack=18014398509481984K",
		"contexts=on,dump=SIGUSR1:",
		"contexts=on,dump=SIGUSR1:here",
		"contexts=on,dump=:/file",
		"contexts=on,crash=json:",
		"contexts=on,crash=json:fd:",
		"contexts=on,stock=on",
		"contexts=on,stocks",
		"contexts=on,on\nand on\x1b[31m",
	};
	struct unit_end end;

	for (size_t i = 0; i < UNIT_COUNTOF(lists); i++) {
		unit_fork(&end, bad, &lists[i]);
		CHECK_INT(end.status, 0);
		CHECK_HAS(end.err, "runtime/cgo: RCGO has an option or value that is not known");
		CHECK_HAS(end.err, " traceback=on|off|always contexts=off|on ");
		CHECK_HAS(end.err, " stack=SIZE ");
		CHECK_HAS_NOT(end.err, "\x1b");
		CHECK(strchr(end.err, '\n') == end.err + end.len - 1);
	}
}

static void
very_bad(void *arg)
{
	static char list[5000];

	(void)arg;
	memset(list, 'x', sizeof list - 1);
	with(list);
}

TEST(a_long_list_is_cut)
{
	struct unit_end end;

	unit_fork(&end, very_bad, NULL);
	CHECK_INT(end.status, 0);
	CHECK(end.len < 1280);
	CHECK_HAS(end.err, "xxxx; known are stock traceback=on|off|always");
	CHECK(end.err[end.len - 1] == '\n');
}

UNIT_MAIN(UNIT_TEST(defaults), UNIT_TEST(values_are_taken), UNIT_TEST(stock), UNIT_TEST(sizes),
	UNIT_TEST(files), UNIT_TEST(what_is_not_known_is_said_once), UNIT_TEST(a_long_list_is_cut))
