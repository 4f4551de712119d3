// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: the message about limits, for simulated systems.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "inject.h"
#include "thread_management.h"
#include "unit.h"

static struct unit_end end;

// System-wide values come from simulated files, because the real limits concern all processes.
static void
explain(void *arg)
{
	char buf[1920];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	(void)arg;
	rcgo__limits_explain(&t, 8 << 20, 64 << 10);
	rcgo__strbuf_write(&t, STDERR_FILENO);
}

static void
made_up_system(void)
{
	inject_root_make();
	inject_file("/proc/self/status", "Name:\tx\nThreads:\t321\n");
	inject_file("/proc/loadavg", "0.1 0.2 0.3 1/5000 77\n");
	inject_file("/proc/sys/kernel/threads-max", "100000\n");
	inject_file("/proc/sys/kernel/pid_max", "32768\n");
	inject_file("/proc/self/statm", "1000 1 1 1 1 1 1\n");
	inject_file("/proc/self/maps", "a\nb\n");
	inject_file("/proc/sys/vm/max_map_count", "65530\n");
	inject_file("/proc/meminfo", "x\nCommitLimit:  9000000 kB\nCommitted_AS:  1000 kB\n");
	inject_file("/proc/sys/vm/overcommit_memory", "2\n");
	inject_file("/proc/self/cgroup", "0::/pod/app\n");
	inject_file("/sys/fs/cgroup/pod/app/pids.max", "100\n");
	inject_file("/sys/fs/cgroup/pod/app/pids.current", "5\n");
}

static void
check_made_up(const char *path, const char *text, const char *limit, const char *advice)
{
	made_up_system();
	inject_file(path, text);
	CHECK_ENDS_WELL(&end, explain, NULL);
	inject_root_remove();
	if (limit != NULL) {
		unit_check_reached(end.err, limit, advice);
	} else {
		CHECK_HAS_NOT(end.err, "<- reached");
		CHECK_HAS(end.err, advice);
	}
}

TEST(limits_of_the_system)
{
	check_made_up("/proc/loadavg", "0 0 0 1/6 7\n", NULL, "None of these is reached");
	CHECK_HAS(end.err, "This process has 321 threads; one more takes a stack of 8192 KiB "
			   "and a guard of 64 KiB.");
	check_made_up("/proc/sys/kernel/threads-max", "5000\n", "kernel.threads-max",
		"sysctl -w kernel.threads-max");
	check_made_up("/proc/meminfo", "x\nCommitLimit:  2000 kB\nCommitted_AS:  1000 kB\n",
		"vm.overcommit_memory=2 (KiB)", "vm.overcommit_memory");
	check_made_up("/sys/fs/cgroup/pod/pids.max", "9\n", NULL, "None of these is reached");
	check_made_up("/sys/fs/cgroup/pod/app/pids.current", "100\n", "cgroup pids.max",
		"Raise pids.max of /sys/fs/cgroup/pod/app ");
	check_made_up("/proc/sys/vm/max_map_count", "3\n", "vm.max_map_count", "vm.max_map_count");
}

// The kernel does not reuse process ids below 300, so it has none left before kernel.pid_max
// threads exist.
TEST(limit_of_process_numbers)
{
	check_made_up(
		"/proc/loadavg", "0 0 0 1/32760 7\n", "kernel.pid_max", "sysctl -w kernel.pid_max");
	check_made_up(
		"/proc/loadavg", "0 0 0 1/32500 7\n", "kernel.pid_max", "sysctl -w kernel.pid_max");
}

// Real names of cgroups are long; they must not crowd out another part of the message.
TEST(message_with_a_long_cgroup)
{
	char name[600] = "/sys/fs/cgroup";
	char own[600], path[700];

	for (int i = 0; i < 5; i++) {
		strcat(name, "/kubepods-besteffort-pod01234567_89ab_cdef_0123_456789abcdef.slice");
	}
	made_up_system();
	snprintf(own, sizeof own, "0::%s\n", name + strlen("/sys/fs/cgroup"));
	inject_file("/proc/self/cgroup", own);
	snprintf(path, sizeof path, "%s/pids.max", name);
	inject_file(path, "5\n");
	snprintf(path, sizeof path, "%s/pids.current", name);
	inject_file(path, "5\n");
	CHECK_ENDS_WELL(&end, explain, NULL);
	inject_root_remove();
	unit_check_reached(end.err, "cgroup pids.max", name);
	CHECK_HAS(end.err, "each holds a thread.");
}

UNIT_MAIN(UNIT_TEST(limits_of_the_system), UNIT_TEST(limit_of_process_numbers),
	UNIT_TEST(message_with_a_long_cgroup))
