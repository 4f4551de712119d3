// SPDX-License-Identifier: BSD-3-Clause
// Memory of one run of a fuzzer, in a list.

#include "fuzz_alloc.h"
#include "rcgo.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct block {
	struct block *next, **to;
	size_t size;
	_Alignas(16) uint8_t bytes[];
};
static struct block *blocks;

static void
link_block(struct block *b)
{
	b->next = blocks;
	b->to = &blocks;
	if (blocks != NULL) {
		blocks->to = &b->next;
	}
	blocks = b;
}

static void
unlink_block(struct block *b)
{
	*b->to = b->next;
	if (b->next != NULL) {
		b->next->to = b->to;
	}
}

void *
fuzz_calloc(size_t count, size_t size)
{
	size_t bytes;
	struct block *b;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > (size_t)1 << 30) {
		abort(); // so much is never needed of a process of this size
	}
	b = calloc(1, sizeof *b + bytes);
	if (b == NULL) {
		abort();
	}
	b->size = bytes;
	link_block(b);
	return b->bytes;
}

void *
fuzz_malloc(size_t size)
{
	return fuzz_calloc(1, size);
}

void *
fuzz_realloc(void *at, size_t size)
{
	struct block *b =
		at == NULL ? NULL : (void *)((uint8_t *)at - offsetof(struct block, bytes));
	void *to = fuzz_calloc(1, size);

	if (b != NULL) {
		memcpy(to, b->bytes, b->size < size ? b->size : size);
		fuzz_free(at);
	}
	return to;
}

void
fuzz_free(void *at)
{
	struct block *b =
		at == NULL ? NULL : (void *)((uint8_t *)at - offsetof(struct block, bytes));

	if (b != NULL) {
		unlink_block(b);
		free(b);
	}
}

void
fuzz_free_all(void)
{
	while (blocks != NULL) {
		fuzz_free(blocks->bytes);
	}
}

// What the command's other functions are called by.
void *
xalloc(size_t size)
{
	return fuzz_calloc(1, size);
}

char *
xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(fuzz_calloc(1, n), s, n);
}

bool
has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

void
sort_items(void *items, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	qsort(items, n, size, compare);
}
