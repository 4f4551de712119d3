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
#include "symbol_lookup.h"

enum env_libc {
	ENV_UNKNOWN,
	ENV_NO_LOCK,  // setenv takes no lock (musl): C code must prevent concurrent changes
	ENV_HAS_LOCK, // setenv takes a lock
	// glibc 2.41: setenv frees nothing, and getenv retries where needed. Also stands for
	// RCGO=environ=stock and for perl.
	ENV_IS_SAFE,
};

#define ENV_NEVER_SET "rcgo\1is\1never\1set"

// A longer name in slot 0 is not copied.
#define ENV_FIRST_MAX 64U

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

// Returns the number after "2." in glibc's version, or 0 if the C library is another one.
static unsigned
glibc_minor(const char *version)
{
	unsigned minor = 0;

	if (version[0] != '2' || version[1] != '.') {
		return 0;
	}
	for (const char *p = version + 2; *p >= '0' && *p <= '9' && minor < 1000; p++) {
		minor = minor * 10 + (unsigned)(*p - '0');
	}
	return minor;
}

static enum env_libc
env_which_libc(void)
{
	// glibc's function is in a page that was needed at start, unlike confstr.
	const char *(*version)(void) = NULL;
	void *found = rcgo__lookup_next("gnu_get_libc_version");
	const char *prefix = "glibc ";
	char text[32] = "";
	unsigned minor = 0;
	int saved = errno;

	if (found != NULL) {
		memcpy(&version, &found, sizeof version);
		minor = glibc_minor(version());
	} else {
		confstr(_CS_GNU_LIBC_VERSION, text, sizeof text);
		errno = saved;
		if (strncmp(text, prefix, strlen(prefix)) == 0) {
			minor = glibc_minor(text + strlen(prefix));
		}
	}
	return minor == 0 ? ENV_NO_LOCK : minor >= 41 ? ENV_IS_SAFE : ENV_HAS_LOCK;
}

// Returns whether libc's functions must make Go's changes: RCGO=environ=stock, or perl, which calls
// realloc for what environ points to and free for the strings.
static bool
env_must_be_malloced(void)
{
	return rcgo__option_is("environ", "stock") || rcgo__lookup_first("Perl_my_setenv") != NULL;
}

bool
rcgo__environ_slots_serves(void)
{
	if (env_libc == ENV_UNKNOWN) {
		env_libc = env_must_be_malloced() ? ENV_IS_SAFE : env_which_libc();
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
rcgo__environ_slots_find(char **env, size_t i, const char *name, size_t name_size)
{
	const char *text;

	while ((text = rcgo_load_acq(&env[i])) != NULL &&
		!rcgo__environ_pool_names(text, name, name_size)) {
		i++;
	}
	return i;
}

// Returns the string of the last variable with another name, or NULL. The last, because a program
// that unsets all variables in their order needs no other one for slot 0 then.
static char *
last_other(char **env, const char *name, size_t name_size)
{
	char *other = NULL;

	for (size_t i = 0; env[i] != NULL; i++) {
		char *text = rcgo_load_acq(&env[i]);

		if (text != NULL && !rcgo__environ_pool_names(text, name, name_size)) {
			other = text;
		}
	}
	return other;
}

// Copies the name of the variable text to name, which has ENV_FIRST_MAX bytes. Returns whether it
// fits and setenv accepts it.
static bool
first_name_copy(const char *text, char *name)
{
	size_t size = 0;

	while (size < ENV_FIRST_MAX && text[size] != '=' && text[size] != '\0') {
		name[size] = text[size];
		size++;
	}
	if (size == 0 || size == ENV_FIRST_MAX || text[size] == '\0') {
		return false;
	}
	name[size] = '\0';
	return true;
}

// Waits for changes by C that have begun: libc's setenv takes the lock that they hold, finds its
// name in slot 0, and does not overwrite the variable. If C has just unset the variable, setenv
// sets it again, so it is unset.
static bool
await_libc_at_front(char **env)
{
	const char *first = rcgo_load_acq(&env[0]);
	char name[ENV_FIRST_MAX];
	size_t name_size;

	if (!first_name_copy(first, name)) {
		return false;
	}
	name_size = strlen(name);
	setenv(name, first + name_size + 1, 0);
	if (RCGO_UNLIKELY(rcgo_load_acq(&environ) != env)) {
		first = rcgo_load_acq(&env[0]);
		if (first == NULL || !rcgo__environ_pool_names(first, name, name_size)) {
			unsetenv(name);
		}
	}
	return true;
}

bool
rcgo__environ_slots_put(size_t i, char *was, char *text)
{
	char **env = rcgo__environ_slots();
	int saved = errno;

	if (!rcgo_cas(&env[i], &was, text)) {
		return false;
	}
	rcgo__environ_index_put(i, text);
	if (env_libc == ENV_HAS_LOCK && !await_libc_at_front(env)) {
		rcgo__environ_slots_await_libc();
	}
	errno = saved;
	return rcgo_load_acq(&env[i]) == text && rcgo_load_acq(&environ) == env &&
	       rcgo__environ_index_agrees(env);
}

char *
rcgo__environ_slots_replace(const char *name, size_t name_size, char *text)
{
	char **env = rcgo__environ_slots(), *old = NULL;
	size_t i = rcgo__environ_slots_find(env, 0, name, name_size);

	while (env[i] != NULL) {
		char *was = rcgo_load_acq(&env[i]);

		if (was != NULL && was != text && rcgo__environ_pool_names(was, name, name_size) &&
			rcgo_cas(&env[i], &was, text)) {
			old = was;
		}
		// After the first slot, use the string of slot 0: it makes a tombstone.
		text = i == 0 ? text : rcgo_load_acq(&env[0]);
		i = rcgo__environ_slots_find(env, i + 1, name, name_size);
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

// Returns the first of at least two tombstones, or 0.
static size_t
any_tombstone(char **env)
{
	size_t tombstone = 0;

	for (size_t i = 1; env[i] != NULL; i++) {
		if (env[i] == env[0]) {
			if (tombstone != 0) {
				return tombstone;
			}
			tombstone = i;
		}
	}
	return 0;
}

void
rcgo__environ_slots_add(char *text)
{
	char **env = rcgo__environ_slots();
	size_t i = any_tombstone(env);
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
	char *other = last_other(env, name, name_size);

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
