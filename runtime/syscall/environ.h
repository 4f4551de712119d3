// SPDX-License-Identifier: BSD-3-Clause
// System Calls: the environment that C sees, changed by Go while C's threads read it without a
// lock (golang/go#63567). See doc/decisions/0009-an-environment-that-can-be-read.md.
//
// A reader walks environ, and keeps what getenv gave it for as long as it likes. So:
//   - environ is an array of ours, which is never freed, and in which a slot that was filled never
//     becomes NULL. It grows by doubling; what it was before stays as it is.
//   - a variable that goes leaves a hole: another pointer to the string in slot 0. A new variable
//     takes the lowest hole, never the last one, which a reader may need that passed slot 0 early.
//   - strings are never freed. Once those that were replaced amount to more than 4 MiB, the oldest
//     are written over, if they were replaced a second ago; from 32 MiB on without that. They stay
//     ended by a NUL at every moment, so a reader that comes even later gets wrong text, no fault.
//
// State: one environment. Go's syscall package holds a lock around every call (envLock); C's own
// setenv, putenv and unsetenv may run at any time. glibc's take a lock of glibc's; where that
// counts, ours waits for it after each change and looks whether the change has held.
#ifndef RCGO_ENVIRON_H
#define RCGO_ENVIRON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

#define RCGO_ENV_KEEP ((size_t)4 << 20)
#define RCGO_ENV_MOST ((size_t)32 << 20)

// Each returns whether the change was made; when not (no memory, or a libc whose own functions are
// as safe), libc's function is to make it.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=libc lock=libc
RCGO_INTERN bool rcgo__environ_set(const char *name, const char *value);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=libc lock=libc
RCGO_INTERN bool rcgo__environ_unset(const char *name);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=libc
RCGO_INTERN bool rcgo__environ_clear(void);

// The array. Whether it is what Go's changes go to: not where libc's own are as safe.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN char **rcgo__environ_slots(void);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_slots_serves(void);

enum rcgo_environ_takeover_result {
	RCGO_ENV_TAKEN_OVER, // environ is the array
	RCGO_ENV_EMPTY,	     // environ has nothing, and there was no seed
	RCGO_ENV_BUSY,	     // C changes it all the time
	RCGO_ENV_NO_MEMORY,
};

// Makes environ the array, with room for one more. seed is its content where there is none; where
// it is the text of a name of name_size bytes, and a place in front is wanted, it gets that. C may
// be about to replace and to free what environ is now: what was copied counts only if C has not.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=libc
RCGO_INTERN enum rcgo_environ_takeover_result rcgo__environ_takeover(
	char *initial_entry, size_t name_size);

// Whether a variable in slot i is to be moved to the front, where who waits for libc's lock has few
// slots to pass. So it is for the first few that Go sets, if the array need not be longer for that.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_slots_wants_front(size_t i);

// Waits for changes by C that have begun: they hold the lock that this takes.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=libc
RCGO_INTERN void rcgo__environ_slots_await_libc(void);

// Puts text where was is, if it still is there, and waits for changes by C that have begun: with
// name and value by setting that if it is not set any more. Returns whether text is there after
// that.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=libc lock=libc
RCGO_INTERN bool rcgo__environ_slots_put(
	char **slot, char *was, char *text, const char *name, const char *value);

// Of an array of ours, which may be NULL but for the last: how many slots are filled; whether one
// is this text; the first slot from i on that is of this name, or is not, or that of the NULL.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_slots_count(char **env);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_slots_holds(char **env, const char *text);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_slots_find(
	char **env, size_t i, const char *name, size_t name_size, bool other);

// Slots of our array, which has variables. The first of two holes or more, or 0; puts text into the
// first slot of its name, and holes into further ones, and takes all slots of a name out: both
// return what was in the last of them; puts text into the first of two holes or more, or at the
// end, for which there is room; fills what is left behind the end, from slot i on, with holes.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_slots_tombstone(char **env);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN char *rcgo__environ_slots_replace(const char *name, size_t name_size, char *text);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN char *rcgo__environ_slots_remove(const char *name, size_t name_size);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_slots_add(char *text);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_slots_hide(size_t i);

// Whether slot i of the array that has the index, and the one behind it, are there.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_index_has_room(size_t i);

// An index of the array env, which has room slots and is ours.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_index_begin(char **env, size_t room);

// The first slot from i on that is of this name, or that of the NULL; and the same from the first
// one on, or where the name was found last.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_index_find(
	char **env, size_t i, const char *name, size_t name_size);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_index_find_again(char **env, const char *name, size_t name_size);

// The first of two holes or more that a search of the whole array has passed, which found no such
// name and was the last search; or 0.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_index_tombstone(char **env);

// Forgets where names were found last; and what a text was, whose memory is to be used again.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_index_forget_slots(void);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_index_forget_text(const char *text);

// Makes environ an array without variables. Returns whether C has left it so.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=libc
RCGO_INTERN bool rcgo__environ_slots_detach(void);

// Memory that is never given back, all zero, or NULL.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void *rcgo__environ_pool_alloc(size_t size);

// "name=value", of which name has name_size bytes; NULL when there is no memory. When the last
// ones of this name include it, it is that one.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN char *rcgo__environ_pool_new(const char *name, size_t name_size, const char *value);

// The text is not in the environment any more. Returns whether it is ours; else it is left alone.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_pool_free_deferred(char *text);

// Whether a text is ours.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_pool_is_ours(const char *text);

// Milliseconds of a clock that wraps, and moves by its ticks.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__environ_pool_clock_ms(void);

// A text of this name that ours takes to be in the environment, after `after` (NULL: the first).
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN char *rcgo__environ_pool_live(const char *name, size_t name_size, const char *after);

// Whether a text is that of this name.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_pool_names(const char *text, const char *name, size_t name_size);

#endif // RCGO_ENVIRON_H
