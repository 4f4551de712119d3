// SPDX-License-Identifier: BSD-3-Clause
// System Calls: slots of the environment's arrays, and libc's lock on them. Runs on g0, under Go's
// envLock. Contract: POSIX.1-2024, environ; glibc stdlib/setenv.c.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // environ
#endif

#include "rcgo_environ.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum env_libc {
	ENV_UNKNOWN,
	ENV_NO_LOCK,   // C's setenv takes no lock (musl): C has to see to it that nobody else sets
	ENV_HAS_LOCK,  // it takes a lock
	ENV_CAN_DO_IT, // glibc 2.41: frees nothing, getenv looks again where it has to
};

#define ENV_NEVER_SET "rcgo\1is\1never\1set"

// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static enum env_libc env_libc;

// owner: nobody writes it; lock: none; ordering: none
static char *no_env[1];

static enum env_libc
env_which_libc(void)
{
	char text[32] = "";
	const char *prefix = "glibc 2.";
	unsigned minor = 0;
	int saved = errno;

	confstr(_CS_GNU_LIBC_VERSION, text, sizeof text);
	errno = saved;
	if (strncmp(text, prefix, strlen(prefix)) != 0) {
		return ENV_NO_LOCK;
	}
	for (const char *p = text + strlen(prefix); *p >= '0' && *p <= '9' && minor < 1000; p++) {
		minor = minor * 10 + (unsigned)(*p - '0');
	}
	return minor >= 41 ? ENV_CAN_DO_IT : ENV_HAS_LOCK;
}

bool
rcgo__envarray_serves(void)
{
	if (env_libc == ENV_UNKNOWN) {
		env_libc = env_which_libc();
	}
	return env_libc != ENV_CAN_DO_IT;
}

void
rcgo__envarray_await_libc(void)
{
	int saved = errno;

	if (env_libc == ENV_HAS_LOCK) {
		unsetenv(ENV_NEVER_SET);
		errno = saved;
	}
}

size_t
rcgo__envarray_count(char **env)
{
	size_t n = 0;

	while (env != NULL && rcgo_load_acq(&env[n]) != NULL) {
		n++;
	}
	return n;
}

bool
rcgo__envarray_holds(char **env, const char *text)
{
	size_t n = rcgo__envarray_count(env);

	for (size_t i = 0; i < n; i++) {
		if (rcgo_load_rlx(&env[i]) == text) {
			return true;
		}
	}
	return false;
}

size_t
rcgo__envarray_find(char **env, size_t i, const char *name, size_t name_size, bool other)
{
	for (;; i++) {
		const char *text = rcgo_load_acq(&env[i]);

		if (text == NULL || rcgo__envtext_names(text, name, name_size) != other) {
			return i;
		}
	}
}

bool
rcgo__envarray_put(char **slot, char *was, char *text, const char *name, const char *value)
{
	int saved = errno;
	bool put = rcgo_cas(slot, &was, text);

	if (env_libc == ENV_HAS_LOCK && name != NULL) {
		setenv(name, value, 0);
		errno = saved;
	} else {
		rcgo__envarray_await_libc();
	}
	return put && rcgo_load_acq(slot) == text && rcgo_load_acq(&environ) == rcgo__envarray();
}

size_t
rcgo__envarray_hole(char **env)
{
	size_t hole = 0;

	for (size_t i = 0; env[i] != NULL; i++) {
		if (i > 0 && env[i] == env[0]) {
			if (hole != 0) {
				return hole;
			}
			hole = i;
		}
	}
	return 0;
}

char *
rcgo__envarray_replace(const char *name, size_t name_size, char *text)
{
	char **env = rcgo__envarray(), *old = NULL;
	size_t i = rcgo__envarray_find(env, 0, name, name_size, false);

	while (env[i] != NULL) {
		char *was = rcgo_load_acq(&env[i]);

		if (was != NULL && was != text && rcgo__envtext_names(was, name, name_size) &&
			rcgo_cas(&env[i], &was, text)) {
			old = was;
		}
		// With all slots filled, text is there or in slot 0.
		text = i == 0 ? text : rcgo_load_acq(&env[0]);
		i = rcgo__envarray_find(env, i + 1, name, name_size, false);
	}
	return old;
}

void
rcgo__envarray_hide(size_t i)
{
	char **env = rcgo__envarray();

	for (; env[i] != NULL; i++) {
		rcgo_store_rel(&env[i], env[0]);
	}
}

void
rcgo__envarray_add(char *text)
{
	char **env = rcgo__envarray();
	size_t i = rcgo__envarray_hole(env);
	char *was = i == 0 ? NULL : env[0];

	if (i == 0) {
		i = rcgo__envarray_count(env);
		rcgo__envarray_hide(i + 1);
	}
	rcgo_cas(&env[i], &was, text);
}

char *
rcgo__envarray_remove(const char *name, size_t name_size)
{
	char **env = rcgo__envarray(), *was = rcgo_load_acq(&env[0]);
	char *other = rcgo_load_acq(&env[rcgo__envarray_find(env, 0, name, name_size, true)]);

	if (other == NULL) { // there is nothing else
		rcgo_cas(&environ, &env, no_env);
		return was;
	}
	return rcgo__envarray_replace(name, name_size, other);
}

bool
rcgo__envarray_leave(void)
{
	rcgo_store_rel(&environ, no_env);
	rcgo__envarray_await_libc();
	return rcgo_load_acq(&environ) == no_env;
}
