// SPDX-License-Identifier: BSD-3-Clause
// System Calls: sets and unsets variables so that C may read the environment at any moment. Runs on
// g0, under Go's envLock. Contract: POSIX.1-2024, setenv, unsetenv, and clearenv(3).

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // environ
#endif

#include "rcgo_environ.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define ENV_TRIES 1000

// Where names were found last, by their first and last letter.
#define ENV_SEEN 64U
// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static size_t env_seen[ENV_SEEN];

// What ours took to be in the environment and is not, for C has replaced it or we have.
static void
env_retire_others(const char *name, size_t name_size, char *old, const char *text)
{
	char **env = rcgo__envarray();

	if (rcgo_load_acq(&environ) != env) {
		return; // C's, which may be gone at any moment
	}
	if (old != NULL && !rcgo__envarray_holds(env, old)) {
		rcgo__envtext_retire(old);
	}
	old = rcgo__envtext_live(name, name_size, NULL);
	while (old != NULL) {
		if (old != text && !rcgo__envarray_holds(env, old)) {
			rcgo__envtext_retire(old);
		}
		old = rcgo__envtext_live(name, name_size, old);
	}
}

// The first slot of this name in our array, or that of the NULL.
static size_t
env_find_again(char **env, const char *name, size_t name_size)
{
	size_t *seen = &env_seen[((uint8_t)name[0] * 7U + (uint8_t)name[name_size - 1]) % ENV_SEEN];

	// What fills holes is in the first slot, too.
	if (env[*seen] == NULL || !rcgo__envtext_names(env[*seen], name, name_size) ||
		rcgo__envtext_names(env[0], name, name_size)) {
		*seen = rcgo__envarray_find(env, 0, name, name_size, false);
	}
	return *seen;
}

// Our array if environ is that and has variables, else NULL; then *i is the slot of the name.
static char **
env_quick(const char *name, size_t name_size, size_t *i)
{
	char **env = rcgo__envarray();

	if (env == NULL || rcgo_load_acq(&environ) != env || env[0] == NULL) {
		return NULL;
	}
	*i = env_find_again(env, name, name_size);
	return env;
}

// What is most often so, in few steps: environ is ours, and the name has a slot that is not the
// first, which others may repeat, or there is a hole for it. Returns whether it was so.
static bool
env_set_quickly(const char *name, size_t name_size, const char *value, char *text)
{
	size_t i;
	char **env = env_quick(name, name_size, &i), *was;

	if (env == NULL || rcgo__envarray_wants_front(i)) {
		return false;
	}
	was = rcgo_load_acq(&env[i]);
	if (was == NULL) {
		i = i > 0 ? rcgo__envarray_hole(env) : 0;
		return i != 0 && rcgo__envarray_put(&env[i], env[0], text, name, value);
	}
	if (i == 0 || (was != text && !rcgo__envarray_put(&env[i], was, text, name, value))) {
		return false;
	}
	if (was != text && !rcgo__envtext_retire(was)) {
		env_retire_others(name, name_size, NULL, text);
	}
	return true;
}

// The same for a variable that goes.
static bool
env_unset_quickly(const char *name, size_t name_size)
{
	size_t i;
	char **env = env_quick(name, name_size, &i), *was;

	if (env == NULL) {
		return false;
	}
	was = rcgo_load_acq(&env[i]);
	if (i == 0 || was == NULL ||
		env[rcgo__envarray_find(env, i + 1, name, name_size, false)] != NULL) {
		return false;
	}
	return rcgo__envarray_put(&env[i], was, env[0], NULL, NULL) && rcgo__envtext_retire(was);
}

bool
rcgo__environ_set(const char *name, const char *value)
{
	size_t name_size = strlen(name);
	char *text, *old = NULL;

	if (!rcgo__envarray_serves() || name_size == 0 || strchr(name, '=') != NULL) {
		return false;
	}
	text = rcgo__envtext_new(name, name_size, value);
	if (text != NULL && env_set_quickly(name, name_size, value, text)) {
		return true;
	}
	memset(env_seen, 0, sizeof env_seen);
	for (int i = 0; i < ENV_TRIES && text != NULL &&
			rcgo__envarray_adopt(text, name_size) == RCGO_ENV_OURS;
		i++) {
		char *was = rcgo__envarray_replace(name, name_size, text);

		old = was != NULL ? was : old;
		if (!rcgo__envarray_holds(rcgo__envarray(), text)) {
			rcgo__envarray_add(text);
		}
		rcgo__envarray_await_libc();
		if (rcgo_load_acq(&environ) == rcgo__envarray() &&
			rcgo__envarray_holds(rcgo__envarray(), text)) {
			env_retire_others(name, name_size, old, text);
			return true;
		}
	}
	if (text != NULL) {
		rcgo__envtext_retire(text);
	}
	return false;
}

bool
rcgo__environ_unset(const char *name)
{
	size_t name_size = strlen(name);
	char *old = NULL;

	if (!rcgo__envarray_serves() || name_size == 0 || strchr(name, '=') != NULL) {
		return false;
	}
	if (env_unset_quickly(name, name_size)) {
		return true;
	}
	memset(env_seen, 0, sizeof env_seen);
	for (int i = 0; i < ENV_TRIES; i++) {
		enum rcgo_env_adopted adopted = rcgo__envarray_adopt(NULL, 0);
		char **env = rcgo__envarray(), *was;

		if (adopted == RCGO_ENV_BUSY || adopted == RCGO_ENV_NO_MEMORY) {
			break;
		}
		if (adopted == RCGO_ENV_EMPTY ||
			env[rcgo__envarray_find(env, 0, name, name_size, false)] == NULL) {
			env_retire_others(name, name_size, old, NULL);
			return true;
		}
		was = rcgo__envarray_remove(name, name_size);
		old = was != NULL ? was : old;
		rcgo__envarray_await_libc();
	}
	return false;
}

bool
rcgo__environ_clear(void)
{
	size_t n;

	if (!rcgo__envarray_serves()) {
		return false;
	}
	if (!rcgo__envarray_leave()) {
		return false;
	}
	n = rcgo__envarray_count(rcgo__envarray());
	for (size_t i = 0; i < n; i++) {
		rcgo__envtext_retire(rcgo__envarray()[i]);
	}
	return true;
}
