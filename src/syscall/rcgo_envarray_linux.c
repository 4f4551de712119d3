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

// For so many variables an array is made that has them in front, if it has so many at least.
#define ENV_FRONT_MOST 8U
#define ENV_FRONT_FROM 8U

// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static enum env_libc env_libc;
// owner: the caller, under Go's envLock; lock: Go's; ordering: readers find it through environ
static char **own_env;
// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static size_t own_room; // slots, of which one at least is NULL
// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static size_t own_front; // how many arrays were made for a variable that came to the front

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

// Stores text in a slot of our array, or tells whether it is what the slot has. C may make what is
// copied longer meanwhile.
static bool
env_lay_slot(size_t i, char *text, bool check)
{
	if (i + 1 >= own_room) {
		return false;
	}
	if (check) {
		return rcgo_load_rlx(&own_env[i]) == text;
	}
	rcgo_store_rel(&own_env[i], text);
	return true;
}

// Lays our array as `from` is, with seed where that is nothing; or tells whether it is so.
static bool
env_lay(char **from, char *seed, bool check)
{
	size_t filled = rcgo__envarray_count(own_env), n = 0;
	bool same = true;

	for (char *text; from != NULL && (text = rcgo_load_acq(&from[n])) != NULL; n++) {
		same &= env_lay_slot(n, text, check);
	}
	if (n == 0) {
		same &= env_lay_slot(n++, seed, check);
	}
	for (size_t i = n; i < filled; i++) {
		same &= env_lay_slot(i, own_env[0], check);
	}
	return same;
}

// Lays a new array: one variable of another name, then front, which is "name=value" of a name of
// name_size bytes, then all others, without holes; or tells whether it is so.
static bool
env_lay_front(char **from, char *front, size_t name_size, bool check)
{
	char *first = rcgo_load_acq(&from[rcgo__envarray_find(from, 0, front, name_size, true)]);
	size_t n = 0;
	bool same = true;

	if (first != NULL) {
		same &= env_lay_slot(n++, first, check);
	}
	same &= env_lay_slot(n++, front, check);
	for (size_t i = 0;; i++) {
		char *text = rcgo_load_acq(&from[i]);

		if (text == NULL) {
			return same && (!check || rcgo_load_rlx(&own_env[n]) == NULL);
		}
		if (text != first && !rcgo__envtext_names(text, front, name_size)) {
			same &= env_lay_slot(n++, text, check);
		}
	}
}

// As one of the two; room was made before.
static bool
env_copy(char **from, char *seed, size_t front_size, bool check)
{
	return front_size != 0 ? env_lay_front(from, seed, front_size, check)
			       : env_lay(from, seed, check);
}

bool
rcgo__envarray_wants_front(size_t i)
{
	return own_front < ENV_FRONT_MOST && (i == 0 || i > own_front) &&
	       rcgo__envarray_count(rcgo_load_acq(&environ)) >= ENV_FRONT_FROM;
}

bool
rcgo__envarray_adopt(char *seed, size_t name_size)
{
	for (int i = 0; i < ENV_ADOPT_TRIES; i++) {
		char **from = rcgo_load_acq(&environ);
		size_t n = rcgo__envarray_count(from), front_size = 0;

		if (n != 0 && name_size != 0 &&
			rcgo__envarray_wants_front(
				rcgo__envarray_find(from, 0, seed, name_size, false))) {
			front_size = name_size;
		}
		if (front_size == 0 && from == own_env && from != NULL && n + 2 <= own_room) {
			return true;
		}
		rcgo__envarray_await_libc();
		from = rcgo_load_acq(&environ);
		n = rcgo__envarray_count(from);
		front_size = n == 0 ? 0 : front_size;
		if ((front_size != 0 || from == own_env || n + 3 > own_room) &&
			!env_grow(n + n / 2 + 3)) {
			return false;
		}
		own_front += front_size != 0;
		env_copy(from, seed, front_size, false);
		rcgo__envarray_await_libc();
		if (rcgo_load_acq(&environ) == from && env_copy(from, seed, front_size, true) &&
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
	return put && rcgo_load_acq(slot) == text && rcgo_load_acq(&environ) == own_env;
}
