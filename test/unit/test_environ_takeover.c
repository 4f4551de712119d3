// SPDX-License-Identifier: BSD-3-Clause
// System Calls: environ is taken over while C is about to change it. The test changes C's array at
// one of the moments when our code waits for libc's lock.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "environ_tools.h"
#include "inject.h"

#define TEXT(text) ((char *)(uintptr_t)(text))

// The array becomes ours at the second wait: one of C, or one of ours that has no room.
enum { WAIT_OF_CHANGE = 2, WAIT_OF_LAST = 3 };
enum array { OF_C, OF_OURS };

enum change { UNSETS, UNSETS_FIRST, UNSETS_LAST, REPLACES, ADDS, UNSETS_ALL, COPIES };

static struct {
	unsigned waits, at;
	enum change change;
	char **array; // environ at the previous wait
	size_t count; // its slots
	bool kept;    // at each wait
} c;

// As libc's unsetenv: the following slots move up, and the variable is taken out of all its slots.
static void
takes_out(char **at)
{
	const char *gone = *at;
	char **to = at;

	for (; *at != NULL; at++) {
		if (*at != gone) {
			*to++ = *at;
		}
	}
	*to = NULL;
}

static char **
slot_of(const char *name)
{
	return &c.array[rcgo__environ_slots_find(c.array, 0, name, strlen(name))];
}

// As libc's setenv that counted the slots before the takeover.
static void
copies(void)
{
	static char *copy[16384];

	CHECK(c.count < sizeof copy / sizeof *copy - 1);
	memset(copy, 0, sizeof copy);
	memcpy(copy, environ, c.count * sizeof *copy);
	copy[c.count] = TEXT("NEW=by C");
	environ = copy;
}

static void
c_changes(void)
{
	switch (c.change) {
	case UNSETS:
		takes_out(slot_of("GONE"));
		break;
	case UNSETS_FIRST:
		takes_out(c.array);
		break;
	case UNSETS_LAST:
		takes_out(slot_of("LAST"));
		break;
	case REPLACES:
		*slot_of("GONE") = TEXT("GONE=replaced");
		break;
	case ADDS:
		c.array[slots(c.array)] = TEXT("NEW=by C");
		break;
	case UNSETS_ALL:
		c.array[0] = NULL;
		break;
	case COPIES:
		copies();
		break;
	}
}

static void
at_wait(void)
{
	char **before = c.array;

	if (++c.waits == c.at) {
		c_changes();
	}
	c.array = environ;
	c.count = slots(environ);
	c.kept &= c.change == UNSETS_ALL || before == NULL ||
		  (named(environ, "KEPT_1") == 1 && named(environ, "KEPT_2") == 1);
}

static void
fill_our_array(void)
{
	char name[32];

	set("X0", "by Go");
	for (int i = 0; rcgo__environ_index_has_room(); i++) {
		snprintf(name, sizeof name, "FILL_%d", i);
		set(name, "by Go");
	}
}

// Go sets the variable while C makes its change at that wait.
static void
both_of(enum array array, unsigned at, enum change change, const char *name)
{
	static char *all[] = {TEXT("FIRST=first"), TEXT("GONE=gone"), TEXT("X0=x"), TEXT("X1=x"),
		TEXT("X2=x"), TEXT("X3=x"), TEXT("X4=x"), TEXT("X5=x"), TEXT("X6=x"), TEXT("X7=x"),
		TEXT("F=f"), TEXT("KEPT_1=1"), TEXT("KEPT_2=2"), TEXT("A=a"), TEXT("B=b"),
		TEXT("LAST=last")};
	static char *theirs[sizeof all / sizeof *all + 4];
	char **before;

	need_ours();
	if (confstr(_CS_GNU_LIBC_VERSION, NULL, 0) == 0) {
		unit_skip("this libc has no lock to wait for");
	}
	memset(theirs, 0, sizeof theirs);
	memcpy(theirs, all, sizeof all);
	environ = theirs;
	if (array == OF_OURS) {
		fill_our_array();
	}
	before = environ;
	c.waits = 0;
	c.at = at;
	c.change = change;
	c.array = NULL;
	c.kept = true;
	inject_in_unsetenv = at_wait;
	set(name, "by Go");
	inject_in_unsetenv = NULL;
	CHECK(environ != before);
	CHECK(c.kept);
	CHECK(change == COPIES || environ == rcgo__environ_slots());
	CHECK_STR(getenv(name), "by Go");
}

static void
both_and_all_else_is_there(enum array array, unsigned at, enum change change)
{
	const char *name = array == OF_C ? "F" : "G";

	both_of(array, at, change, name);
	CHECK(c.waits >= at);
	CHECK_INT(named(environ, name), 1);
	CHECK_INT(named(environ, "F"), 1);
	CHECK_STR(getenv("KEPT_1"), "1");
	CHECK_STR(getenv("KEPT_2"), "2");
	CHECK_STR(getenv("A"), "a");
	CHECK_STR(getenv("B"), "b");
}

TEST(what_c_unsets_is_unset)
{
	for (enum array array = OF_C; array <= OF_OURS; array++) {
		both_and_all_else_is_there(array, WAIT_OF_CHANGE, UNSETS);
		CHECK(getenv("GONE") == NULL);
		CHECK_STR(getenv("LAST"), "last");
		both_and_all_else_is_there(array, WAIT_OF_CHANGE, UNSETS_LAST);
		CHECK(getenv("LAST") == NULL);
		CHECK_STR(getenv("GONE"), "gone");
		both_and_all_else_is_there(array, WAIT_OF_CHANGE, UNSETS_FIRST);
		CHECK(getenv("FIRST") == NULL);
		CHECK_STR(getenv("GONE"), "gone");
	}
}

TEST(what_c_sets_is_set)
{
	for (enum array array = OF_C; array <= OF_OURS; array++) {
		both_and_all_else_is_there(array, WAIT_OF_CHANGE, REPLACES);
		CHECK_STR(getenv("GONE"), "replaced");
		CHECK_INT(named(environ, "GONE"), 1);
	}
	both_and_all_else_is_there(OF_C, WAIT_OF_CHANGE, ADDS);
	CHECK_STR(getenv("NEW"), "by C");
	CHECK_INT(named(environ, "NEW"), 1);
	CHECK_STR(getenv("LAST"), "last");
}

TEST(when_c_unsets_all_only_what_go_sets_is_set)
{
	both_of(OF_C, WAIT_OF_CHANGE, UNSETS_ALL, "F");
	CHECK_INT(named(environ, "F"), slots(environ));
}

// C counted the slots of the previous array and copies as many of the new one.
TEST(what_c_copies_is_all)
{
	for (unsigned at = WAIT_OF_CHANGE; at <= WAIT_OF_LAST; at++) {
		both_and_all_else_is_there(OF_C, at, COPIES);
		CHECK_STR(getenv("NEW"), "by C");
		CHECK_STR(getenv("LAST"), "last");
		both_and_all_else_is_there(OF_OURS, at, COPIES);
		CHECK_STR(getenv("NEW"), "by C");
		CHECK_STR(getenv("LAST"), "last");
	}
}

// A variable that was stored at the end of our array while C moved the end up is behind the end.
TEST(what_is_behind_the_end_stays_unseen)
{
	char **env;

	start_with_three();
	env = environ;
	env[4] = TEXT("BEHIND=1");
	env[5] = TEXT("BEHIND=2");
	set("D", "d");
	CHECK(environ == env);
	CHECK_STR(getenv("D"), "d");
	CHECK(getenv("BEHIND") == NULL);
}

UNIT_MAIN(UNIT_TEST(what_c_unsets_is_unset), UNIT_TEST(what_c_sets_is_set),
	UNIT_TEST(what_c_copies_is_all), UNIT_TEST(when_c_unsets_all_only_what_go_sets_is_set),
	UNIT_TEST(what_is_behind_the_end_stays_unseen))
