// SPDX-License-Identifier: BSD-3-Clause
// System Calls: the memory of the environment: what is kept and what is reused.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "environ_tools.h"

TEST(a_value_that_was_replaced_can_be_read)
{
	const char *was;
	char value[64];

	start_with_three();
	set("A", "the value that somebody keeps");
	was = getenv("A");
	for (int i = 0; i < 30000; i++) {
		snprintf(value, sizeof value, "%d", i);
		set("A", value);
	}
	CHECK_STR(was, "the value that somebody keeps");
	unset("A");
	CHECK_STR(was, "the value that somebody keeps");
}

TEST(a_value_that_comes_again_takes_no_memory)
{
	const char *one, *two;

	start_with_three();
	set("A", "one");
	one = getenv("A");
	set("A", "two");
	two = getenv("A");
	CHECK(one != two);
	for (int i = 0; i < 100; i++) {
		set("A", "one");
		CHECK(getenv("A") == one);
		if (i % 3 == 0) {
			unset("A");
		}
		set("A", "two");
		CHECK(getenv("A") == two);
		set("A", "two");
		CHECK(getenv("A") == two);
	}
}

// The pool has so few blocks of this size that a block is reused while its name is still in the
// cache of recent strings. There it must be once: C has replaced the variable, so all strings of
// the name are looked up.
TEST(a_block_that_is_reused_is_one_string)
{
	size_t size = RCGO_ENV_MOST / 2; // the block has twice as many bytes
	char *value = malloc(size + 1);

	CHECK(value != NULL);
	memset(value, 'v', size);
	value[size] = '\0';
	start_with_three();
	for (int i = 0; i < 12; i++) {
		value[0] = (char)('a' + i);
		set("A", value);
		CHECK(getenv("A")[0] == value[0] && strlen(getenv("A")) == size);
		setenv("A", "of C", 1);
	}
	set("A", "the last");
	CHECK_STR(getenv("A"), "the last");
	free(value);
}

static long
data_pages(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size, resident = 0;

	CHECK(f != NULL && fscanf(f, "%ld %ld", &size, &resident) == 2);
	fclose(f);
	return resident;
}

// Sizes are powers of two.
TEST(memory_is_bounded)
{
	long before, most = RCGO_ENV_MOST / 4096, times = 5 * most * 4096 / 128 / 2;
	char value[100];

	// An emulator takes ten times as long.
	if (unit_emulated()) {
		times /= 2;
	}
	start_with_three();
	for (int i = 0; i < times; i++) {
		snprintf(value, sizeof value, "%090d", i);
		set("A", value);
	}
	before = data_pages();
	CHECK(times * 128 / 4096 > most);
	for (int i = 0; i < times; i++) {
		snprintf(value, sizeof value, "%090d", -i);
		set("A", value);
	}
	CHECK(data_pages() < before + most / 4);
	CHECK_STR(getenv("A"), value);
	CHECK_STR(getenv("C"), "c");
}

TEST(values_of_all_sizes)
{
	need_ours();
	for (size_t size = 0; size < (size_t)20 << 20; size = size * 2 + 1) {
		char *value = calloc(1, size + 1);

		CHECK(value != NULL);
		memset(value, 'v', size);
		set("A", value);
		CHECK_STR(getenv("A"), value);
		set("B", "small");
		free(value);
	}
}

UNIT_MAIN(UNIT_TEST(a_value_that_was_replaced_can_be_read),
	UNIT_TEST(a_value_that_comes_again_takes_no_memory),
	UNIT_TEST(a_block_that_is_reused_is_one_string), UNIT_TEST(memory_is_bounded),
	UNIT_TEST(values_of_all_sizes))
