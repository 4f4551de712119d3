// SPDX-License-Identifier: BSD-3-Clause
// System Calls: the slots of the environment arrays, and the C library's lock on them. Runs on g0,
// under Go's envLock. Contract: POSIX.1-2024, environ; glibc stdlib/setenv.c.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // environ
#endif
#include "environ.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

enum env_libc {
	ENV_UNKNOWN,
	ENV_NO_LOCK,  // setenv takes no lock (musl): C code must prevent concurrent changes
	ENV_HAS_LOCK, // setenv takes a lock
	// glibc 2.41: setenv frees nothing, and getenv retries where needed. Also stands for
	// RCGO=environ=stock.
	ENV_IS_SAFE,
};

#define ENV_NEVER_SET "rcgo\1is\1never\1set"

// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static enum env_libc env_libc;

// owner: nobody writes it; lock: none; ordering: none
static char *no_env[1];

// owner: the caller, under Go's envLock; lock: Go's; ordering: readers find it through environ
static char **own_env;

char **
rcgo__environ_slots(void)
{
	return own_env;
}

void
rcgo__environ_slots_set(char **env)
{
	own_env = env;
}

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
	return minor >= 41 ? ENV_IS_SAFE : ENV_HAS_LOCK;
}

bool
rcgo__environ_slots_serves(void)
{
	if (env_libc == ENV_UNKNOWN) {
		env_libc = rcgo__option_is("environ", "stock") ? ENV_IS_SAFE : env_which_libc();
	}
	return env_libc != ENV_IS_SAFE;
}

void
rcgo__environ_slots_await_libc(void)
{
	int saved = errno;

	if (env_libc == ENV_HAS_LOCK) {
		unsetenv(ENV_NEVER_SET);
		errno = saved;
	}
}

size_t
rcgo__environ_slots_count(char **env)
{
	size_t n = 0;

	while (env != NULL && rcgo_load_acq(&env[n]) != NULL) {
		n++;
	}
	return n;
}

bool
rcgo__environ_slots_holds(char **env, const char *text)
{
	size_t n = rcgo__environ_slots_count(env);

	for (size_t i = 0; i < n; i++) {
		if (rcgo_load_rlx(&env[i]) == text) {
			return true;
		}
	}
	return false;
}

size_t
rcgo__environ_slots_find(char **env, size_t i, const char *name, size_t name_size, bool other)
{
	if (!other) {
		return rcgo__environ_index_find(env, i, name, name_size);
	}
	for (;; i++) {
		const char *text = rcgo_load_acq(&env[i]);

		if (text == NULL || !rcgo__environ_pool_names(text, name, name_size)) {
			return i;
		}
	}
}

bool
rcgo__environ_slots_put(char **slot, char *was, char *text, const char *name, const char *value)
{
	int saved = errno;
	bool put = rcgo_cas(slot, &was, text);

	if (env_libc == ENV_HAS_LOCK && name != NULL) {
		setenv(name, value, 0);
		errno = saved;
	} else {
		rcgo__environ_slots_await_libc();
	}
	return put && rcgo_load_acq(slot) == text &&
	       rcgo_load_acq(&environ) == rcgo__environ_slots();
}

char *
rcgo__environ_slots_replace(const char *name, size_t name_size, char *text)
{
	char **env = rcgo__environ_slots(), *old = NULL;
	size_t i = rcgo__environ_slots_find(env, 0, name, name_size, false);

	while (env[i] != NULL) {
		char *was = rcgo_load_acq(&env[i]);

		if (was != NULL && was != text && rcgo__environ_pool_names(was, name, name_size) &&
			rcgo_cas(&env[i], &was, text)) {
			old = was;
		}
		// After the first slot, use the string of slot 0: it makes a tombstone.
		text = i == 0 ? text : rcgo_load_acq(&env[0]);
		i = rcgo__environ_slots_find(env, i + 1, name, name_size, false);
	}
	return old;
}

void
rcgo__environ_slots_hide(size_t i)
{
	char **env = rcgo__environ_slots();

	for (; env[i] != NULL; i++) {
		rcgo_store_rel(&env[i], env[0]);
	}
}

void
rcgo__environ_slots_add(char *text)
{
	char **env = rcgo__environ_slots();
	size_t i = rcgo__environ_index_any_tombstone(env);
	char *was = i == 0 ? NULL : env[0];

	if (i == 0) {
		i = rcgo__environ_slots_count(env);
		rcgo__environ_slots_hide(i + 1);
	}
	rcgo_cas(&env[i], &was, text);
}

char *
rcgo__environ_slots_remove(const char *name, size_t name_size)
{
	char **env = rcgo__environ_slots(), *was = rcgo_load_acq(&env[0]);
	char *other = rcgo_load_acq(&env[rcgo__environ_slots_find(env, 0, name, name_size, true)]);

	if (other == NULL) { // this is the only variable
		rcgo_cas(&environ, &env, no_env);
		return was;
	}
	return rcgo__environ_slots_replace(name, name_size, other);
}

bool
rcgo__environ_slots_detach(void)
{
	rcgo_store_rel(&environ, no_env);
	rcgo__environ_slots_await_libc();
	return rcgo_load_acq(&environ) == no_env;
}
