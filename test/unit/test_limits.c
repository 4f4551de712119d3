// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: real limits, each of them really reached, and the message that names it. Long
// because: the tests share the code that sets and reaches limits.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "go_standin.h"
#include "inject.h"
#include "thread_management.h"
#include "unit.h"

#define PAGES_AT_ONCE 4096

static struct unit_end end;

static void
sleep_for_ever(void)
{
	for (;;) {
		pause();
	}
}

// Starts threads until one does not start; fails if all start.
static void
start_threads(unsigned most)
{
	static G g[256];

	CHECK(most <= UNIT_COUNTOF(g));
	inject_clock.on = true;
	for (unsigned i = 0; i < most; i++) {
		standin_newm(&g[i], sleep_for_ever);
	}
	unit_fail(__FILE__, __LINE__, "%u threads have started", most);
}

static void
need_real_limits(void)
{
	if (UNIT_ASAN || UNIT_TSAN) {
		unit_skip("a sanitizer has needs of its own");
	}
	if (unit_emulated()) {
		unit_skip("the emulator has needs of its own");
	}
}

static void
become(uid_t id)
{
	CHECK_INT(setgroups(0, NULL), 0);
	CHECK_INT(setresgid(id, id, id), 0);
	CHECK_INT(setresuid(id, id, id), 0);
	// Otherwise our files in /proc still belong to root.
	CHECK_INT(prctl(PR_SET_DUMPABLE, 1), 0);
}

static void
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		unit_skip("cannot write %s: %s", path, strerror(errno));
	}
	close(fd);
}

static void
too_many_for_the_user(void *arg)
{
	struct rlimit nproc = {.rlim_cur = 5, .rlim_max = 5};

	(void)arg;
	standin_start();
	if (getuid() == 0) {
		become(61234);
	} else {
		nproc.rlim_cur = 1;
	}
	CHECK_INT(setrlimit(RLIMIT_NPROC, &nproc), 0);
	start_threads(20);
}

TEST(limit_of_the_user)
{
	need_real_limits();
	CHECK_ABORTS(&end, too_many_for_the_user, NULL);
	unit_check_reached(end.err, "RLIMIT_NPROC (threads of this user)", "ulimit -u");
	CHECK_HAS(end.err, "(EAGAIN)");
	if (getuid() == 0) {
		CHECK_HAS(end.err, "This process has 5 threads");
	}
}

// Root in a container that is not root outside has limits like any other user.
static void
too_many_for_a_mapped_root(void *arg)
{
	struct rlimit nproc = {.rlim_cur = 5, .rlim_max = 5};
	char map[64];
	uid_t uid = getuid();

	(void)arg;
	standin_start();
	if (uid == 0) {
		uid = 61235;
		become(uid);
	} else {
		nproc.rlim_cur = 1;
	}
	if (unshare(CLONE_NEWUSER) != 0) {
		unit_skip("cannot make a user namespace: %s", strerror(errno));
	}
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof map, "0 %u 1", (unsigned)uid);
	write_file("/proc/self/uid_map", map);
	CHECK_INT(getuid(), 0);
	CHECK_INT(setrlimit(RLIMIT_NPROC, &nproc), 0);
	start_threads(20);
}

TEST(limit_of_root_in_a_user_namespace)
{
	need_real_limits();
	unit_fork(&end, too_many_for_a_mapped_root, NULL);
	if (end.status >> 8 == UNIT_SKIPPED) {
		unit_skip("%s", end.err);
	}
	CHECK_HAS(end.err, "runtime/cgo: pthread_create failed: ");
	unit_check_reached(end.err, "RLIMIT_NPROC (threads of this user)", "ulimit -u");
}

// Leaves memory for three stacks of libc's default size and some KiB.
static void
little_room(int resource, const char *key, uint64_t kib)
{
	struct rcgo_thread_attr plan;
	struct rlimit limit;

	standin_start();
	rcgo__thread_attr_init(&plan, true);
	CHECK_INT(getrlimit(resource, &limit), 0);
	limit.rlim_cur = (unit_status_field("/proc/self/status", key, 10) +
				 3 * plan.stack_size / 1024 + kib) *
			 1024;
	rcgo__thread_attr_destroy(&plan);
	CHECK_INT(setrlimit(resource, &limit), 0);
}

static void
too_little_memory(void *resource)
{
	int which = *(int *)resource;

	little_room(which, which == RLIMIT_AS ? "VmSize" : "VmData", 300);
	start_threads(200);
}

TEST(limits_of_memory)
{
	int as = RLIMIT_AS, data = RLIMIT_DATA;

	need_real_limits();
	CHECK_ABORTS(&end, too_little_memory, &as);
	unit_check_reached(end.err, "RLIMIT_AS (KiB)", "ulimit -v");
	CHECK_HAS(end.err, "takes a stack of 256 KiB");
	CHECK_ABORTS(&end, too_little_memory, &data);
	unit_check_reached(end.err, "RLIMIT_DATA (KiB)", "ulimit -d");
}

// Three stacks of 8 MiB fit; then stacks of 4 MiB, 2 MiB, and so on.
static void
stacks_become_smaller(int resource, const char *used, uint64_t kib)
{
	static G g[6];

	need_real_limits();
	little_room(resource, used, kib);
	inject_clock.on = true;
	for (size_t i = 0; i < UNIT_COUNTOF(g); i++) {
		standin_newm(&g[i], sleep_for_ever);
	}
	CHECK(g[5].stackhi < g[0].stackhi && g[5].stackhi >= 256 << 10);
}

TEST(smaller_stacks_as_a_last_try)
{
	stacks_become_smaller(RLIMIT_AS, "VmSize", 7000);
}

TEST(smaller_stacks_for_want_of_data)
{
	stacks_become_smaller(RLIMIT_DATA, "VmData", 12000);
}

// The guard area counts as address space. 25 MiB hold a stack and a guard area of 8 MiB each, then
// a stack of 1 MiB with such a guard area, and nothing more.
static void
too_little_for_the_guard(void *arg)
{
	static G g[2];
	struct rlimit limit;

	(void)arg;
	CHECK_INT(setenv("RCGO", "guard=8M,stack=8M", 1), 0);
	standin_start();
	limit.rlim_cur = (unit_status_field("/proc/self/status", "VmSize", 10) + (25 << 10)) * 1024;
	limit.rlim_max = limit.rlim_cur;
	CHECK_INT(setrlimit(RLIMIT_AS, &limit), 0);
	inject_clock.on = true;
	standin_newm(&g[0], sleep_for_ever);
	CHECK_INT(g[0].stackhi, 8 << 20);
	standin_newm(&g[1], sleep_for_ever);
	CHECK(g[1].stackhi <= 1 << 20);
	start_threads(20);
}

// A program built by clang needs more memory for the search of the limits than this test leaves.
TEST(guard_is_address_space)
{
	need_real_limits();
	CHECK_ABORTS(&end, too_little_for_the_guard, NULL);
	unit_check_reached(end.err, "RLIMIT_AS (KiB)", "ulimit -v");
	CHECK_HAS(end.err, "and a guard of 8192 KiB");
}

// A failure that memory does not explain may be transient, also after a stack had to be smaller.
TEST(tries_go_on_after_a_smaller_stack)
{
	static G g;
	struct rlimit before;

	stacks_become_smaller(RLIMIT_AS, "VmSize", 7000);
	CHECK_INT(getrlimit(RLIMIT_AS, &before), 0);
	before.rlim_cur = before.rlim_max;
	CHECK_INT(setrlimit(RLIMIT_AS, &before), 0);
	inject_arm(&inject_pthread_create, 0, 3, EAGAIN);
	standin_newm(&g, sleep_for_ever);
	CHECK_INT(inject_pthread_create.calls, 4);
}

// Every second page is a separate mapping, until the kernel refuses more.
static void
too_many_mappings(void *arg)
{
	long page = sysconf(_SC_PAGESIZE);

	(void)arg;
	standin_start();
	for (;;) {
		char *p = mmap(NULL, (size_t)page * PAGES_AT_ONCE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p == MAP_FAILED) {
			break;
		}
		for (long i = 1; i < PAGES_AT_ONCE; i += 2) {
			if (mprotect(p + i * page, (size_t)page, PROT_READ) != 0) {
				start_threads(20);
			}
		}
	}
	start_threads(20);
}

TEST(limit_of_mappings)
{
	unsigned long most = 0;
	FILE *f = fopen("/proc/sys/vm/max_map_count", "re");

	need_real_limits();
	if (f == NULL || fscanf(f, "%lu", &most) != 1 || most > 300000) {
		unit_skip("this kernel allows too many mappings to reach the limit in a test");
	}
	fclose(f);
	CHECK_ABORTS(&end, too_many_mappings, NULL);
	unit_check_reached(end.err, "vm.max_map_count", "sysctl -w vm.max_map_count");
}

// The cgroup file system that limits threads, v1 or v2, if a group can be created in it.
static bool
make_cgroup(char *path, size_t size)
{
	static const char *const roots[] = {"/sys/fs/cgroup/pids", "/sys/fs/cgroup"};
	char file[256];

	for (size_t i = 0; i < UNIT_COUNTOF(roots); i++) {
		snprintf(path, size, "%s/unit-test-%d", roots[i], (int)getpid());
		if (mkdir(path, 0755) != 0) {
			continue;
		}
		snprintf(file, sizeof file, "%s/pids.max", path);
		if (access(file, W_OK) == 0) {
			return true;
		}
		rmdir(path);
	}
	return false;
}

static void
too_many_for_the_cgroup(void *path)
{
	char file[256], pid[32];

	snprintf(file, sizeof file, "%s/pids.max", (char *)path);
	write_file(file, "4");
	snprintf(file, sizeof file, "%s/cgroup.procs", (char *)path);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	write_file(file, pid);
	standin_start();
	start_threads(20);
}

TEST(limit_of_the_cgroup)
{
	static char path[128];
	const struct timespec ms = {.tv_nsec = 1000000};

	need_real_limits();
	if (!make_cgroup(path, sizeof path)) {
		unit_skip("no cgroup can be made here");
	}
	unit_fork(&end, too_many_for_the_cgroup, path);
	for (int i = 0; i < 1000 && rmdir(path) != 0; i++) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &ms, NULL);
	}
	if (end.status >> 8 == UNIT_SKIPPED) {
		unit_skip("%s", end.err);
	}
	CHECK_HAS(end.err, "runtime/cgo: pthread_create failed: ");
	unit_check_reached(end.err, "cgroup pids.max", "Raise pids.max of ");
	CHECK_HAS(end.err, path);
	CHECK_HAS(end.err, "This process has 4 threads");
}

UNIT_MAIN(UNIT_TEST(limit_of_the_user), UNIT_TEST(limit_of_root_in_a_user_namespace),
	UNIT_TEST(limits_of_memory), UNIT_TEST(smaller_stacks_as_a_last_try),
	UNIT_TEST(smaller_stacks_for_want_of_data), UNIT_TEST(guard_is_address_space),
	UNIT_TEST(tries_go_on_after_a_smaller_stack), UNIT_TEST(limit_of_mappings),
	UNIT_TEST(limit_of_the_cgroup))
