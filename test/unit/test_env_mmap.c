// SPDX-License-Identifier: BSD-3-Clause
// System Calls: the C environment, and Go's mappings.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "go_standin.h"
#include "inject.h"
#include "unit.h"

static struct unit_end end;

static void
set(const char *name, const char *value)
{
	char *arg[2] = {strdup(name), strdup(value)};

	x_cgo_setenv(arg);
	// C has a copy of its own.
	memset(arg[0], 'x', strlen(arg[0]));
	memset(arg[1], 'x', strlen(arg[1]));
	free(arg[0]);
	free(arg[1]);
}

static void
unset(const char *name)
{
	char *arg[1] = {strdup(name)};

	x_cgo_unsetenv(arg);
	free(arg[0]);
}

TEST(environment)
{
	CHECK(getenv("UNIT_A") == NULL);
	set("UNIT_A", "one");
	CHECK_STR(getenv("UNIT_A"), "one");
	set("UNIT_A", "another, and a longer one");
	CHECK_STR(getenv("UNIT_A"), "another, and a longer one");
	set("UNIT_A", "");
	CHECK_STR(getenv("UNIT_A"), "");
	set("UNIT_B", "=;\n\"");
	CHECK_STR(getenv("UNIT_B"), "=;\n\"");
	unset("UNIT_A");
	CHECK(getenv("UNIT_A") == NULL);
	CHECK_STR(getenv("UNIT_B"), "=;\n\"");
	unset("UNIT_A");
	unset("UNIT_NEVER_SET");
}

TEST(environment_is_what_programs_get)
{
	FILE *p;
	char line[64] = "";

	set("UNIT_A", "for a child");
	p = popen("echo \"$UNIT_A\"", "r");
	CHECK(p != NULL);
	CHECK(fgets(line, sizeof line, p) != NULL);
	CHECK_INT(pclose(p), 0);
	CHECK_STR(line, "for a child\n");
}

TEST(environment_cleared)
{
	set("UNIT_A", "one");
	x_cgo_clearenv(NULL);
	CHECK(getenv("UNIT_A") == NULL);
	CHECK(getenv("PATH") == NULL);
	CHECK(environ == NULL || environ[0] == NULL);
	x_cgo_clearenv(NULL);
	set("UNIT_A", "again");
	CHECK_STR(getenv("UNIT_A"), "again");
}

TEST(environment_names_that_libc_refuses)
{
	set("", "x");
	set("A=B", "x");
	unset("");
	CHECK(getenv("A=B") == NULL);
	CHECK(getenv("A") == NULL);
}

#define SIZE ((size_t)1 << 16)
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

TEST(mapping)
{
	uintptr_t p = x_cgo_mmap(NULL, SIZE, RW, ANON, -1, 0);
	uintptr_t q;

	CHECK(p >= 4096 && p % 4096 == 0);
	for (size_t i = 0; i < SIZE; i++) {
		CHECK_INT(((char *)p)[i], 0);
	}
	memset((void *)p, 1, SIZE);
	// At a fixed address, over an existing mapping.
	q = x_cgo_mmap((void *)p, SIZE, RW, ANON | MAP_FIXED, -1, 0);
	CHECK(q == p);
	CHECK_INT(((char *)q)[0], 0);
	x_cgo_munmap((void *)p, SIZE);
	CHECK_INT(msync((void *)p, SIZE, MS_ASYNC), -1);
	CHECK_INT(errno, ENOMEM);
}

TEST(mapping_of_a_file)
{
	char name[] = "/tmp/unit.XXXXXX";
	int fd = mkstemp(name);
	uintptr_t p;

	CHECK(fd >= 0);
	CHECK_INT(unlink(name), 0);
	CHECK_INT(ftruncate(fd, 3 << 16), 0);
	CHECK_INT(pwrite(fd, "there", 5, 2 << 16), 5);
	p = x_cgo_mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 2 << 16);
	CHECK(p >= 4096);
	CHECK(memcmp((void *)p, "there", 5) == 0);
	x_cgo_munmap((void *)p, SIZE);
	close(fd);
}

// Go passes the offset as an unsigned number of 32 bits.
TEST(mapping_of_a_far_place)
{
	char name[] = "/tmp/unit.XXXXXX";
	int fd = mkstemp(name);
	const uint32_t far = 0xfff00000;
	uintptr_t p;

	CHECK(fd >= 0);
	CHECK_INT(unlink(name), 0);
	if (pwrite(fd, "far", 3, far) != 3) {
		unit_skip("no files of 4 GiB here");
	}
	p = x_cgo_mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, far);
	CHECK(p >= 4096);
	CHECK(memcmp((void *)p, "far", 3) == 0);
	x_cgo_munmap((void *)p, 4096);
	close(fd);
}

TEST(mapping_that_fails)
{
	CHECK_INT(x_cgo_mmap(NULL, 0, RW, ANON, -1, 0), EINVAL);
	CHECK_INT(x_cgo_mmap(NULL, SIZE, RW, MAP_PRIVATE, -1, 0), EBADF);
	CHECK_INT(x_cgo_mmap((void *)1, SIZE, RW, ANON | MAP_FIXED, -1, 0), EINVAL);
	CHECK_INT(x_cgo_mmap(NULL, ~(uintptr_t)0xffffff, RW, ANON, -1, 0), ENOMEM);
	for (int err = 1; err < 134; err++) {
		inject_arm(&inject_mmap, 0, 1, err);
		CHECK_INT(x_cgo_mmap(NULL, SIZE, RW, ANON, -1, 0), err);
	}
}

static void
unmap_badly(void *arg)
{
	x_cgo_munmap(arg, SIZE);
}

TEST(unmapping_that_fails_is_fatal)
{
	CHECK_ABORTS(&end, unmap_badly, (void *)1);
	CHECK_STR(end.err, "runtime/cgo: munmap failed: Invalid argument (EINVAL)\n");
}

UNIT_MAIN(UNIT_TEST(environment), UNIT_TEST(environment_is_what_programs_get),
	UNIT_TEST(environment_cleared), UNIT_TEST(environment_names_that_libc_refuses),
	UNIT_TEST(mapping), UNIT_TEST(mapping_of_a_file), UNIT_TEST(mapping_of_a_far_place),
	UNIT_TEST(mapping_that_fails), UNIT_TEST(unmapping_that_fails_is_fatal))
