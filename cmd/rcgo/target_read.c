// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: reads the target's memory: the current memory, or the copy that was made when a
// thread was read.
#include "stack_target.h"

#include <string.h>

size_t
target_read_some(struct target *t, uint64_t address, void *to, size_t size)
{
	if (t->read != NULL) {
		return t->read(t, address, to, size);
	}
	return t->core ? core_read(t, address, to, size)
		       : rcgo_target_read(&t->from, address, to, size);
}

bool
target_read(struct target *t, uint64_t address, void *to, size_t size)
{
	return address <= UINT64_MAX - size && target_read_some(t, address, to, size) == size;
}

bool
target_word(struct target *t, uint64_t address, uint64_t *word)
{
	return target_read(t, address, word, sizeof *word);
}

#define BLOCK_SIZE ((uint64_t)8 << 10)
#define PAGE_SIZE ((uint64_t)4 << 10)
#define BLOCKS_BITS 8			 // few, because the kernel clears each page that is touched
#define BLOCK_SPREAD 0x9e3779b97f4a7c15u // spreads neighbouring blocks
#define BLOCKS (1 << BLOCKS_BITS)
struct target_blocks {
	struct {
		uint64_t address; // 0: empty
		size_t size;
	} head[BLOCKS];
	uint8_t bytes[BLOCKS][BLOCK_SIZE];
};

void
target_forget(struct target *t)
{
	t->forgotten++;
	for (size_t i = 0; t->blocks != NULL && i < BLOCKS; i++) {
		t->blocks->head[i].address = 0;
	}
}

bool
target_read_near(struct target *t, uint64_t address, void *to, size_t size)
{
	uint64_t start = address & ~(BLOCK_SIZE - 1);
	size_t offset = (size_t)(address - start);
	size_t i = (size_t)((start / BLOCK_SIZE * BLOCK_SPREAD) >> (64 - BLOCKS_BITS));
	struct target_blocks *b;
	size_t readable;

	if (start == 0 || size > BLOCK_SIZE - offset || t->core || t->read != NULL) {
		return target_read(t, address, to, size);
	}
	if (t->blocks == NULL) {
		t->blocks = xalloc(sizeof *t->blocks);
	}
	b = t->blocks;
	if (b->head[i].address != start) {
		b->head[i].address = start;
		b->head[i].size = target_read_some(t, start, b->bytes[i], BLOCK_SIZE);
	}
	readable = b->head[i].size;
	if (offset + size <= readable) {
		memcpy(to, b->bytes[i] + offset, size);
		return true;
	}
	// The page at which the read of the block ended cannot be read. Pages behind it may.
	return offset >= (readable & ~(PAGE_SIZE - 1)) + PAGE_SIZE &&
	       target_read(t, address, to, size);
}

bool
target_word_near(struct target *t, uint64_t address, uint64_t *word)
{
	return target_read_near(t, address, word, sizeof *word);
}

const uint8_t *
thread_kept(const struct thread *th, uint64_t address, size_t size)
{
	for (unsigned i = 0; i < th->regions; i++) {
		const struct region *r = &th->region[i];

		if (address >= r->address && address - r->address < r->size &&
			size <= r->size - (address - r->address)) {
			return r->bytes + (address - r->address);
		}
	}
	return NULL;
}

bool
thread_read(struct target *t, const struct thread *th, uint64_t address, void *to, size_t size,
	bool *late)
{
	const uint8_t *kept = thread_kept(th, address, size);

	if (kept != NULL) {
		memcpy(to, kept, size);
		return true;
	}
	*late = true;
	return target_read(t, address, to, size);
}

void
thread_drop(struct target *t, struct thread *th)
{
	th->regions = 0;
	t->kept = 0;
}

// What most stacks need is there before a thread is stopped.
#define KEEP_READY ((size_t)256 << 10)

void
target_make_keep(struct target *t)
{
	t->keep = xalloc(KEEP_SIZE);
	memset(t->keep, 1, KEEP_READY);
}

// The kernel stops at the first piece that it cannot read. From there on, pieces are
// read one by one.
void
thread_keep(
	struct target *t, struct thread *th, const uint64_t *address, const size_t *size, size_t n)
{
	struct rcgo_target_piece piece[REGIONS_MAX];
	size_t used = 0, got;
	unsigned first = th->regions;

	if (t->keep == NULL) {
		target_make_keep(t);
	}
	for (size_t i = 0; i < n && th->regions < REGIONS_MAX; i++) {
		struct region *r = &th->region[th->regions];

		if (size[i] == 0 || size[i] > KEEP_SIZE - t->kept) {
			continue;
		}
		*r = (struct region){address[i], size[i], t->keep + t->kept};
		t->kept += size[i];
		piece[used++] = (struct rcgo_target_piece){r->address, r->bytes, r->size};
		th->regions++;
	}
	got = used == 0 || t->core ? 0 : rcgo_target_read_pieces(&t->from, piece, used);
	for (unsigned i = first; i < th->regions; i++) {
		struct region *r = &th->region[i];

		if (got >= r->size) {
			got -= r->size;
			continue;
		}
		r->size = target_read_some(t, r->address, r->bytes, r->size);
		got = 0;
	}
}
