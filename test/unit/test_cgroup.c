// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: finds the cgroup with the fewest free places, in simulated trees.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inject.h"
#include "thread_limits.h"
#include "unit.h"

#define CGROUP "/sys/fs/cgroup"

static struct rcgo_limit_usage u;
static char dir[PATH_MAX];

// One cgroup: its pids.max and pids.current; NULL for a file that does not exist.
static void
cgroup(const char *path, const char *max, const char *current)
{
	char name[PATH_MAX];

	strcpy(name, path);
	if (max != NULL) {
		inject_file(strcat(name, "/pids.max"), max);
	}
	strcpy(name, path);
	if (current != NULL) {
		inject_file(strcat(name, "/pids.current"), current);
	}
}

static void
own_cgroup(const char *text)
{
	inject_root_make();
	inject_file("/proc/self/cgroup", text);
}

static void
check_cgroup(uint64_t value, uint64_t used, const char *where)
{
	errno = 77;
	CHECK(rcgo__limit_usage_cgroup_pids(&u, dir));
	CHECK_INT(errno, 77);
	CHECK_INT(u.value, value);
	CHECK_INT(u.used, used);
	CHECK_STR(dir, where);
	inject_root_remove();
}

static void
check_no_cgroup(void)
{
	errno = 77;
	CHECK(!rcgo__limit_usage_cgroup_pids(&u, dir));
	CHECK_INT(errno, 77);
	inject_root_remove();
}

TEST(cgroup_v2)
{
	own_cgroup("0::/user.slice/app.service\n");
	cgroup(CGROUP "/user.slice/app.service", "100\n", "99\n");
	check_cgroup(100, 99, CGROUP "/user.slice/app.service");
}

TEST(cgroup_v2_in_a_namespace)
{
	own_cgroup("0::/\n");
	cgroup(CGROUP, "20\n", "3\n");
	CHECK(rcgo__limit_usage_cgroup_pids(&u, dir));
	CHECK_INT(u.value, 20);
	CHECK_INT(u.used, 3);
	CHECK(strncmp(dir, CGROUP, strlen(CGROUP)) == 0);
	inject_root_remove();
}

// A container that has the host's cgroup names but not its tree.
TEST(cgroup_v2_whose_path_is_not_there)
{
	own_cgroup("0::/docker/0123456789abcdef\n");
	cgroup(CGROUP, "20\n", "3\n");
	check_cgroup(20, 3, CGROUP);
}

TEST(cgroup_v2_with_a_tighter_parent)
{
	own_cgroup("0::/a/b/c\n");
	cgroup(CGROUP "/a/b/c", "1000\n", "10\n");
	cgroup(CGROUP "/a/b", "50\n", "49\n");
	cgroup(CGROUP "/a", "90\n", "60\n");
	check_cgroup(50, 49, CGROUP "/a/b");
}

TEST(cgroup_v2_that_is_over_its_limit)
{
	own_cgroup("0::/a/b\n");
	cgroup(CGROUP "/a/b", "10\n", "10\n");
	cgroup(CGROUP "/a", "5\n", "40\n"); // lowered after the threads were started
	check_cgroup(5, 40, CGROUP "/a");
}

TEST(cgroup_v2_limited_above_only)
{
	own_cgroup("0::/a/b/c\n");
	cgroup(CGROUP "/a/b/c", "max\n", "10\n");
	cgroup(CGROUP "/a/b", "max\n", "11\n");
	cgroup(CGROUP "/a", "12\n", "12\n");
	check_cgroup(12, 12, CGROUP "/a");
}

TEST(cgroup_v2_without_a_limit)
{
	own_cgroup("0::/a\n");
	cgroup(CGROUP "/a", "max\n", "10\n");
	check_no_cgroup();
}

TEST(cgroup_v1)
{
	own_cgroup("9:name=systemd:/s\n8:cpu,cpuacct:/c\n7:pids:/p/q\n");
	cgroup(CGROUP "/pids/p/q", "7\n", "6\n");
	cgroup(CGROUP "/pids/p", "max\n", "16\n");
	check_cgroup(7, 6, CGROUP "/pids/p/q");
}

TEST(cgroup_v1_beside_other_controllers)
{
	own_cgroup("8:cpu,pids,memory:/x\n");
	cgroup(CGROUP "/pids/x", "9\n", "1\n");
	check_cgroup(9, 1, CGROUP "/pids/x");
}

TEST(cgroup_v1_of_similar_names)
{
	own_cgroup("8:rapids,pidsy,pids2:/x\n7:name=pids:/x\n");
	cgroup(CGROUP "/pids/x", "9\n", "1\n");
	check_no_cgroup();
}

TEST(cgroup_hybrid)
{
	own_cgroup("8:pids:/a\n1:name=systemd:/a\n0::/a\n");
	cgroup(CGROUP "/pids/a", "max\n", "5\n");
	cgroup(CGROUP "/pids", "6\n", "5\n");
	check_cgroup(6, 5, CGROUP "/pids");
	own_cgroup("0::/a\n8:pids:/a\n");
	cgroup(CGROUP "/pids/a", "3\n", "2\n");
	check_cgroup(3, 2, CGROUP "/pids/a");
}

TEST(cgroup_of_strange_names)
{
	own_cgroup("0::/a b/:colon:/c;d$(e)\n");
	cgroup(CGROUP "/a b/:colon:/c;d$(e)", "3\n", "2\n");
	check_cgroup(3, 2, CGROUP "/a b/:colon:/c;d$(e)");
}

TEST(cgroup_garbage)
{
	static const char *const texts[] = {"", "\n", "\n\n\n", "x", "0", "0:", "0::", "::", ":",
		":::", "0:pids", "8:pids:", "0::nothing", "\377\377\377", "0::/../../..",
		"1:2:3:4:5\n"};

	for (size_t i = 0; i < UNIT_COUNTOF(texts); i++) {
		own_cgroup(texts[i]);
		cgroup(CGROUP "/a", "3\n", "2\n");
		check_no_cgroup();
	}
	inject_root_make();
	check_no_cgroup();
}

TEST(cgroup_files_with_garbage)
{
	static const char *const texts[] = {"", "x", "-1\n", "99999999999999999999\n", NULL};

	for (size_t i = 0; i < UNIT_COUNTOF(texts); i++) {
		own_cgroup("0::/a\n");
		cgroup(CGROUP "/a", texts[i], "1\n");
		check_no_cgroup();
		own_cgroup("0::/a\n");
		cgroup(CGROUP "/a", "9\n", texts[i]);
		check_no_cgroup();
	}
}

// As deep as a path can be, and deeper.
TEST(cgroup_of_a_long_path)
{
	char *text = malloc(8192);

	for (size_t n = 3900; n < 4200; n += 7) {
		strcpy(text, "0::");
		for (size_t i = 3; i < n; i++) {
			text[i] = i % 100 == 3 ? '/' : 'x';
		}
		strcpy(text + n, "\n");
		own_cgroup(text);
		cgroup(CGROUP, "4\n", "2\n");
		// Either finds the limit at the root or gives up; never writes more than dir holds.
		if (rcgo__limit_usage_cgroup_pids(&u, dir)) {
			CHECK_STR(dir, CGROUP);
			CHECK_INT(u.value, 4);
		}
		inject_root_remove();
	}
	free(text);
}

UNIT_MAIN(UNIT_TEST(cgroup_v2), UNIT_TEST(cgroup_v2_in_a_namespace),
	UNIT_TEST(cgroup_v2_whose_path_is_not_there), UNIT_TEST(cgroup_v2_with_a_tighter_parent),
	UNIT_TEST(cgroup_v2_that_is_over_its_limit), UNIT_TEST(cgroup_v2_limited_above_only),
	UNIT_TEST(cgroup_v2_without_a_limit), UNIT_TEST(cgroup_v1),
	UNIT_TEST(cgroup_v1_beside_other_controllers), UNIT_TEST(cgroup_v1_of_similar_names),
	UNIT_TEST(cgroup_hybrid), UNIT_TEST(cgroup_of_strange_names), UNIT_TEST(cgroup_garbage),
	UNIT_TEST(cgroup_files_with_garbage), UNIT_TEST(cgroup_of_a_long_path))
