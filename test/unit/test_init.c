// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: Go's first call, and the bounds of C stacks.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "go_standin.h"
#include "inject.h"
#include "fork_detect.h"
#include "unit.h"

static struct unit_end end;

// Returns the end of the main thread's stack as the kernel reports it.
static uintptr_t
end_of_stack(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long lo, hi = 0;
	char line[4096];

	CHECK(maps != NULL);
	while (fgets(line, sizeof line, maps) != NULL) {
		if (strstr(line, "[stack]") != NULL) {
			CHECK_INT(sscanf(line, "%lx-%lx", &lo, &hi), 2);
		}
	}
	fclose(maps);
	return hi;
}

static void
true_bounds(uintptr_t bounds[2])
{
	pthread_attr_t attr;
	void *lo;
	size_t size;

	CHECK_INT(pthread_getattr_np(pthread_self(), &attr), 0);
	CHECK_INT(pthread_attr_getstack(&attr, &lo, &size), 0);
	pthread_attr_destroy(&attr);
	bounds[0] = (uintptr_t)lo;
	bounds[1] = (uintptr_t)lo + size;
	// libc excludes what is above the main thread's first frame: arguments and environment.
	if (getpid() == syscall(SYS_gettid) && !unit_emulated()) {
		bounds[1] = end_of_stack();
	}
}

static void
check_bounds(void)
{
	uintptr_t want[2], got[2] = {1, 1};
	char here;

	true_bounds(want);
	x_cgo_getstackbound(got);
	CHECK_INT(got[0], want[0]);
	CHECK_INT(got[1], want[1]);
	// AddressSanitizer may keep variables elsewhere.
	CHECK(UNIT_ASAN || ((uintptr_t)&here >= got[0] && (uintptr_t)&here < got[1]));
}

TEST(init_knows_the_stack)
{
	uintptr_t want[2];

	standin_rt0();
	true_bounds(want);
	CHECK_INT(standin_g0.stacklo, want[0]);
	CHECK(standin_g0.stackhi > want[0] && standin_g0.stackhi < want[1]);
	CHECK(!rcgo__forked());
	CHECK_INT(rcgo__wipe_on_fork_page()->alive, 1);
	CHECK_INT(x_cgo_pthread_key_created, 1);
}

TEST(init_on_a_thread_of_a_library)
{
	standin_library_load();
	CHECK(standin_g0.stacklo != 0 && standin_g0.stacklo < standin_g0.stackhi);
}

TEST(init_touches_two_words)
{
	struct {
		G g;
		uintptr_t next;
	} g = {.g.stackhi = (uintptr_t)__builtin_frame_address(0), .next = 42};
	uintptr_t hi = g.g.stackhi;

	x_cgo_init(&g.g, standin_setg, NULL, NULL);
	CHECK_INT(g.g.stackhi, hi);
	CHECK_INT(g.next, 42);
	// x_cgo_init stores setg; Go calls it.
	CHECK_INT(standin_setg_calls, 0);
}

static void
init_with_hi(void *hi)
{
	G g = {.stackhi = *(uintptr_t *)hi};

	x_cgo_init(&g, standin_setg, NULL, NULL);
}

TEST(bad_bounds_are_fatal)
{
	uintptr_t bounds[2], hi = 4096;
	char want[64];

	true_bounds(bounds);
	CHECK_ABORTS(&end, init_with_hi, &hi);
	snprintf(want, sizeof want, "runtime/cgo: bad stack bounds: lo=0x%lx hi=0x1000\n",
		(unsigned long)bounds[0]);
	CHECK_STR(end.err, want);
	hi = bounds[0];
	CHECK_ABORTS(&end, init_with_hi, &hi);
	hi = bounds[0] + 1;
	CHECK_ENDS_WELL(&end, init_with_hi, &hi);
}

// On a C thread whose bounds libc cannot report.
static void *
check_unknown(void *arg)
{
	uintptr_t bounds[2] = {1, 1};

	x_cgo_getstackbound(bounds);
	CHECK_INT(bounds[0], 0);
	CHECK_INT(bounds[1], 0);
	// Go then has no bound to check against and continues.
	standin_rt0();
	CHECK_INT(standin_g0.stacklo, 0);
	CHECK(standin_g0.stackhi != 0);
	return arg;
}

TEST(unknown_bounds_when_libc_fails)
{
	pthread_t t;

	inject_arm(&inject_pthread_getattr_np, 0, INJECT_FOR_EVER, ENOMEM);
	CHECK_INT(pthread_create(&t, NULL, check_unknown, NULL), 0);
	CHECK_INT(pthread_join(t, NULL), 0);
	CHECK_INT(inject_pthread_getattr_np.calls, 2);
}

// The main thread's bounds need neither libc nor files.
static void
check_main(const uintptr_t want[2])
{
	uintptr_t got[2] = {1, 1};

	inject_arm(&inject_pthread_getattr_np, 0, INJECT_FOR_EVER, ENOMEM);
	x_cgo_getstackbound(got);
	CHECK_INT(got[0], want[0]);
	CHECK_INT(got[1], want[1]);
	standin_rt0();
	CHECK_INT(standin_g0.stacklo, want[0]);
}

TEST(main_bounds_without_files)
{
	struct rlimit none = {0, 0};
	uintptr_t want[2];

	if (getenv("UNIT_EMULATED") != NULL) {
		unit_skip("the emulator does not show where the stack ends");
	}
	true_bounds(want);
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
	check_main(want);
}

static uintptr_t true_main[2];

static void
without_proc(void *dir)
{
	CHECK_INT(chroot(dir), 0);
	CHECK_INT(chdir("/"), 0);
	CHECK(access("/proc", F_OK) != 0);
	check_main(true_main);
}

TEST(main_bounds_without_proc)
{
	char dir[] = "/tmp/unit.XXXXXX";

	if (getenv("UNIT_EMULATED") != NULL) {
		unit_skip("the emulator does not show where the stack ends");
	}
	if (getuid() != 0) {
		unit_skip("chroot needs root");
	}
	true_bounds(true_main);
	CHECK(mkdtemp(dir) != NULL);
	unit_fork(&end, without_proc, dir);
	CHECK_INT(rmdir(dir), 0);
	CHECK_STR(end.err, "");
	CHECK_INT(end.status, 0);
}

// If the limit is larger than the gap that the kernel keeps free, the stack ends at the next
// mapping.
TEST(main_bounds_when_the_limit_is_huge)
{
	static const rlim_t limits[] = {RLIM_INFINITY, RLIM_INFINITY >> 1, (rlim_t)200 << 20};
	struct rlimit limit;
	uintptr_t got[2];

	CHECK_INT(getrlimit(RLIMIT_STACK, &limit), 0);
	for (size_t i = 0; i < UNIT_COUNTOF(limits); i++) {
		uintptr_t end_of = end_of_stack();

		limit.rlim_cur = limits[i];
		if (setrlimit(RLIMIT_STACK, &limit) != 0) {
			unit_skip("the hard limit is lower");
		}
		x_cgo_getstackbound(got);
		CHECK(got[0] != 0);
		CHECK(end_of - got[0] <= limits[i]);
		// In an emulator, the stack has a fixed size and is fully mapped.
		if (unit_emulated()) {
			continue;
		}
		CHECK(got[1] == end_of);
		CHECK(got[0] < end_of - (8 << 20));
		// The range that is reported as free is free.
		CHECK(mmap((void *)got[0], 4096, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
			      0) == (void *)got[0]);
		munmap((void *)got[0], 4096);
	}
}

static void *
on_thread(void *arg)
{
	check_bounds();
	return arg;
}

TEST(bounds_of_threads)
{
	static const size_t sizes[] = {1 << 18, 1 << 20, 3 << 20};
	pthread_attr_t attr;
	pthread_t t;

	check_bounds();
	for (size_t i = 0; i < UNIT_COUNTOF(sizes); i++) {
		char *stack = malloc(sizes[i]);

		pthread_attr_init(&attr);
		CHECK_INT(pthread_attr_setstacksize(&attr, sizes[i]), 0);
		CHECK_INT(pthread_create(&t, &attr, on_thread, NULL), 0);
		CHECK_INT(pthread_join(t, NULL), 0);
		// On a stack that the program allocated.
		CHECK_INT(pthread_attr_setstack(&attr, stack, sizes[i]), 0);
		CHECK_INT(pthread_create(&t, &attr, on_thread, NULL), 0);
		CHECK_INT(pthread_join(t, NULL), 0);
		pthread_attr_destroy(&attr);
		free(stack);
	}
}

// For TSan, and in a forked child: Go calls it wherever it is not NULL.
TEST(yield)
{
	CHECK((_cgo_yield != NULL) == UNIT_TSAN);
	if (_cgo_yield != NULL) {
		_cgo_yield();
	}
}

UNIT_MAIN(UNIT_TEST(init_knows_the_stack), UNIT_TEST(init_on_a_thread_of_a_library),
	UNIT_TEST(init_touches_two_words), UNIT_TEST(bad_bounds_are_fatal),
	UNIT_TEST(unknown_bounds_when_libc_fails), UNIT_TEST(main_bounds_without_files),
	UNIT_TEST(main_bounds_without_proc), UNIT_TEST(main_bounds_when_the_limit_is_huge),
	UNIT_TEST(bounds_of_threads), UNIT_TEST(yield))
