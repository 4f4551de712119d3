// SPDX-License-Identifier: BSD-3-Clause
// System Calls: the strings of the environment, in blocks whose size is a power of two. Blocks are
// never freed; they are reused in the order in which their strings were replaced. Runs on g0, under
// Go's envLock.
// Contract: POSIX.1-2024, getenv and environ.

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "clock.h"
#include "environ.h"

enum {
	TEXT_LIVE = 1,	 // in the environment, as far as the pool knows
	TEXT_QUEUED = 2, // in the queue of replaced strings; a live string may still be in it
};

struct env_text {
	struct env_text *next; // in the queue, or in the free list of its order
	uint32_t since;	       // when it was replaced: rcgo__environ_pool_clock_ms
	uint8_t order;	       // the block has 1 << order bytes
	uint8_t flags;
	char at[]; // the last byte of the block is always 0
};

#define TEXT_HEAD offsetof(struct env_text, at)
#define ORDER_MIN 5
#define ORDERS 40
#define GRACE_MS 1000U

// The first chunk costs no system call, and few page faults. It is enough for what most programs
// add. The next ones double from CHUNK_MIN up to CHUNK_MAX. A larger block has a chunk of its own.
#define CHUNK_FIRST ((size_t)8 << 10)
#define CHUNK_MIN ((size_t)64 << 10)
#define CHUNK_MAX ((size_t)4 << 20)

struct env_chunk {
	struct env_chunk *next;
	size_t size;
	uint64_t pad[2]; // aligns the blocks to 16 bytes
};

// A cache of the most recent strings: for each hash of a name, the last RECENT_WAYS.
#define RECENT_SETS 64U
#define RECENT_WAYS 4U

// owner: the caller, under Go's envLock; lock: Go's; ordering: Go's lock
static struct {
	struct env_chunk *chunks;
	size_t left; // bytes at the end of the first chunk
	struct env_text *first, *last;
	size_t queued; // bytes in the queue
	struct env_text *free_blocks[ORDERS];
	struct env_text *recent[RECENT_SETS][RECENT_WAYS];
	_Alignas(16) char first_chunk[CHUNK_FIRST];
} env_texts;

uint32_t
rcgo__environ_pool_clock_ms(void)
{
	return (uint32_t)(rcgo__clock_coarse_ns() / RCGO_MS);
}

static struct env_chunk *
env_chunk_new(size_t size)
{
	int saved = errno;
	struct env_chunk *c =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	errno = saved;
	if (c == MAP_FAILED) {
		return NULL;
	}
	c->size = size;
	return c;
}

static struct env_chunk *
env_chunk_first(void)
{
	struct env_chunk *c = (struct env_chunk *)(void *)env_texts.first_chunk;

	if (env_texts.chunks == NULL) {
		c->size = sizeof env_texts.first_chunk;
		env_texts.chunks = c;
		env_texts.left = c->size - sizeof *c;
	}
	return env_texts.chunks;
}

void *
rcgo__environ_pool_alloc(size_t size)
{
	struct env_chunk *c = env_chunk_first();
	size_t want = c->size < CHUNK_MIN ? CHUNK_MIN : c->size * 2;

	want = want < CHUNK_MAX ? want : CHUNK_MAX;
	size = (size + 15) & ~(size_t)15;
	if (size > env_texts.left) {
		bool alone = size + sizeof *c > want;

		want = size + sizeof *c > want ? size + sizeof *c : want;
		c = env_chunk_new(want);
		if (c == NULL) {
			return NULL;
		}
		if (alone) {
			// Continue to use the rest of the first chunk.
			c->next = env_texts.chunks->next;
			env_texts.chunks->next = c;
			return c + 1;
		}
		c->next = env_texts.chunks;
		env_texts.chunks = c;
		env_texts.left = want - sizeof *c;
	}
	env_texts.left -= size;
	return (char *)c + c->size - env_texts.left - size;
}

// Returns the block of a string, or NULL if the pool does not own it.
static struct env_text *
env_text_of(char *text)
{
	uintptr_t at = (uintptr_t)text;

	for (const struct env_chunk *c = env_texts.chunks; c != NULL; c = c->next) {
		if (at > (uintptr_t)c && at - (uintptr_t)c < c->size) {
			return (struct env_text *)(at - TEXT_HEAD);
		}
	}
	return NULL;
}

bool
rcgo__environ_pool_is_ours(const char *text)
{
	return env_text_of((char *)(uintptr_t)text) != NULL;
}

// Moves blocks that may be reused from the queue to the free lists.
static void
env_reclaim(void)
{
	uint32_t now = env_texts.queued > RCGO_ENV_KEEP ? rcgo__environ_pool_clock_ms() : 0;

	while (env_texts.queued > RCGO_ENV_KEEP) {
		struct env_text *t = env_texts.first;

		if ((t->flags & TEXT_LIVE) == 0 && now - t->since < GRACE_MS &&
			env_texts.queued <= RCGO_ENV_MOST) {
			return;
		}
		env_texts.first = t->next;
		env_texts.queued -= (size_t)1 << t->order;
		t->flags &= (uint8_t)~TEXT_QUEUED;
		if ((t->flags & TEXT_LIVE) == 0) {
			t->next = env_texts.free_blocks[t->order];
			env_texts.free_blocks[t->order] = t;
		}
	}
}

static struct env_text *
env_block_new(size_t text_size)
{
	uint8_t order = ORDER_MIN;
	struct env_text *t;

	while (order < ORDERS && ((size_t)1 << order) < text_size + TEXT_HEAD) {
		order++;
	}
	if (order == ORDERS) {
		return NULL;
	}
	env_reclaim();
	t = env_texts.free_blocks[order];
	if (t != NULL) {
		env_texts.free_blocks[order] = t->next;
	} else {
		t = rcgo__environ_pool_alloc((size_t)1 << order);
	}
	if (t != NULL) {
		t->order = order;
	}
	return t;
}

bool
rcgo__environ_pool_names(const char *text, const char *name, size_t name_size)
{
	return text[0] == name[0] && strncmp(text, name, name_size) == 0 && text[name_size] == '=';
}

static struct env_text **
env_recent_of(const char *name, size_t name_size)
{
	// Numbered names differ at the end; other names also differ in the middle.
	size_t hash = (uint8_t)name[0] + (uint8_t)name[name_size / 2] * 7U +
		      (uint8_t)name[name_size - 1] * 31U + name_size * 5U;

	return env_texts.recent[hash % RECENT_SETS];
}

// Puts t first. A block that is reused may be in the set already: twice, it would never be the last
// for rcgo__environ_pool_live.
static void
recent_put_first(struct env_text **recent, struct env_text *t)
{
	unsigned gap = 0;

	while (gap < RECENT_WAYS - 1 && recent[gap] != t) {
		gap++;
	}
	memmove(recent + 1, recent, gap * sizeof *recent);
	recent[0] = t;
}

char *
rcgo__environ_pool_new(const char *name, size_t name_size, const char *value)
{
	struct env_text **recent = env_recent_of(name, name_size);
	size_t value_size = strlen(value) + 1;
	struct env_text *t;

	for (unsigned i = 0; i < RECENT_WAYS; i++) {
		t = recent[i];
		if (t != NULL && t->flags != 0 &&
			rcgo__environ_pool_names(t->at, name, name_size) &&
			strcmp(t->at + name_size + 1, value) == 0) {
			t->flags |= TEXT_LIVE;
			return t->at;
		}
	}
	t = env_block_new(name_size + 1 + value_size);
	if (t == NULL) {
		return NULL;
	}
	memcpy(t->at, name, name_size);
	t->at[name_size] = '=';
	memcpy(t->at + name_size + 1, value, value_size);
	t->flags = TEXT_LIVE;
	recent_put_first(recent, t);
	return t->at;
}

bool
rcgo__environ_pool_free_deferred(char *text)
{
	struct env_text *t = env_text_of(text);

	if (t == NULL || (t->flags & TEXT_LIVE) == 0) {
		return t != NULL;
	}
	t->flags &= (uint8_t)~TEXT_LIVE;
	t->since = rcgo__environ_pool_clock_ms();
	if ((t->flags & TEXT_QUEUED) == 0) {
		t->flags |= TEXT_QUEUED;
		t->next = NULL;
		if (env_texts.first == NULL) {
			env_texts.first = t;
		} else {
			env_texts.last->next = t;
		}
		env_texts.last = t;
		env_texts.queued += (size_t)1 << t->order;
	}
	return true;
}

char *
rcgo__environ_pool_live(const char *name, size_t name_size, const char *after)
{
	struct env_text **recent = env_recent_of(name, name_size);
	bool passed = after == NULL;

	for (unsigned i = 0; i < RECENT_WAYS; i++) {
		struct env_text *t = recent[i];

		if (t == NULL) {
			continue;
		}
		if (passed && (t->flags & TEXT_LIVE) != 0 &&
			rcgo__environ_pool_names(t->at, name, name_size)) {
			return t->at;
		}
		passed |= t->at == after;
	}
	return NULL;
}
