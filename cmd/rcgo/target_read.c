// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: reads the target's memory: as it is now, or as it was when a thread was looked at.
#include "stack_target.h"

#include <stdlib.h>
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

bool
thread_read(struct target *t, const struct thread *th, uint64_t address, void *to, size_t size,
	bool *late)
{
	for (unsigned i = 0; i < th->regions; i++) {
		const struct region *r = &th->region[i];

		if (address >= r->address && address - r->address < r->size &&
			size <= r->size - (address - r->address)) {
			memcpy(to, r->bytes + (address - r->address), size);
			return true;
		}
	}
	*late = true;
	return target_read(t, address, to, size);
}

void
thread_drop(struct thread *th)
{
	for (unsigned i = 0; i < th->regions; i++) {
		free(th->region[i].bytes);
	}
	th->regions = 0;
}

// The kernel stops at the first piece that it cannot read; the rest are then read one by one.
void
thread_keep(
	struct target *t, struct thread *th, const uint64_t *address, const size_t *size, size_t n)
{
	struct rcgo_target_piece piece[REGIONS_MAX];
	size_t want = 0, used = 0;
	unsigned first = th->regions;
	size_t got;

	for (size_t i = 0; i < n && th->regions < REGIONS_MAX; i++) {
		struct region *r = &th->region[th->regions];

		if (size[i] == 0) {
			continue;
		}
		*r = (struct region){address[i], size[i], malloc(size[i])};
		if (r->bytes == NULL) {
			xalloc(SIZE_MAX);
		}
		piece[used] = (struct rcgo_target_piece){r->address, r->bytes, r->size};
		want += size[i];
		used++;
		th->regions++;
	}
	if (used == 0) {
		return;
	}
	got = t->core ? 0 : rcgo_target_read_pieces(&t->from, piece, used);
	for (unsigned i = first; i < th->regions && got < want; i++) {
		struct region *r = &th->region[i];

		r->size = target_read_some(t, r->address, r->bytes, r->size);
	}
}
