// SPDX-License-Identifier: BSD-3-Clause
// System Calls: sets and unsets variables so that C may read the environment at any moment. Runs on
// g0, under Go's envLock. Contract: POSIX.1-2024, setenv, unsetenv, and clearenv(3).

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // environ
#endif

#include "rcgo_environ.h"

#include <string.h>
#include <unistd.h>

#define ENV_TRIES 1000

// owner: nobody writes it; lock: none; ordering: none
static char *no_env[1];

// Puts text into every slot of its name; returns what was in the last of them.
static char *
env_replace(const char *name, size_t name_size, char *text)
{
	char **env = rcgo__envarray(), *old = NULL;
	size_t i = rcgo__envarray_find(env, 0, name, name_size, false);

	while (env[i] != NULL) {
		char *was = rcgo_load_acq(&env[i]);

		if (was != NULL && was != text && rcgo__envtext_names(was, name, name_size) &&
			rcgo_cas(&env[i], &was, text)) {
			old = was;
		}
		i = rcgo__envarray_find(env, i + 1, name, name_size, false);
	}
	return old;
}

// Puts text into the first of two holes or more, or at the end.
static void
env_add(char *text)
{
	char **env = rcgo__envarray();
	size_t n = rcgo__envarray_count(env), hole = 0;
	char *was = NULL;

	for (size_t i = 1; i < n; i++) {
		if (env[i] != env[0]) {
			continue;
		}
		if (hole != 0) {
			n = hole;
			was = env[0];
			break;
		}
		hole = i;
	}
	rcgo_cas(&env[n], &was, text);
}

// What ours took to be in the environment and is not, for C has replaced it or we have.
static void
env_retire_others(const char *name, size_t name_size, char *old, const char *text)
{
	char **env = rcgo_load_acq(&environ);

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

bool
rcgo__environ_set(const char *name, const char *value)
{
	size_t name_size = strcspn(name, "=");
	char *text, *old = NULL;

	if (!rcgo__envarray_serves() || name_size == 0 || name[name_size] != '\0') {
		return false;
	}
	text = rcgo__envtext_new(name, name_size, value);
	for (int i = 0; i < ENV_TRIES && text != NULL && rcgo__envarray_adopt(text); i++) {
		char *was = env_replace(name, name_size, text);

		old = was != NULL ? was : old;
		if (!rcgo__envarray_holds(rcgo__envarray(), text)) {
			env_add(text);
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
	size_t name_size = strcspn(name, "=");
	char *old = NULL;

	if (!rcgo__envarray_serves() || name_size == 0 || name[name_size] != '\0') {
		return false;
	}
	for (int i = 0; i < ENV_TRIES; i++) {
		char **env = rcgo_load_acq(&environ);
		char *was, *other;

		if (rcgo__envarray_count(env) == 0 ||
			env[rcgo__envarray_find(env, 0, name, name_size, false)] == NULL) {
			env_retire_others(name, name_size, old, NULL);
			return true;
		}
		if (!rcgo__envarray_adopt(env[0])) {
			break;
		}
		other = rcgo_load_acq(&rcgo__envarray()[rcgo__envarray_find(
			rcgo__envarray(), 0, name, name_size, true)]);
		if (other == NULL) {
			was = rcgo__envarray()[0];
			rcgo_store_rel(&environ, no_env);
		} else {
			was = env_replace(name, name_size, other);
		}
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
	rcgo_store_rel(&environ, no_env);
	rcgo__envarray_await_libc();
	if (rcgo__envarray_count(rcgo_load_acq(&environ)) != 0) {
		return false;
	}
	n = rcgo__envarray_count(rcgo__envarray());
	for (size_t i = 0; i < n; i++) {
		rcgo__envtext_retire(rcgo__envarray()[i]);
	}
	return true;
}
