// SPDX-License-Identifier: BSD-3-Clause
// System Calls: sets and unsets variables so that C code may read the environment at any time. Runs
// on g0, under Go's envLock. Contract: POSIX.1-2024, setenv, unsetenv, and clearenv(3).

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // environ
#endif
#include "environ.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENV_TRIES 1000

// Frees strings of this name that the pool considers live but that are no longer in the
// environment, because C or this file has replaced them.
static void
env_free_replaced(const char *name, size_t name_size, char *old, const char *text)
{
	char **env = rcgo__environ_slots();

	if (rcgo_load_acq(&environ) != env) {
		return; // an array of C, which C may free at any time
	}
	if (old != NULL && !rcgo__environ_slots_holds(env, old)) {
		rcgo__environ_pool_free_deferred(old);
	}
	old = rcgo__environ_pool_live(name, name_size, NULL);
	while (old != NULL) {
		if (old != text && !rcgo__environ_slots_holds(env, old)) {
			rcgo__environ_pool_free_deferred(old);
		}
		old = rcgo__environ_pool_live(name, name_size, old);
	}
}

// Looks a name up. Returns our array, or NULL if environ is another one or the index has no answer.
static char **
env_look_up(const char *name, size_t name_size, struct rcgo_environ_found *found)
{
	char **env = rcgo__environ_slots();

	if (env == NULL || rcgo_load_acq(&environ) != env || env[0] == NULL ||
		!rcgo__environ_index_find(env, name, name_size, found)) {
		return NULL;
	}
	return env;
}

// Adds a variable whose name is in no slot before end, the slot of the terminating NULL.
static bool
env_add_fast(char **env, size_t end, char *text)
{
	size_t tombstone = rcgo__environ_index_spare_tombstone();

	if (tombstone != 0) {
		return rcgo__environ_slots_put(tombstone, env[0], text);
	}
	if (!rcgo__environ_index_has_room()) {
		return false;
	}
	rcgo__environ_slots_hide(end + 1);
	return rcgo__environ_slots_put(end, NULL, text);
}

// The fast path of setenv. It needs environ to be our array. The name must have no slot, or a
// single one other than that which tombstones repeat. Returns whether it has set the variable.
static bool
env_set_fast(const char *name, size_t name_size, char *text)
{
	struct rcgo_environ_found found;
	char **env = env_look_up(name, name_size, &found), *was;

	if (env == NULL) {
		return false;
	}
	if (found.count == 0) {
		return env_add_fast(env, found.slot, text);
	}
	was = rcgo_load_acq(&env[found.slot]);
	if (was == text && found.count == 1) {
		return true;
	}
	if (was == NULL || found.count > 1 ||
		(found.slot == 0 && rcgo__environ_index_highest_tombstone() != 0) ||
		!rcgo__environ_slots_put(found.slot, was, text)) {
		return false;
	}
	if (!rcgo__environ_pool_free_deferred(was)) {
		env_free_replaced(name, name_size, NULL, text);
	}
	return true;
}

// The fast path of unsetenv. Returns whether the variable is no longer set.
static bool
env_unset_fast(const char *name, size_t name_size)
{
	struct rcgo_environ_found found;
	char **env = env_look_up(name, name_size, &found), *was;

	if (env == NULL) {
		return false;
	}
	was = rcgo_load_acq(&env[found.slot]);
	if (found.count != 0 && (found.slot == 0 || found.count > 1 || was == NULL ||
					!rcgo__environ_slots_put(found.slot, was, env[0]))) {
		return false;
	}
	if (was == NULL || !rcgo__environ_pool_free_deferred(was)) {
		env_free_replaced(name, name_size, NULL, NULL);
	}
	return true;
}

bool
rcgo__environ_set(const char *name, const char *value)
{
	size_t name_size = strlen(name);
	char *text, *old = NULL;

	if (!rcgo__environ_slots_serves() || name_size == 0 || strchr(name, '=') != NULL) {
		return false;
	}
	text = rcgo__environ_pool_new(name, name_size, value);
	if (text != NULL && env_set_fast(name, name_size, text)) {
		return true;
	}
	rcgo__environ_index_reset();
	for (int i = 0; i < ENV_TRIES && text != NULL &&
			rcgo__environ_takeover(text) == RCGO_ENV_TAKEN_OVER;
		i++) {
		char *was = rcgo__environ_slots_replace(name, name_size, text);

		old = was != NULL ? was : old;
		if (!rcgo__environ_slots_holds(rcgo__environ_slots(), text)) {
			rcgo__environ_slots_add(text);
		}
		rcgo__environ_slots_await_libc();
		if (rcgo_load_acq(&environ) == rcgo__environ_slots() &&
			rcgo__environ_slots_holds(rcgo__environ_slots(), text)) {
			env_free_replaced(name, name_size, old, text);
			return true;
		}
	}
	if (text != NULL) {
		rcgo__environ_pool_free_deferred(text);
	}
	return false;
}

bool
rcgo__environ_unset(const char *name)
{
	size_t name_size = strlen(name);
	char *old = NULL;

	if (!rcgo__environ_slots_serves() || name_size == 0 || strchr(name, '=') != NULL) {
		return false;
	}
	if (env_unset_fast(name, name_size)) {
		return true;
	}
	rcgo__environ_index_reset();
	for (int i = 0; i < ENV_TRIES; i++) {
		enum rcgo_environ_takeover_result result = rcgo__environ_takeover(NULL);
		char **env = rcgo__environ_slots(), *was;

		if (result == RCGO_ENV_BUSY || result == RCGO_ENV_NO_MEMORY) {
			break;
		}
		if (result == RCGO_ENV_EMPTY ||
			env[rcgo__environ_slots_find(env, 0, name, name_size)] == NULL) {
			env_free_replaced(name, name_size, old, NULL);
			return true;
		}
		was = rcgo__environ_slots_remove(name, name_size);
		old = was != NULL ? was : old;
		rcgo__environ_slots_await_libc();
	}
	return false;
}

bool
rcgo__environ_clear(void)
{
	size_t n;

	if (!rcgo__environ_slots_serves()) {
		return false;
	}
	if (!rcgo__environ_slots_detach()) {
		return false;
	}
	n = rcgo__environ_slots_count(rcgo__environ_slots());
	for (size_t i = 0; i < n; i++) {
		rcgo__environ_pool_free_deferred(rcgo__environ_slots()[i]);
	}
	return true;
}
