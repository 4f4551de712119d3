// SPDX-License-Identifier: BSD-3-Clause
// System Calls: an index of the names in our environment array. Without it, a lookup would read
// every string, at one cache miss each. Runs on g0, under Go's envLock.

#include <stdint.h>
#include <string.h>

#include "environ.h"

// For each slot, the string at the last check and a hash of its name. C may change any slot, so the
// data counts only while the slot still holds the same string. C may also change its own strings,
// so only strings of our pool count. A string of our pool changes its name only when its memory is
// reused, and is then forgotten.
// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static struct {
	char **env; // the indexed array, of room slots
	size_t room;
	const char **text;
	uint32_t *hash;
	uint32_t *slot;	     // by the hash of a name: the slot where the name was found last
	size_t tombstone[2]; // the first two that the last search passed, or 0
} env_index;

static uint32_t
name_hash(const char *name, size_t size)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < size; i++) {
		h = (h ^ (uint8_t)name[i]) * 16777619U;
	}
	return h ^ h >> 15;
}

// Does nothing if the array is indexed already. Without memory there is no index, and lookups read
// every string.
void
rcgo__environ_index_begin(char **env, size_t room)
{
	size_t bytes = sizeof *env_index.text + sizeof *env_index.hash + sizeof *env_index.slot;
	char *at;

	if (env_index.env == env) {
		return;
	}
	at = room <= env_index.room ? (char *)env_index.text
				    : rcgo__environ_pool_alloc(room * bytes);
	env_index.env = at != NULL ? env : NULL;
	env_index.room = at != NULL ? room : 0;
	if (at != NULL) {
		memset(at, 0, room * bytes);
		env_index.text = (const char **)(void *)at;
		env_index.hash = (uint32_t *)(void *)(at + room * sizeof *env_index.text);
		env_index.slot = env_index.hash + room;
	}
}

static size_t
find_by_strings(char **env, size_t i, const char *name, size_t name_size)
{
	const char *text;

	while ((text = rcgo_load_acq(&env[i])) != NULL &&
		!rcgo__environ_pool_names(text, name, name_size)) {
		i++;
	}
	return i;
}

static void
index_slot(size_t i, const char *text)
{
	if (rcgo__environ_pool_is_ours(text)) {
		env_index.text[i] = text;
		env_index.hash[i] = name_hash(text, strcspn(text, "="));
	}
}

// Returns the first slot from i on that is not an indexed string with another hash. Stops at the
// end and at the string of tombstones too. Nearly all of the time of a lookup is spent here.
static size_t
skip_others(char **env, size_t i, uint32_t hash, const char *tombstone)
{
	const char *const *texts = env_index.text;
	const uint32_t *hashes = env_index.hash;
	size_t room = env_index.room;

	for (; i < room; i++) {
		const char *text = rcgo_load_rlx(&env[i]);

		if (text != texts[i] || hashes[i] == hash || text == tombstone || text == NULL) {
			break;
		}
	}
	return i;
}

size_t
rcgo__environ_index_find(char **env, size_t i, const char *name, size_t name_size)
{
	uint32_t hash = name_hash(name, name_size);
	const char *first = rcgo_load_acq(&env[0]);

	env_index.tombstone[0] = env_index.tombstone[1] = 0;
	if (env != env_index.env) {
		return find_by_strings(env, i, name, name_size);
	}
	for (; i < env_index.room; i++) {
		const char *text;

		i = skip_others(env, i, hash, env_index.tombstone[1] == 0 ? first : NULL);
		if (i == env_index.room) {
			break;
		}
		text = rcgo_load_acq(&env[i]);
		if (text == NULL) {
			return i;
		}
		if (text == first && i != 0 && env_index.tombstone[1] == 0) {
			env_index.tombstone[env_index.tombstone[0] != 0] = i;
		}
		if (env_index.text[i] != text) {
			index_slot(i, text);
		}
		if ((env_index.hash[i] == hash || env_index.text[i] != text) &&
			rcgo__environ_pool_names(text, name, name_size)) {
			return i;
		}
	}
	return find_by_strings(env, i, name, name_size);
}

size_t
rcgo__environ_index_find_again(char **env, const char *name, size_t name_size)
{
	uint32_t *slot;

	if (env != env_index.env) {
		return find_by_strings(env, 0, name, name_size);
	}
	slot = &env_index.slot[name_hash(name, name_size) % env_index.room];
	// Tombstones point to the string of the first slot.
	if (env[*slot] == NULL || !rcgo__environ_pool_names(env[*slot], name, name_size) ||
		rcgo__environ_pool_names(env[0], name, name_size)) {
		*slot = (uint32_t)rcgo__environ_index_find(env, 0, name, name_size);
	}
	return *slot;
}

bool
rcgo__environ_index_has_room(size_t i)
{
	return i + 2 <= env_index.room;
}

size_t
rcgo__environ_index_any_tombstone(char **env)
{
	size_t tombstone = 0;

	for (size_t i = 0; env[i] != NULL; i++) {
		if (i > 0 && env[i] == env[0]) {
			if (tombstone != 0) {
				return tombstone;
			}
			tombstone = i;
		}
	}
	return 0;
}

size_t
rcgo__environ_index_tombstone(char **env)
{
	if (env != env_index.env) {
		return rcgo__environ_index_any_tombstone(env);
	}
	return env_index.tombstone[1] != 0 ? env_index.tombstone[0] : 0;
}

bool
rcgo__environ_index_passed_tombstone(char **env)
{
	if (env == env_index.env) {
		return env_index.tombstone[0] != 0;
	}
	for (size_t i = 1; env[i] != NULL; i++) {
		if (env[i] == env[0]) {
			return true;
		}
	}
	return false;
}

void
rcgo__environ_index_forget_slots(void)
{
	if (env_index.env != NULL) {
		memset(env_index.slot, 0, env_index.room * sizeof *env_index.slot);
	}
}

void
rcgo__environ_index_forget_text(const char *text)
{
	for (size_t i = 0; i < env_index.room; i++) {
		if (env_index.text[i] == text) {
			env_index.text[i] = NULL;
		}
	}
}
