// SPDX-License-Identifier: BSD-3-Clause
// System Calls: an index of the names in our environment array. A lookup by it takes the same time
// for any number of variables. Runs on g0, under Go's envLock.

#include <stdint.h>
#include <string.h>

#include "environ.h"

// The index describes the array as it was at the last check. C may change any slot, so each lookup
// checks that the index is current, and rebuilds it if not:
//   - C removes a variable by unsetenv: all later slots move, so the end of the array moves too.
//   - C replaces a variable by setenv or putenv: its slot has another pointer and the same name.
//     A lookup of that name detects it.
//   - C stores a pointer into the array itself. All slots are compared: at every lookup where they
//     are few, else once per tick of the coarse clock.
// C adds a variable in an array of its own, which is no longer ours.
//
// C may also change the bytes of its own strings, so their names are compared at every lookup. A
// string of our pool changes only when its memory is reused, and then it is in no slot.

#define ALWAYS_COMPARED 256U

// At most so many tombstones are looked at, besides the highest one.
#define TOMBSTONES_COMPARED 8U

// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static struct {
	char **env; // the indexed array, of room slots; NULL without memory
	size_t room;
	bool valid;
	uint32_t compared_ms; // when all slots were compared last
	size_t end;	      // the slot of the terminating NULL
	char **text;	      // for each slot, its string
	uint32_t *hash;	      // for each slot with a string of our pool, the hash of its name
	uint32_t *next;	      // for each such slot, 1 + the next one in its bucket, or 0
	uint32_t *bucket;     // for each hash, 1 + the first slot, or 0
	// From the start: the tombstones but for the highest one. From the end: slots with strings
	// that are not of our pool.
	uint32_t *list;
	size_t spare, foreign;	  // number of both
	size_t highest_tombstone; // or 0
} env_index;

// Returns the hash of a name that ends with the string, or at '='.
static uint32_t
name_hash(const char *name)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; name[i] != '\0' && name[i] != '='; i++) {
		h = (h ^ (uint8_t)name[i]) * 16777619U;
	}
	return h ^ h >> 15;
}

void
rcgo__environ_index_begin(char **env, size_t room)
{
	size_t bytes = sizeof *env_index.text + 4 * sizeof(uint32_t);
	char *at = room <= env_index.room ? (char *)env_index.text
					  : rcgo__environ_pool_alloc(room * bytes);

	env_index.env = at != NULL ? env : NULL;
	env_index.room = at != NULL ? room : 0;
	env_index.valid = false;
	if (at != NULL) {
		env_index.text = (char **)(void *)at;
		env_index.hash = (uint32_t *)(void *)(at + room * sizeof *env_index.text);
		env_index.next = env_index.hash + room;
		env_index.bucket = env_index.next + room;
		env_index.list = env_index.bucket + room;
	}
}

void
rcgo__environ_index_reset(void)
{
	env_index.valid = false;
}

static uint32_t *
bucket_of(uint32_t hash)
{
	return &env_index.bucket[hash % env_index.room];
}

// Adds slot i, whose string is text and none of the tombstones'.
static void
slot_add(size_t i, char *text)
{
	env_index.text[i] = text;
	if (rcgo__environ_pool_is_ours(text)) {
		uint32_t hash = name_hash(text), *bucket = bucket_of(hash);

		env_index.hash[i] = hash;
		env_index.next[i] = *bucket;
		*bucket = (uint32_t)i + 1;
	} else {
		env_index.foreign++;
		env_index.list[env_index.room - env_index.foreign] = (uint32_t)i;
	}
}

static void
slot_remove(size_t i)
{
	uint32_t *at, *list = env_index.list + env_index.room - env_index.foreign;

	if (!rcgo__environ_pool_is_ours(env_index.text[i])) {
		for (size_t k = 0; k < env_index.foreign; k++) {
			if (list[k] == i) {
				list[k] = list[0];
				env_index.foreign--;
				return;
			}
		}
		return;
	}
	at = bucket_of(env_index.hash[i]);
	while (*at != 0 && *at != i + 1) {
		at = &env_index.next[*at - 1];
	}
	if (*at != 0) {
		*at = env_index.next[i];
	}
}

// Adds slot i, which repeats the string of slot 0.
static void
tombstone_add(size_t i)
{
	size_t low = env_index.highest_tombstone;

	env_index.text[i] = env_index.text[0];
	if (i < low) {
		low = i;
	} else {
		env_index.highest_tombstone = i;
	}
	if (low != 0) {
		env_index.list[env_index.spare++] = (uint32_t)low;
	}
}

// Indexes the whole array. Returns false where it does not fit.
static bool
index_make(char **env)
{
	char *text;

	memset(env_index.bucket, 0, env_index.room * sizeof *env_index.bucket);
	env_index.spare = env_index.foreign = env_index.highest_tombstone = env_index.end = 0;
	while (env_index.end < env_index.room &&
		(text = rcgo_load_acq(&env[env_index.end])) != NULL) {
		if (env_index.end > 0 && text == env_index.text[0]) {
			tombstone_add(env_index.end);
		} else {
			slot_add(env_index.end, text);
		}
		env_index.end++;
	}
	env_index.compared_ms = rcgo__environ_pool_clock_ms();
	env_index.valid = env_index.end > 0 && env_index.end < env_index.room;
	return env_index.valid;
}

bool
rcgo__environ_index_tombstones_are(char **env, const char *text)
{
	for (size_t k = 0; k < env_index.spare && k < TOMBSTONES_COMPARED; k++) {
		if (rcgo_load_acq(&env[env_index.list[k]]) != text) {
			return false;
		}
	}
	return env_index.highest_tombstone == 0 ||
	       rcgo_load_acq(&env[env_index.highest_tombstone]) == text;
}

bool
rcgo__environ_index_agrees(char **env)
{
	size_t end = env_index.end;

	return env == env_index.env && env_index.valid && rcgo_load_acq(&env[end]) == NULL &&
	       rcgo_load_acq(&env[end - 1]) != NULL &&
	       rcgo_load_acq(&env[0]) == env_index.text[0] &&
	       rcgo__environ_index_tombstones_are(env, env_index.text[0]);
}

static bool
index_is_current(char **env)
{
	uint32_t now = env_index.compared_ms;

	if (!rcgo__environ_index_agrees(env)) {
		return false;
	}
	if (env_index.end > ALWAYS_COMPARED) {
		now = rcgo__environ_pool_clock_ms();
		if (now == env_index.compared_ms) {
			return true;
		}
	}
	env_index.compared_ms = now;
	return memcmp(env, env_index.text, env_index.end * sizeof *env) == 0;
}

// Counts slot i, which has this name, in *found.
static void
found_slot(struct rcgo_environ_found *found, size_t i)
{
	found->slot = found->count == 0 || i < found->slot ? i : found->slot;
	found->count++;
}

// Returns false if a slot has another string than the index.
static bool
look_up(char **env, const char *name, size_t name_size, struct rcgo_environ_found *found)
{
	uint32_t hash = name_hash(name);
	const uint32_t *list = env_index.list + env_index.room - env_index.foreign;

	*found = (struct rcgo_environ_found){env_index.end, 0};
	for (uint32_t at = *bucket_of(hash); at != 0; at = env_index.next[at - 1]) {
		const char *text = rcgo_load_acq(&env[at - 1]);

		if (text != env_index.text[at - 1]) {
			return false;
		}
		if (env_index.hash[at - 1] == hash &&
			rcgo__environ_pool_names(text, name, name_size)) {
			found_slot(found, at - 1);
		}
	}
	for (size_t k = 0; k < env_index.foreign; k++) {
		const char *text = rcgo_load_acq(&env[list[k]]);

		if (text != env_index.text[list[k]]) {
			return false;
		}
		if (rcgo__environ_pool_names(text, name, name_size)) {
			found_slot(found, list[k]);
		}
	}
	return true;
}

bool
rcgo__environ_index_find(
	char **env, const char *name, size_t name_size, struct rcgo_environ_found *found)
{
	if (env != env_index.env) {
		return false;
	}
	if (index_is_current(env) && look_up(env, name, name_size, found)) {
		return true;
	}
	return index_make(env) && look_up(env, name, name_size, found);
}

size_t
rcgo__environ_index_end(void)
{
	return env_index.end;
}

bool
rcgo__environ_index_has_room(void)
{
	return env_index.end + 2 <= env_index.room;
}

size_t
rcgo__environ_index_spare_tombstone(void)
{
	return env_index.spare > 0 ? env_index.list[env_index.spare - 1] : 0;
}

size_t
rcgo__environ_index_highest_tombstone(void)
{
	return env_index.highest_tombstone;
}

void
rcgo__environ_index_put(size_t i, char *text)
{
	if (i == env_index.end) {
		env_index.end++;
	} else if (i > 0 && env_index.text[i] == env_index.text[0]) {
		env_index.spare--; // it is the one that spare_tombstone has returned
	} else {
		slot_remove(i);
	}
	if (i > 0 && text == env_index.text[0]) {
		tombstone_add(i);
	} else {
		slot_add(i, text);
	}
}
