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
// if environ is empty. If name_size is not 0, initial_entry begins with a name of name_size bytes;
// the variable is put at the front if rcgo__environ_slots_wants_front says so. C may replace and
// free the old environ at any time, so a copy counts only if C has not changed the original.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=libc
RCGO_INTERN enum rcgo_environ_takeover_result rcgo__environ_takeover(
	char *initial_entry, size_t name_size);

// Returns whether the variable in slot i is to be moved to the front. There the setenv call of
// rcgo__environ_slots_put, which holds the C library's lock, finds it after a few slots. This holds
// for the first few variables that Go sets, if the array need not grow for it.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_slots_wants_front(size_t i);

// Waits for changes by C that have begun, by taking the lock that they hold.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=libc
RCGO_INTERN void rcgo__environ_slots_await_libc(void);

// Compare-and-swap: replaces `was` by `text` in *slot, then waits for changes by C that have begun.
// If name is not NULL, it waits by calling setenv(name, value, 0), which sets the variable only if
// it is no longer set. Returns whether *slot holds text afterwards and environ is our array.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=libc lock=libc
RCGO_INTERN bool rcgo__environ_slots_put(
	char **slot, char *was, char *text, const char *name, const char *value);

// Functions on an array of ours, which may be NULL except for find. count returns the number of
// filled slots. holds returns whether a slot has this pointer. find returns the first slot from i
// on that has this name (other: that has another name), or the slot of the terminating NULL.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_slots_count(char **env);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_slots_holds(char **env, const char *text);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_slots_find(
	char **env, size_t i, const char *name, size_t name_size, bool other);

// Functions on our array, which must not be empty. tombstone returns the first of at least two
// tombstones, or 0. replace puts text into the first slot of its name and makes the further ones
// tombstones. remove takes all slots of a name out. Both return the string of the last slot that
// they changed. add puts text into the first of at least two tombstones, or at the end, which must
// have room. hide makes the slots beyond the end, from slot i on, tombstones.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_index_any_tombstone(char **env);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN char *rcgo__environ_slots_replace(const char *name, size_t name_size, char *text);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN char *rcgo__environ_slots_remove(const char *name, size_t name_size);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_slots_add(char *text);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_slots_hide(size_t i);

// Returns whether the indexed array has the slots i and i + 1.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_index_has_room(size_t i);

// Starts an index of our array env, which has room slots.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_index_begin(char **env, size_t room);

// find returns the first slot from i on that has this name, or the slot of the terminating NULL.
// find_again starts where the name was found last, else at slot 0.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_index_find(
	char **env, size_t i, const char *name, size_t name_size);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_index_find_again(char **env, const char *name, size_t name_size);

// Returns the first of at least two tombstones that the last search has passed, or 0. The last
// search must have covered the whole array without finding the name.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__environ_index_tombstone(char **env);

// Returns whether the last search, which reached the end of the array, passed a tombstone.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__environ_index_passed_tombstone(char **env);

// forget_slots forgets where names were found last. forget_text forgets a string whose memory is
// about to be reused.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_index_forget_slots(void);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__environ_index_forget_text(const char *text);

// Makes environ an empty array. Returns whether environ is still that array afterwards.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=libc
RCGO_INTERN bool rcgo__environ_slots_detach(void);

// Allocates size zeroed bytes that are never freed. Returns NULL if there is no memory.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void *rcgo__environ_pool_alloc(size_t size);

// Returns the string "name=value", where name has name_size bytes, or NULL if there is no memory.
// Returns an existing string if a recent one of this name has the same value. Sets *recycled if the
// string is in memory that held another string before.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN char *rcgo__environ_pool_new(
	const char *name, size_t name_size, const char *value, bool *recycled);

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
