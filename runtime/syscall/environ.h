// SPDX-License-Identifier: BSD-3-Clause
// System Calls: the environment that C reads. Go changes it while C threads read it without a lock
// (golang/go#63567). See doc/decisions/0009-an-environment-that-can-be-read.md.
//
// A reader iterates over environ and keeps a getenv result for any length of time. Therefore:
//   - environ points to an array of our own, which is never freed. A slot that was filled never
//     becomes NULL. The array grows by doubling, and the old array keeps its content.
//   - an unset variable leaves a tombstone: another pointer to the string of slot 0. A new
//     variable takes the lowest tombstone, but never the last one, because a reader that passed
//     slot 0 early may need it.
//   - strings are never freed. When replaced strings exceed 4 MiB, the oldest are reused if they
//     were replaced at least a second ago; above 32 MiB they are reused without that delay. Each
//     string is terminated by a NUL at every moment, so a late reader gets wrong text but no fault.
//
// State: one environment. Go's syscall package holds envLock around every call. C code may call
// setenv, putenv and unsetenv at any time; in glibc these take a lock. Where that matters, the code
// here waits for that lock after each change and checks that the change is still in place.
#ifndef RCGO_ENVIRON_H
#define RCGO_ENVIRON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

#define RCGO_ENV_KEEP ((size_t)4 << 20)
#define RCGO_ENV_MOST ((size_t)32 << 20)

// Each function returns whether it made the change. On false the caller must call the C library's
// function instead: memory has run out, or the C library's own functions are equally safe.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=libc lock=libc
RCGO_INTERN bool rcgo__environ_set(const char *name, const char *value);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=libc lock=libc
RCGO_INTERN bool rcgo__environ_unset(const char *name);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=libc
RCGO_INTERN bool rcgo__environ_clear(void);

// The first function returns our array, or NULL. The second returns whether Go's changes go to it:
// false where the C library's own functions are equally safe.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN char **rcgo__environ_slots(void);
// Makes env our array.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_slots_set(char **env);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_slots_serves(void);

enum rcgo_environ_takeover_result {
	RCGO_ENV_TAKEN_OVER, // environ is the array
	RCGO_ENV_EMPTY,	     // environ is empty, and there was no initial entry
	RCGO_ENV_BUSY,	     // C keeps changing environ
	RCGO_ENV_NO_MEMORY,
};

// Makes environ point to our array, with room for one more variable. initial_entry is the content
// if environ is empty. C may replace and free the old environ at any time, so a copy counts only if
// C has not changed the original.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=libc
RCGO_INTERN enum rcgo_environ_takeover_result rcgo__environ_takeover(char *initial_entry);

// Waits for changes by C that have begun, by taking the lock that they hold.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=libc
RCGO_INTERN void rcgo__environ_slots_await_libc(void);

// Compare-and-swap: replaces `was` by `text` in slot i of our array, which is indexed, then waits
// for changes by C that have begun. The time of that does not depend on the number of variables: it
// calls setenv, which takes C's lock, for the variable in slot 0 without overwriting it. Returns
// whether the slot holds text afterwards, environ is our array and the index describes it.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=libc lock=libc
RCGO_INTERN bool rcgo__environ_slots_put(size_t i, char *was, char *text);

// Functions on an array of ours, which may be NULL except for find. count returns the number of
// filled slots. holds returns whether a slot has this pointer. find returns the first slot from i
// on that has this name, or the slot of the terminating NULL.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_slots_count(char **env);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_slots_holds(char **env, const char *text);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_slots_find(
	char **env, size_t i, const char *name, size_t name_size);

// Functions on our array, which must not be empty. replace puts text into the first slot of its
// name and makes the further ones tombstones. remove takes all slots of a name out. Both return the
// string of the last slot that they changed. add puts text into the first of at least two
// tombstones, or at the end, which must have room. hide makes the slots beyond the end, from slot i
// on, tombstones.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN char *rcgo__environ_slots_replace(const char *name, size_t name_size, char *text);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN char *rcgo__environ_slots_remove(const char *name, size_t name_size);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_slots_add(char *text);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_slots_hide(size_t i);

// The index of our array. begin starts one of the array env, which has room slots. reset tells that
// the array was changed.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_index_begin(char **env, size_t room);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_index_reset(void);

struct rcgo_environ_found {
	size_t slot;  // the first slot of the name, or that of the terminating NULL
	size_t count; // how many slots have the name, without tombstones
};

// Looks a name up. Returns false if env has no index, for want of memory or because env is empty.
// If it returns true, the functions below describe env.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_index_find(
	char **env, const char *name, size_t name_size, struct rcgo_environ_found *found);

// end returns the slot of the terminating NULL, has_room whether one more variable fits there.
// spare_tombstone returns a tombstone other than the highest one, highest_tombstone that one; 0 if
// there is none.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_index_end(void);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_index_has_room(void);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_index_spare_tombstone(void);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_index_highest_tombstone(void);

// Tells that slot i has text now: the end, the spare tombstone, or a slot of a single name. Slot 0
// only where there is no tombstone.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_index_put(size_t i, char *text);

// agrees returns whether env has its end, slot 0 and a few tombstones as the index says. It no
// longer does when C has removed a variable. tombstones_are returns whether a few tombstones hold
// text.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_index_agrees(char **env);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_index_tombstones_are(char **env, const char *text);

// Makes environ an empty array. Returns whether environ is still that array afterwards.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=libc
RCGO_INTERN bool rcgo__environ_slots_detach(void);

// Allocates size zeroed bytes that are never freed. Returns NULL if there is no memory.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void *rcgo__environ_pool_alloc(size_t size);

// Returns the string "name=value", where name has name_size bytes, or NULL if there is no memory.
// Returns an existing string if a recent one of this name has the same value.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN char *rcgo__environ_pool_new(const char *name, size_t name_size, const char *value);

// Frees text with a delay, because it has left the environment. Returns whether the pool owns text;
// a string of another owner is left alone.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_pool_free_deferred(char *text);

// Returns whether the pool owns text.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_pool_is_ours(const char *text);

// Returns milliseconds of a coarse monotonic clock. The value wraps.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__environ_pool_clock_ms(void);

// Returns the next string of this name, after `after` (NULL: the first), that the pool considers
// part of the environment; NULL if there is none.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN char *rcgo__environ_pool_live(const char *name, size_t name_size, const char *after);

// Returns whether text is "name=…" for this name of name_size bytes.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_pool_names(const char *text, const char *name, size_t name_size);

#endif // RCGO_ENVIRON_H
