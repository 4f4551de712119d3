// SPDX-License-Identifier: BSD-3-Clause
// A library for LD_PRELOAD, like fakeroot's: identity calls succeed, print a line, and do nothing.
#define _GNU_SOURCE
#include <grp.h>
#include <string.h>
#include <unistd.h>

static int
fake(const char *name)
{
	char line[64] = "faked ";

	strcat(strcat(line, name), "\n");
	return write(1, line, strlen(line)) < 0;
}

int
setgroups(size_t n, const gid_t *list)
{
	(void)n;
	(void)list;
	return fake("setgroups");
}

#define FAKE1(name, type)           \
	int name(type a)            \
	{                           \
		(void)a;            \
		return fake(#name); \
	}
#define FAKE2(name, type)           \
	int name(type a, type b)    \
	{                           \
		(void)a;            \
		(void)b;            \
		return fake(#name); \
	}
#define FAKE3(name, type)                \
	int name(type a, type b, type c) \
	{                                \
		(void)a;                 \
		(void)b;                 \
		(void)c;                 \
		return fake(#name);      \
	}

FAKE1(setegid, gid_t)
FAKE1(setgid, gid_t)
FAKE2(setregid, gid_t)
FAKE3(setresgid, gid_t)
FAKE1(seteuid, uid_t)
FAKE1(setuid, uid_t)
FAKE2(setreuid, uid_t)
FAKE3(setresuid, uid_t)
