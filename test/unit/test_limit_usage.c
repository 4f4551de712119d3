// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: the system's limits and their usage, read from simulated files and from the
// real ones.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "inject.h"
#include "thread_limits.h"
#include "unit.h"

static struct rcgo_limit_usage u;

TEST(system_limits)
{
	inject_root_make();
	inject_file("/proc/loadavg", "0.10 0.20 0.30 2/345 6789\n");
	inject_file("/proc/sys/kernel/threads-max", "1000\n");
	inject_file("/proc/sys/kernel/pid_max", "4194304\n");
	errno = 77;
	CHECK(rcgo__limit_usage_threads_max(&u));
	CHECK_INT(u.value, 1000);
	CHECK_INT(u.used, 345);
	CHECK(rcgo__limit_usage_pid_max(&u));
	CHECK_INT(u.value, 4194304);
	CHECK_INT(u.used, 345);
	inject_file("/proc/loadavg", "no slash\n");
	CHECK(!rcgo__limit_usage_threads_max(&u));
	inject_file("/proc/loadavg", "1/x\n");
	CHECK(!rcgo__limit_usage_pid_max(&u));
	CHECK_INT(errno, 77);
	inject_root_remove();
	inject_root_make();
	CHECK(!rcgo__limit_usage_threads_max(&u));
	CHECK(!rcgo__limit_usage_pid_max(&u));
	inject_root_remove();
}

TEST(memory_limits)
{
	struct rlimit as = {.rlim_cur = RLIM_INFINITY >> 1, .rlim_max = RLIM_INFINITY};

	inject_root_make();
	inject_file("/proc/self/maps", "1\n2\n3\n");
	inject_file("/proc/sys/vm/max_map_count", "65530\n");
	CHECK(rcgo__limit_usage_map_count(&u));
	CHECK_INT(u.value, 65530);
	CHECK_INT(u.used, 3);
	inject_file("/proc/self/statm", "1000 7 7 7 0 7 0\n");
	CHECK(rcgo__limit_usage_address_space(&u));
	CHECK(u.value == RCGO_UNLIMITED);
	CHECK_INT(u.used, 1000 * sysconf(_SC_PAGESIZE) / 1024);
	if (!UNIT_ASAN && !UNIT_TSAN && !unit_emulated()) {
		CHECK_INT(setrlimit(RLIMIT_AS, &as), 0);
		CHECK(rcgo__limit_usage_address_space(&u));
		CHECK_INT(u.value, as.rlim_cur / 1024);
	}
	inject_file("/proc/meminfo",
		"MemTotal: 5 kB\nCommitLimit:   2000 kB\nCommitted_AS:  1500 kB\n");
	inject_file("/proc/sys/vm/overcommit_memory", "2\n");
	CHECK(rcgo__limit_usage_commit(&u));
	CHECK_INT(u.value, 2000);
	CHECK_INT(u.used, 1500);
	inject_file("/proc/sys/vm/overcommit_memory", "0\n");
	CHECK(rcgo__limit_usage_commit(&u));
	CHECK(u.value == RCGO_UNLIMITED);
	inject_file("/proc/meminfo", "MemTotal: 5 kB\n");
	CHECK(!rcgo__limit_usage_commit(&u));
	inject_root_remove();
}

static void
drop_root(void)
{
	if (getuid() == 0) {
		CHECK_INT(setgroups(0, NULL), 0);
		CHECK_INT(setresgid(61234, 61234, 61234), 0);
		CHECK_INT(setresuid(61234, 61234, 61234), 0);
	}
}

TEST(threads_of_the_user)
{
	struct rlimit nproc = {.rlim_cur = 4000, .rlim_max = 4000};

	if (getuid() != 0) {
		unit_skip("the processes of one's own user come and go; only root has another");
	}
	if (unit_emulated()) {
		unit_skip("the emulator has threads of its own");
	}
	drop_root();
	CHECK_INT(setrlimit(RLIMIT_NPROC, &nproc), 0);
	errno = 77;
	CHECK(rcgo__limit_usage_nproc(&u));
	CHECK_INT(errno, 77);
	CHECK_INT(u.value, 4000);
	CHECK_INT(u.used, unit_threads());
	CHECK_INT(rcgo__limit_usage_self_threads(), unit_threads());
}

TEST(root_has_no_limit_of_threads)
{
	struct rlimit nproc = {.rlim_cur = 1, .rlim_max = 1};
	uint64_t mapped = 0;
	FILE *map = fopen("/proc/self/uid_map", "re");

	if (map != NULL) {
		if (fscanf(map, "%*u %*u %" SCNu64, &mapped) != 1) {
			mapped = 0;
		}
		fclose(map);
	}
	if (getuid() != 0 || mapped != 4294967295) {
		unit_skip("needs the real root");
	}
	CHECK_INT(setrlimit(RLIMIT_NPROC, &nproc), 0);
	CHECK(rcgo__limit_usage_nproc(&u));
	CHECK(u.value == RCGO_UNLIMITED);
	CHECK(u.used >= 1);
}

// /proc/self/status is long if the user is a member of very many groups.
TEST(user_of_many_groups)
{
	static gid_t groups[1000];

	if (getuid() != 0) {
		unit_skip("setgroups needs root");
	}
	for (size_t i = 0; i < UNIT_COUNTOF(groups); i++) {
		groups[i] = (gid_t)(1000000 + i);
	}
	CHECK_INT(setgroups(UNIT_COUNTOF(groups), groups), 0);
	CHECK_INT(rcgo__limit_usage_self_threads(), unit_threads());
	CHECK(rcgo__limit_usage_nproc(&u));
}

UNIT_MAIN(UNIT_TEST(system_limits), UNIT_TEST(memory_limits), UNIT_TEST(threads_of_the_user),
	UNIT_TEST(root_has_no_limit_of_threads), UNIT_TEST(user_of_many_groups))
