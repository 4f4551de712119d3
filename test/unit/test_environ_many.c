// SPDX-License-Identifier: BSD-3-Clause
// System Calls: an environment of many variables. What a change costs does not depend on their
// number, and what C does meanwhile counts.

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

#define MANY 600

static char *
name_of(int i)
{
	static char name[32];

	snprintf(name, sizeof name, "MANY_%d", i);
	return name;
}

static void
start_with_many(void)
{
	need_ours();
	if (confstr(_CS_GNU_LIBC_VERSION, NULL, 0) == 0) {
		unit_skip("this libc has no lock to wait for");
	}
	x_cgo_clearenv(NULL);
	set("A", "a");
	set("B", "b");
	set("C", "c");
	for (int i = 0; i < MANY; i++) {
		set(name_of(i), "go");
	}
}

static struct {
	unsigned waits, scans;
	void (*change)(void);
} c;

static void
in_setenv(const char *name)
{
	size_t size = strlen(name);

	c.waits++;
	CHECK(strncmp(environ[0], name, size) == 0 && environ[0][size] == '=');
	if (c.change != NULL) {
		void (*change)(void) = c.change;

		c.change = NULL;
		inject_in_setenv = NULL;
		change();
		inject_in_setenv = in_setenv;
	}
}

static void
in_unsetenv(void)
{
	c.scans++;
}

static void
count_calls(void (*change)(void))
{
	c.waits = c.scans = 0;
	c.change = change;
	inject_in_setenv = in_setenv;
	inject_in_unsetenv = in_unsetenv;
}

static void
end_of_count(void)
{
	inject_in_setenv = NULL;
	inject_in_unsetenv = NULL;
}

// libc's functions look at each variable, so none of them is called but one that finds its name in
// slot 0.
TEST(libc_looks_at_one_slot)
{
	start_with_many();
	count_calls(NULL);
	for (int i = 0; i < MANY / 2; i++) {
		set(name_of(i), "again");
		unset(name_of(i + MANY / 2));
	}
	set("NEW", "a tombstone becomes it");
	CHECK_INT(c.scans, 0);
	CHECK_INT(c.waits, MANY + 1);
	end_of_count();
	CHECK_STR(getenv("NEW"), "a tombstone becomes it");
	for (int i = 0; i < MANY; i++) {
		const char *value = getenv(name_of(i));

		CHECK(i < MANY / 2 ? value != NULL && strcmp(value, "again") == 0 : value == NULL);
	}
}

static void
c_unsets(void)
{
	CHECK_INT(unsetenv("MANY_77"), 0);
}

static void
c_adds(void)
{
	CHECK_INT(setenv("OF_C", "c", 1), 0);
}

static void
c_replaces(void)
{
	CHECK_INT(setenv("MANY_77", "by C", 1), 0);
	CHECK_INT(setenv("C", "by C", 1), 0);
}

static void
c_replaces_the_first(void)
{
	CHECK_INT(setenv("A", "by C", 1), 0);
}

static void
c_unsets_the_first(void)
{
	CHECK_INT(unsetenv("A"), 0);
}

static void
c_unsets_the_first_and_adds(void)
{
	c_unsets_the_first();
	c_adds();
}

static void
c_clears(void)
{
	CHECK_INT(clearenv(), 0);
}

// Returns the name of a variable that is in a slot far behind.
static const char *
far_name(void)
{
	static char name[32];
	size_t i = slots(environ);

	do {
		i--;
	} while (strncmp(environ[i], "MANY_", 5) != 0 || strncmp(environ[i], "MANY_77=", 8) == 0);
	CHECK(i > 64);
	snprintf(name, sizeof name, "%.*s", (int)strcspn(environ[i], "="), environ[i]);
	return name;
}

// Go sets, replaces and unsets while C makes its change.
static void
while_c(void (*change)(void), bool others_stay)
{
	for (int act = 0; act < 3; act++) {
		const char *name = "NEW";

		start_with_many();
		name = act == 0 ? "NEW" : far_name();
		count_calls(change);
		if (act == 2) {
			unset(name);
		} else {
			set(name, "by Go");
		}
		CHECK(c.change == NULL);
		end_of_count();
		if (act == 2) {
			CHECK(getenv(name) == NULL);
		} else {
			CHECK_STR(getenv(name), "by Go");
		}
		for (int i = 0; i < MANY && others_stay; i++) {
			if (i != 77 && strcmp(name, name_of(i)) != 0) {
				CHECK_STR(getenv(name_of(i)), "go");
			}
		}
	}
}

TEST(c_unsets_while_go_waits)
{
	while_c(c_unsets, true);
	CHECK(getenv("MANY_77") == NULL);
}

TEST(c_adds_while_go_waits)
{
	while_c(c_adds, true);
	CHECK_STR(getenv("OF_C"), "c");
	CHECK_INT(named(environ, "OF_C"), 1);
}

TEST(c_replaces_while_go_waits)
{
	while_c(c_replaces, true);
	CHECK_STR(getenv("MANY_77"), "by C");
	CHECK_STR(getenv("C"), "by C");
}

TEST(c_replaces_the_first_while_go_waits)
{
	while_c(c_replaces_the_first, true);
	CHECK_STR(getenv("A"), "by C");
}

// libc's setenv, which waits, then does not find it.
TEST(c_unsets_the_first_while_go_waits)
{
	while_c(c_unsets_the_first, true);
	CHECK(getenv("A") == NULL);
}

TEST(c_unsets_the_first_and_adds_while_go_waits)
{
	while_c(c_unsets_the_first_and_adds, true);
	CHECK(getenv("A") == NULL);
	CHECK_STR(getenv("OF_C"), "c");
}

// setenv does not take every string for a variable.
TEST(the_first_string_is_none_for_setenv)
{
	static char no_name[] = "=x", no_sign[] = "x", longest[300], ordinary[] = "O=o";
	static char *firsts[] = {no_name, no_sign, longest};

	need_ours();
	memset(longest, 'L', sizeof longest - 1);
	longest[200] = '=';
	for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
		static char *theirs[8];

		theirs[0] = firsts[i];
		theirs[1] = ordinary;
		environ = theirs;
		set("NEW", "by Go");
		CHECK(environ != theirs && environ[0] == firsts[i]);
		set("NEW", "again");
		set("O", "again");
		CHECK_STR(getenv("NEW"), "again");
		CHECK_STR(getenv("O"), "again");
		unset("NEW");
		CHECK(getenv("NEW") == NULL);
		CHECK(environ[0] == firsts[i]);
	}
}

TEST(c_clears_while_go_waits)
{
	while_c(c_clears, false);
	CHECK(getenv("MANY_77") == NULL);
}

// The first variable, which tombstones repeat, comes and goes too.
TEST(all_go_in_their_order)
{
	start_with_many();
	unset("A");
	unset("B");
	unset("C");
	count_calls(NULL);
	for (int i = 0; i < MANY - 1; i++) {
		unset(name_of(i));
		CHECK(getenv(name_of(i)) == NULL);
	}
	CHECK_INT(c.scans, 0);
	inject_in_setenv = NULL;
	inject_in_unsetenv = NULL;
	CHECK_STR(getenv(name_of(MANY - 1)), "go");
	unset(name_of(MANY - 1));
	CHECK(environ[0] == NULL);
}

// What Go and C do at random, and what then is there.
#define NAMES 400

static struct {
	uint32_t random;
	int value[NAMES]; // -1: not set
	char put[NAMES][64];
} model;

static uint32_t
any(uint32_t below)
{
	model.random = model.random * 1664525U + 1013904223U;
	return (model.random >> 8) % below;
}

static void
one_change(int step)
{
	int i = (int)any(NAMES);
	char value[16];

	snprintf(value, sizeof value, "%d", step);
	switch (any(12)) {
	case 0:
	case 1:
	case 2:
		unset(name_of(i));
		model.value[i] = -1;
		return;
	case 3:
		CHECK_INT(unsetenv(name_of(i)), 0);
		model.value[i] = -1;
		return;
	case 4:
		CHECK_INT(setenv(name_of(i), value, 1), 0);
		break;
	case 5:
		if (model.value[i] >= 0) {
			unset(name_of(i)); // putenv's string may be in use
		}
		CHECK_INT(unsetenv(name_of(i)), 0);
		snprintf(model.put[i], sizeof model.put[i], "%s=%s", name_of(i), value);
		CHECK_INT(putenv(model.put[i]), 0);
		break;
	default:
		set(name_of(i), value);
		break;
	}
	model.value[i] = step;
}

static void
check_model(void)
{
	char value[16];

	for (int i = 0; i < NAMES; i++) {
		const char *is = getenv(name_of(i));

		if (model.value[i] < 0) {
			CHECK(is == NULL);
		} else {
			snprintf(value, sizeof value, "%d", model.value[i]);
			CHECK_STR(is, value);
		}
	}
}

TEST(what_go_and_c_do_at_random)
{
	// An emulator takes ten times as long.
	uint32_t seeds = unit_emulated() ? 1 : 3;
	int steps = unit_emulated() ? 1000 : 3000;

	need_ours();
	for (uint32_t seed = 1; seed <= seeds; seed++) {
		x_cgo_clearenv(NULL);
		model.random = seed;
		for (int i = 0; i < NAMES; i++) {
			model.value[i] = -1;
		}
		for (int step = 0; step < steps; step++) {
			one_change(step);
			if (step % 500 == 0) {
				check_model();
			}
		}
		check_model();
	}
}

// C stores a pointer of another name into the array. Where there are many, that is seen a tick
// later.
TEST(c_writes_into_the_array)
{
	static char other[] = "OTHER=by C";
	uint32_t was;
	size_t i = 0;

	start_with_many();
	while (strcmp(environ[i], "MANY_300=go") != 0) {
		i++;
	}
	environ[i] = other;
	was = rcgo__environ_pool_clock_ms();
	while (rcgo__environ_pool_clock_ms() == was) {
	}
	set("OTHER", "by Go");
	CHECK_STR(getenv("OTHER"), "by Go");
	CHECK_INT(named(environ, "OTHER"), 1);
	set("MANY_300", "by Go");
	CHECK_STR(getenv("MANY_300"), "by Go");
}

UNIT_MAIN(UNIT_TEST(libc_looks_at_one_slot), UNIT_TEST(c_unsets_while_go_waits),
	UNIT_TEST(c_adds_while_go_waits), UNIT_TEST(c_replaces_while_go_waits),
	UNIT_TEST(c_replaces_the_first_while_go_waits),
	UNIT_TEST(c_unsets_the_first_while_go_waits),
	UNIT_TEST(c_unsets_the_first_and_adds_while_go_waits),
	UNIT_TEST(the_first_string_is_none_for_setenv), UNIT_TEST(c_clears_while_go_waits),
	UNIT_TEST(all_go_in_their_order), UNIT_TEST(what_go_and_c_do_at_random),
	UNIT_TEST(c_writes_into_the_array))
