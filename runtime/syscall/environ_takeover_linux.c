// SPDX-License-Identifier: BSD-3-Clause
// System Calls: makes environ point to our array. Runs on g0, under Go's envLock.
// Contract: glibc stdlib/setenv.c (its lock, what it frees, and that it frees no string).
//

//rcgo:small

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // environ
#endif
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "environ.h"
#include "safe_read.h"

// environ may point to an array of the C library, which reallocates it under its own lock. So the
// array is copied by rcgo__copy_nofault. The copy is valid, and its strings may be read, if
// afterwards the C library's lock was free, environ was unchanged and further copies are equal. If
// they differ, C is changing the environment. Its readers are then in danger anyway, and nothing is
// lost by a call of the C library's functions.

#define ENV_TAKEOVER_TRIES 1000
#define ENV_QUIET_CHECKS 8U
#define ENV_QUIET_COPIES RCGO_NOFAULT_PIECES // so many are made by one call
#define ENV_UNREADABLE SIZE_MAX

// The first copy has room for so many words.
#define ENV_WORDS_MIN 64U

// The kernel keeps more address space than this between the end of the main thread's stack and
// other mappings, and stores less than this of arguments and environment there (execve(2)).
#define MAIN_STACK_NEAR ((uintptr_t)8 << 20)

// Our first array has room for the variables that most programs add.
#define ENV_ROOM_MIN 128U

// After C has replaced environ this often, Go checks for quiet only once per clock tick.
#define ENV_FREE_CHECKS 16U

// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static size_t own_room; // number of slots, of which at least one is NULL
// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static uint32_t own_checked_ms,
	own_checks; // time of the last check; checks up to the limit

// A copy of the array, and behind it further copies to compare with.
// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static struct {
	char **at;
	size_t room;   // of one copy
	size_t copies; // without the first one
} env_words;

// Returns whether an array is on the main thread's stack, above all frames, or in one of them. That
// is where the kernel puts the first environment, and nobody unmaps it.
static bool
is_on_main_stack(char **env)
{
	uintptr_t end = (uintptr_t)getauxval(AT_EXECFN);

	return end - (uintptr_t)env < MAIN_STACK_NEAR;
}

// Replaces our array by a larger one. The old array stays unchanged for concurrent readers.
static bool
own_grow(size_t want)
{
	size_t room = own_room < ENV_ROOM_MIN ? ENV_ROOM_MIN : own_room;
	char **bigger;

	while (room < want) {
		room *= 2;
	}
	bigger = rcgo__environ_pool_alloc(room * sizeof *bigger);
	if (bigger == NULL) {
		return false;
	}
	rcgo__environ_slots_set(bigger);
	own_room = room;
	rcgo__environ_index_begin(bigger, room);
	return true;
}

// Copies an array that stays mapped, as words_copy does. That needs no system call.
static size_t
words_copy_mapped(char **env, size_t from, size_t most)
{
	size_t n = 0;

	while (n < most && (env_words.at[from + n] = rcgo_load_acq(&env[n])) != NULL) {
		n++;
	}
	return n;
}

// Copies at most `most` words of env to env_words.at[from]. Returns the number of filled slots:
// `most` if there may be more, or ENV_UNREADABLE if env is no longer mapped.
static size_t
words_copy(char **env, bool mapped, size_t from, size_t most)
{
	size_t page = RCGO_NOFAULT_PAGE / sizeof *env, n = 0;

	if (mapped) {
		return words_copy_mapped(env, from, most);
	}
	while (env != NULL && n < most) {
		size_t rest = page - (uintptr_t)(env + n) / sizeof *env % page;

		rest = rest < most - n ? rest : most - n;
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

// Makes room for copies of at least `want` words.
static bool
words_make_room(size_t want, size_t copies)
{
	size_t room = env_words.room == 0 ? ENV_WORDS_MIN : env_words.room;

	if (want <= env_words.room && copies <= env_words.copies) {
		return true;
	}
	while (room < want) {
		room *= 2;
	}
	env_words.at = rcgo__environ_pool_alloc((1 + copies) * room * sizeof *env_words.at);
	env_words.room = env_words.at == NULL ? 0 : room;
	env_words.copies = env_words.at == NULL ? 0 : copies;
	return env_words.at != NULL;
}

// Copies all of env. Returns false if there is no memory.
static bool
words_copy_all(char **env, bool mapped, size_t *n)
{
	size_t copies = mapped ? 1 : ENV_QUIET_COPIES;
	size_t want = mapped ? rcgo__environ_slots_count(env) + 1 : 1;

	do {
		if (!words_make_room(want, copies)) {
			return false;
		}
		*n = words_copy(env, mapped, 0, env_words.room);
		want = env_words.room + 1;
	} while (*n == env_words.room);
	return true;
}

// Returns whether the first n words and the NULL behind them are in the array as before. Makes
// ENV_QUIET_COPIES copies of an array that may be unmapped.
static bool
words_unchanged(char **env, bool mapped, size_t n)
{
	struct rcgo_nofault_piece copy[ENV_QUIET_COPIES];
	size_t size = (n + 1) * sizeof *env, copies = mapped ? 0 : ENV_QUIET_COPIES;

	if (rcgo_load_acq(&environ) != env) {
		return false;
	}
	for (size_t i = 0; i < copies; i++) {
		copy[i] = (struct rcgo_nofault_piece){
			env_words.at + (1 + i) * env_words.room, env, size};
	}
	if (mapped ? memcmp(env_words.at, env, size) != 0
		   : !rcgo__copy_nofault_pieces(copy, copies)) {
		return false;
	}
	for (size_t i = 0; i < copies; i++) {
		if (memcmp(env_words.at, copy[i].dst, size) != 0) {
			return false;
		}
	}
	return true;
}

// Returns whether C leaves the array unchanged. The first n words are a copy of it.
static bool
c_is_quiet(char **env, bool mapped, size_t n)
{
	rcgo__environ_slots_await_libc();
	if (n == ENV_UNREADABLE || env == NULL) {
		return n == 0 && rcgo_load_acq(&environ) == env;
	}
	for (unsigned i = 0; i < ENV_QUIET_CHECKS; i += mapped ? 1 : ENV_QUIET_COPIES) {
		if (!words_unchanged(env, mapped, n)) {
			return false;
		}
	}
	return true;
}

static bool
own_may_check(void)
{
	uint32_t now = rcgo__environ_pool_clock_ms();

	if (own_checks < ENV_FREE_CHECKS) {
		own_checks++;
		return true;
	}
	if (now == own_checked_ms) {
		return false;
	}
	own_checked_ms = now;
	return true;
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

// Fills our array with the first n words, or with initial_entry if n is 0.
static void
own_fill(size_t n, char *initial_entry)
{
	for (size_t i = 0; i < n; i++) {
		rcgo_store_rel(&rcgo__environ_slots()[i], env_words.at[i]);
	}
	if (n == 0) {
		rcgo_store_rel(&rcgo__environ_slots()[n++], initial_entry);
	}
	rcgo__environ_slots_hide(n);
}

// Applies a variable that C has set: replaces the one of the same name, or adds it.
static void
own_apply(char *text)
{
	rcgo__environ_slots_replace(text, strcspn(text, "="), text);
	if (!rcgo__environ_slots_holds(rcgo__environ_slots(), text) &&
		rcgo__environ_slots_count(rcgo__environ_slots()) + 2 <= own_room) {
		rcgo__environ_slots_add(text);
	}
}

// C may have started to change `from` before environ became our array, and have changed `from`
// afterwards. Makes the same changes in our array. Leaves all other slots alone, because readers
// may be using them.
static void
own_merge_late(char **from, bool mapped, size_t n)
{
	char **was = env_words.at, **now = env_words.at + env_words.room,
	     **own = rcgo__environ_slots();
	size_t left;

	rcgo__environ_slots_await_libc();
	left = words_copy(from, mapped, env_words.room, env_words.room);
	rcgo__environ_slots_await_libc();
	// Otherwise `from` may have been freed. The next try copies the array that C has made from
	// ours.
	if (left >= env_words.room || rcgo_load_acq(&environ) != rcgo__environ_slots()) {
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
			own_apply(now[i]);
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (!words_hold(now, left, was[i]) &&
			rcgo__environ_slots_holds(rcgo__environ_slots(), was[i])) {
			rcgo__environ_slots_remove(was[i], strcspn(was[i], "="));
		}
	}
}

enum rcgo_environ_takeover_result
rcgo__environ_takeover(char *initial_entry)
{
	for (int i = 0; i < ENV_TAKEOVER_TRIES; i++) {
		char **from = rcgo_load_acq(&environ);
		bool ours = from != NULL && from == rcgo__environ_slots();
		bool mapped = ours || is_on_main_stack(from);
		size_t n;

		if (ours && rcgo__environ_slots_count(rcgo__environ_slots()) + 2 <= own_room) {
			return RCGO_ENV_TAKEN_OVER;
		}
		if (!ours && !own_may_check()) {
			return RCGO_ENV_BUSY;
		}
		if (!words_copy_all(from, mapped, &n)) {
			return RCGO_ENV_NO_MEMORY;
		}
		if (!c_is_quiet(from, mapped, n)) {
			return RCGO_ENV_BUSY;
		}
		if (n == 0 && initial_entry == NULL) {
			return RCGO_ENV_EMPTY;
		}
		if ((ours || n + 3 > own_room) && !own_grow(n + n / 2 + 3)) {
			return RCGO_ENV_NO_MEMORY;
		}
		own_fill(n, initial_entry);
		if (rcgo_cas(&environ, &from, rcgo__environ_slots())) {
			own_merge_late(from, mapped, n);
		}
	}
	return RCGO_ENV_BUSY;
}
