// SPDX-License-Identifier: BSD-3-Clause
// System Calls: the array that environ points to while Go changes it. Runs on g0, under Go's
// envLock. Contract: POSIX.1-2024, environ; glibc stdlib/setenv.c (its lock, and what it frees).

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
#define ENV_ADOPT_TRIES 1000

// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static enum env_libc env_libc;
// owner: the caller, under Go's envLock; lock: Go's; ordering: readers find it through environ
static char **own_env;
// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static size_t own_room; // slots, of which one at least is NULL
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

// The old array stays as it is: a reader may be on it.
static bool
env_grow(size_t want)
{
	size_t room = own_room < 64 ? 64 : own_room;
	char **bigger;

	while (room < want) {
		room *= 2;
	}
	bigger = rcgo__envtext_room(room * sizeof *bigger);
	if (bigger == NULL) {
		return false;
	}
	own_env = bigger;
	own_room = room;
	return true;
}

// Fills our array with what `from` holds, or with seed when that is nothing.
static bool
env_copy_from(char **from, char *seed)
{
	size_t n = rcgo__envarray_count(from);
	size_t filled;

	if (n + 3 > own_room && !env_grow(n + n / 2 + 3)) {
		return false;
	}
	filled = rcgo__envarray_count(own_env);
	for (size_t i = 0; i < n; i++) {
		char *text = rcgo_load_acq(&from[i]);

		if (text != NULL) {
			rcgo_store_rel(&own_env[i], text);
		}
	}
	if (n == 0) {
		rcgo_store_rel(&own_env[n++], seed);
	}
	for (size_t i = n; i < filled; i++) {
		rcgo_store_rel(&own_env[i], own_env[0]);
	}
	return true;
}

static bool
env_is_copied(char **from)
{
	size_t n = rcgo__envarray_count(from);

	for (size_t i = 0; i < n; i++) {
		if (rcgo_load_rlx(&from[i]) != own_env[i]) {
			return false;
		}
	}
	return n == 0 || own_env[n] == NULL || own_env[n] == own_env[0];
}

bool
rcgo__envarray_adopt(char *seed)
{
	for (int i = 0; i < ENV_ADOPT_TRIES; i++) {
		char **from = rcgo_load_acq(&environ);

		if (from == own_env && from != NULL) {
			if (rcgo__envarray_count(own_env) + 2 <= own_room) {
				return true;
			}
			if (!env_grow(own_room * 2)) {
				return false;
			}
		}
		rcgo__envarray_await_libc();
		from = rcgo_load_acq(&environ);
		if (!env_copy_from(from, seed)) {
			return false;
		}
		rcgo__envarray_await_libc();
		if (rcgo_load_acq(&environ) == from && env_is_copied(from) &&
			rcgo_cas(&environ, &from, own_env)) {
			return true;
		}
	}
	return false;
}

char **
rcgo__envarray(void)
{
	return own_env;
}

bool
rcgo__envarray_put(char **slot, char *was, char *text, bool by_name)
{
	int saved = errno;

	if (env_libc != ENV_HAS_LOCK || !by_name) {
		bool put = rcgo_cas(slot, &was, text);

		rcgo__envarray_await_libc();
		return put && rcgo_load_acq(slot) == text && rcgo_load_acq(&environ) == own_env;
	}
	// It only stores the pointer: the name has a slot.
	__atomic_thread_fence(__ATOMIC_RELEASE);
	putenv(text);
	errno = saved;
	return rcgo_load_acq(slot) == text && rcgo_load_acq(&environ) == own_env;
}
