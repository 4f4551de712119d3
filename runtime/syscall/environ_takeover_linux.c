// SPDX-License-Identifier: BSD-3-Clause
// System Calls: makes environ an array of ours. Runs on g0, under Go's envLock.
// Contract: glibc stdlib/setenv.c (its lock, what it frees, and that it frees no string).

//rcgo:small

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // environ
#endif
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "environ.h"
#include "safe_read.h"

// What environ points to may be libc's, which moves it under a lock of its own. So it is copied by
// the kernel, word by word, and what was copied counts, and its texts may be looked at, once libc's
// lock was free, environ still was the same and further copies are equal. When they are not, C is
// busy with it: then its readers are in danger anyway, and libc's functions lose nothing.

#define ENV_ADOPT_TRIES 1000
#define ENV_QUIET_LOOKS 8U
#define ENV_UNREADABLE SIZE_MAX

// Where C has taken environ back more often than this, Go looks for quiet once a tick of the clock.
#define ENV_LOOKS_FREE 16U

// For so many variables an array is made that has them in front, if it has so many at least.
#define ENV_FRONT_MOST 8U
#define ENV_FRONT_FROM 8U

// owner: the caller, under Go's envLock; lock: Go's; ordering: readers find it through environ
static char **own_env;
// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static size_t own_room; // slots, of which one at least is NULL
// owner: as own_room; lock: Go's; ordering: Go's lock
static size_t own_front; // how many arrays were made for a variable that came to the front
// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static uint32_t own_looked_ms, own_looks; // when, and how often as far as that counts

// A copy, and in its second half the one that it is compared with.
// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static struct {
	char **at;
	size_t room; // of a half
} env_words;

char **
rcgo__environ_slots(void)
{
	return own_env;
}

bool
rcgo__environ_slots_wants_front(size_t i)
{
	return own_front < ENV_FRONT_MOST && (i == 0 || i > own_front) &&
	       rcgo__environ_slots_count(own_env) >= ENV_FRONT_FROM &&
	       (own_env[i] != NULL || rcgo__environ_slots_holds(own_env + 1, own_env[0]));
}

// The old array stays as it is: a reader may be on it.
static bool
own_grow(size_t want)
{
	size_t room = own_room < 64 ? 64 : own_room;
	char **bigger;

	while (room < want) {
		room *= 2;
	}
	bigger = rcgo__environ_pool_alloc(room * sizeof *bigger);
	if (bigger == NULL) {
		return false;
	}
	own_env = bigger;
	own_room = room;
	rcgo__environ_index_begin(bigger, room);
	return true;
}

// Copies what env has to env_words.at[from], as far as there is room. Returns how many slots are
// filled: as many as a half has room for when there may be more; ENV_UNREADABLE when env is none
// any more.
static size_t
words_copy(char **env, size_t from)
{
	size_t page = RCGO_NOFAULT_PAGE / sizeof *env, n = 0;

	while (env != NULL && n < env_words.room) {
		size_t rest = page - (uintptr_t)(env + n) / sizeof *env % page;

		rest = rest < env_words.room - n ? rest : env_words.room - n;
		if (!rcgo__copy_nofault(env_words.at + from + n, env + n, rest * sizeof *env)) {
			return ENV_UNREADABLE;
		}
		for (size_t i = 0; i < rest; i++, n++) {
			if (env_words.at[from + n] == NULL) {
				return n;
			}
		}
	}
	return n;
}

// Copies env whole. Returns false without memory.
static bool
words_copy_all(char **env, size_t *n)
{
	*n = env_words.room == 0 ? 0 : words_copy(env, 0);
	while (*n == env_words.room) {
		size_t room = env_words.room == 0 ? 64 : env_words.room * 2;

		env_words.at = rcgo__environ_pool_alloc(2 * room * sizeof *env_words.at);
		env_words.room = env_words.at == NULL ? 0 : room;
		if (env_words.at == NULL) {
			return false;
		}
		*n = words_copy(env, 0);
	}
	return true;
}

static bool
words_are_still(char **env, size_t n)
{
	char **again = env_words.at + env_words.room;

	return rcgo_load_acq(&environ) == env && n != ENV_UNREADABLE &&
	       words_copy(env, env_words.room) == n &&
	       (n == 0 || memcmp(env_words.at, again, n * sizeof *again) == 0);
}

// Whether C lets the array be that the first n words are a copy of.
static bool
c_is_quiet(char **env, size_t n)
{
	rcgo__environ_slots_await_libc();
	for (unsigned i = 0; i < ENV_QUIET_LOOKS; i++) {
		if (!words_are_still(env, n)) {
			return false;
		}
	}
	return true;
}

static bool
own_may_look(void)
{
	uint32_t now = rcgo__environ_pool_clock_ms();

	if (own_looks < ENV_LOOKS_FREE) {
		own_looks++;
		return true;
	}
	if (now == own_looked_ms) {
		return false;
	}
	own_looked_ms = now;
	return true;
}

// Lays the first n words as they are; seed where there are none.
static void
own_lay(size_t n, char *initial_entry)
{
	for (size_t i = 0; i < n; i++) {
		rcgo_store_rel(&own_env[i], env_words.at[i]);
	}
	if (n == 0) {
		rcgo_store_rel(&own_env[n++], initial_entry);
	}
	rcgo__environ_slots_hide(n);
}

// Lays the first n words in a new array: one variable of another name, then front, which is
// "name=value" of a name of name_size bytes, then all others, then the holes. C may have counted
// the slots of the old array, and copy so many of this one: returns false if those do not hold all.
static bool
own_lay_front(size_t n, char *front, size_t name_size)
{
	size_t first = 0, to = 0;

	while (first < n && rcgo__environ_pool_names(env_words.at[first], front, name_size)) {
		first++;
	}
	if (first < n) {
		rcgo_store_rel(&own_env[to++], env_words.at[first]);
	}
	rcgo_store_rel(&own_env[to++], front);
	for (size_t i = 0; i < n; i++) {
		if (i != first && (first == n || env_words.at[i] != env_words.at[first]) &&
			!rcgo__environ_pool_names(env_words.at[i], front, name_size)) {
			rcgo_store_rel(&own_env[to++], env_words.at[i]);
		}
	}
	while (to < n) {
		rcgo_store_rel(&own_env[to++], own_env[0]);
	}
	return to == n;
}

static bool
words_hold(char **words, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (words[i] == text) {
			return true;
		}
	}
	return false;
}

// What C has set: in place of what has its name, or as a new one.
static void
own_take(char *text)
{
	rcgo__environ_slots_replace(text, strcspn(text, "="), text);
	if (!rcgo__environ_slots_holds(own_env, text) &&
		rcgo__environ_slots_count(own_env) + 2 <= own_room) {
		rcgo__environ_slots_add(text);
	}
}

// C may have begun to change `from` when environ became ours, and then has changed that: makes the
// same change in ours. What C has not changed stays where it is, for all may be reading.
static void
own_settle(char **from, size_t n)
{
	char **was = env_words.at, **now = env_words.at + env_words.room, **own = own_env;
	size_t left;

	rcgo__environ_slots_await_libc();
	left = words_copy(from, env_words.room);
	rcgo__environ_slots_await_libc();
	// Else `from` may be gone; the next try takes what C has made of ours.
	if (left >= env_words.room || rcgo_load_acq(&environ) != own_env) {
		return;
	}
	if (left == 0 && n != 0) {
		rcgo_cas(&environ, &own, from);
		return;
	}
	if (left == n && (n == 0 || memcmp(was, now, n * sizeof *now) == 0)) {
		return;
	}
	for (size_t i = 0; i < left; i++) {
		if (!words_hold(was, n, now[i])) {
			own_take(now[i]);
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (!words_hold(now, left, was[i]) && rcgo__environ_slots_holds(own_env, was[i])) {
			rcgo__environ_slots_remove(was[i], strcspn(was[i], "="));
		}
	}
}

enum rcgo_environ_takeover_result
rcgo__environ_takeover(char *initial_entry, size_t name_size)
{
	for (int i = 0; i < ENV_ADOPT_TRIES; i++) {
		char **from = rcgo_load_acq(&environ);
		bool ours = from != NULL && from == own_env;
		bool front = ours && name_size != 0 &&
			     rcgo__environ_slots_wants_front(rcgo__environ_slots_find(
				     own_env, 0, initial_entry, name_size, false));
		size_t n;

		if (ours && !front && rcgo__environ_slots_count(own_env) + 2 <= own_room) {
			return RCGO_ENV_TAKEN_OVER;
		}
		if (!ours && !own_may_look()) {
			return RCGO_ENV_BUSY;
		}
		if (!words_copy_all(from, &n)) {
			return RCGO_ENV_NO_MEMORY;
		}
		if (!c_is_quiet(from, n)) {
			return RCGO_ENV_BUSY;
		}
		if (n == 0 && initial_entry == NULL) {
			return RCGO_ENV_EMPTY;
		}
		if ((ours || n + 3 > own_room) && !own_grow(n + n / 2 + 3)) {
			return RCGO_ENV_NO_MEMORY;
		}
		if (front && own_lay_front(n, initial_entry, name_size)) {
			own_front++;
		} else {
			own_lay(n, initial_entry);
		}
		if (rcgo_cas(&environ, &from, own_env)) {
			own_settle(from, n);
		}
	}
	return RCGO_ENV_BUSY;
}
