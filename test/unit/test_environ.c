// SPDX-License-Identifier: BSD-3-Clause
// System Calls: the environment as a reader sees it while Go changes it.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "environ_tools.h"
#include "inject.h"

TEST(no_slot_becomes_empty)
{
	char **env;

	start_with_three();
	env = environ;
	for (const char *name = "BAC"; *name != '\0'; name++) {
		char text[2] = {*name};

		unset(text);
		CHECK(getenv(text) == NULL);
		CHECK_INT(slots(env), 3);
	}
	// Removing the last variable removes the array.
	CHECK(environ != env && environ[0] == NULL);
	set("D", "d");
	CHECK(environ == env);
	CHECK_INT(named(env, "D"), slots(env));
}

TEST(holes_are_filled_but_for_the_last)
{
	start_with_three();
	set("D", "d");
	unset("B");
	unset("C");
	CHECK_INT(slots(environ), 4);
	CHECK_INT(named(environ, "A"), 3);
	set("E", "e");
	CHECK_INT(slots(environ), 4);
	CHECK_STR(environ[1], "E=e");
	CHECK_STR(environ[2], "A=a");
	set("F", "f");
	CHECK_INT(slots(environ), 5);
	// The text that all tombstones share changes everywhere.
	set("A", "another");
	CHECK_INT(named(environ, "A"), 2);
	CHECK_STR(environ[2], "A=another");
	unset("A");
	CHECK_INT(named(environ, "A"), 0);
	CHECK_STR(getenv("E"), "e");
	CHECK_STR(getenv("F"), "f");
	CHECK_STR(getenv("D"), "d");
}

TEST(an_array_that_was_outgrown_stays_as_it_was)
{
	char **env, *copy[4];
	char name[32];

	start_with_three();
	env = environ;
	memcpy(copy, env, sizeof copy);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "MANY_%d", i);
		set(name, "m");
	}
	CHECK(environ != env);
	CHECK_INT(slots(environ), 503);
	CHECK(memcmp(env, copy, 3 * sizeof copy[0]) == 0);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "MANY_%d", i);
		CHECK_STR(getenv(name), "m");
		unset(name);
		CHECK(getenv(name) == NULL);
	}
	CHECK_STR(getenv("A"), "a");
}

TEST(what_c_sets_and_unsets_is_kept)
{
	char name[32];

	start_with_three();
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "OF_C_%d", i);
		CHECK_INT(setenv(name, "c", 1), 0);
		snprintf(name, sizeof name, "OF_GO_%d", i);
		set(name, "go");
	}
	CHECK_INT(setenv("A", "of C", 1), 0);
	CHECK_STR(getenv("A"), "of C");
	set("A", "of Go");
	CHECK_STR(getenv("A"), "of Go");
	CHECK_INT(setenv("A", "of C", 1), 0);
	unset("A");
	CHECK(getenv("A") == NULL);
	CHECK_INT(unsetenv("OF_GO_7"), 0);
	set("OF_GO_8", "again");
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "OF_C_%d", i);
		CHECK_STR(getenv(name), "c");
		snprintf(name, sizeof name, "OF_GO_%d", i);
		if (i == 7) {
			CHECK(getenv(name) == NULL);
		} else {
			CHECK_STR(getenv(name), i == 8 ? "again" : "go");
		}
	}
}

TEST(an_environment_that_c_puts_in_its_place)
{
	char *other[] = {(char[]){"X=x"}, (char[]){"no equals sign"}, (char[]){"Y=y"}, NULL};

	need_ours();
	environ = other;
	set("Y", "new");
	set("Z", "z");
	CHECK(environ != other);
	CHECK_STR(other[2], "Y=y");
	CHECK_STR(getenv("X"), "x");
	CHECK_STR(getenv("Y"), "new");
	CHECK_STR(getenv("Z"), "z");
	environ = NULL;
	unset("Z");
	CHECK(environ == NULL);
	set("Z", "alone");
	CHECK_STR(getenv("Z"), "alone");
	CHECK(getenv("X") == NULL);
}

TEST(libc_does_it_without_memory)
{
	need_ours();
	errno = 0;
	inject_arm(&inject_mmap, 0, 100, ENOMEM);
	set("A", "by libc");
	CHECK_STR(getenv("A"), "by libc");
	unset("A");
	CHECK(getenv("A") == NULL);
	inject_arm(&inject_mmap, 0, 0, 0);
	CHECK_INT(errno, 0);
	set("A", "by ours");
	CHECK_STR(getenv("A"), "by ours");
}

static void
forty_of_c(void)
{
	char name[32];

	x_cgo_clearenv(NULL);
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof name, "OF_C_%d", i);
		CHECK_INT(setenv(name, "c", 1), 0);
	}
}

// What Go sets many times stays in its slot, and needs no further array.
TEST(what_go_sets_stays_where_it_is)
{
	char name[32], **env;

	need_ours();
	forty_of_c();
	set("OF_C_9", "1");
	env = environ;
	for (int i = 0; i < 40 * 30; i++) {
		snprintf(name, sizeof name, "OF_C_%d", i * 7 % 40);
		set(name, i % 2 == 0 ? "even" : "odd");
		CHECK(environ == env);
	}
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof name, "OF_C_%d=", i);
		CHECK(strncmp(env[i], name, strlen(name)) == 0);
	}
}

#define KEPT 20

static unsigned over;

// Sets a variable again that is briefly absent.
static void
c_misses(int i)
{
	char name[32];

	snprintf(name, sizeof name, "KEPT_%d", i % KEPT);
	setenv(name, "was lost", 0);
}

static void *
c_changes(void *arg)
{
	char name[32], value[32];

	for (int i = 0; __atomic_load_n(&over, __ATOMIC_ACQUIRE) == 0; i++) {
		c_misses(i);
		snprintf(name, sizeof name, "OF_C_%d", i % 37);
		snprintf(value, sizeof value, "%d", i);
		setenv(name, value, 1);
		if (i % 3 == 0) {
			unsetenv(name);
		}
	}
	return arg;
}

// C replaces and frees the array while we use it.
TEST(both_change_at_once)
{
	char name[32], value[32];
	pthread_t t;

	need_ours();
	for (int i = 0; i < KEPT; i++) {
		snprintf(name, sizeof name, "KEPT_%d", i);
		CHECK_INT(setenv(name, "by nobody changed", 1), 0);
	}
	CHECK_INT(pthread_create(&t, NULL, c_changes, NULL), 0);
	for (int i = 0; i < 30000; i++) {
		snprintf(name, sizeof name, "OF_GO_%d", i % 11);
		snprintf(value, sizeof value, "%d", i);
		set(name, value);
		if (i % 5 == 0) {
			unset(name);
		}
	}
	__atomic_store_n(&over, 1, __ATOMIC_RELEASE);
	CHECK_INT(pthread_join(t, NULL), 0);
	for (int i = 0; i < KEPT; i++) {
		snprintf(name, sizeof name, "KEPT_%d", i);
		CHECK_STR(getenv(name), "by nobody changed");
	}
	for (int i = 0; i < 11; i++) {
		int last = 29999 - (29999 - i) % 11;

		snprintf(name, sizeof name, "OF_GO_%d", i);
		snprintf(value, sizeof value, "%d", last);
		if (last % 5 == 0) {
			CHECK(getenv(name) == NULL);
		} else {
			CHECK_STR(getenv(name), value);
		}
	}
}

UNIT_MAIN(UNIT_TEST(what_go_sets_stays_where_it_is), UNIT_TEST(no_slot_becomes_empty),
	UNIT_TEST(holes_are_filled_but_for_the_last),
	UNIT_TEST(an_array_that_was_outgrown_stays_as_it_was),
	UNIT_TEST(what_c_sets_and_unsets_is_kept),
	UNIT_TEST(an_environment_that_c_puts_in_its_place), UNIT_TEST(libc_does_it_without_memory),
	UNIT_TEST(both_change_at_once))
