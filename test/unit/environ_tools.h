// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: the environment: changes in the way Go makes them, and what a reader of environ sees.
#ifndef ENVIRON_TOOLS_H
#define ENVIRON_TOOLS_H

#include <string.h>
#include <unistd.h>

#include "go_standin.h"
#include "environ.h"
#include "unit.h"

static inline void
set(const char *name, const char *value)
{
	char *arg[2] = {(char *)(uintptr_t)name, (char *)(uintptr_t)value};

	x_cgo_setenv(arg);
}

static inline void
unset(const char *name)
{
	char *arg[1] = {(char *)(uintptr_t)name};

	x_cgo_unsetenv(arg);
}

// If libc itself has this behaviour, there is nothing to test.
static inline void
need_ours(void)
{
	if (!rcgo__environ_slots_serves()) {
		unit_skip("this libc's own functions are as safe");
	}
}

#define slots(env) rcgo__environ_slots_count(env)

static inline size_t
named(char **env, const char *name)
{
	size_t n = 0;

	for (; *env != NULL; env++) {
		n += strncmp(*env, name, strlen(name)) == 0 && (*env)[strlen(name)] == '=';
	}
	return n;
}

// An environment of exactly three variables.
static inline void
start_with_three(void)
{
	need_ours();
	x_cgo_clearenv(NULL);
	set("A", "a");
	set("B", "b");
	set("C", "c");
	CHECK_INT(slots(environ), 3);
}

#endif // ENVIRON_TOOLS_H
