// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: reads the target's memory: as it is now, or as it was when a thread was looked at.
#include "stack_target.h"

#include <stdlib.h>
#include <string.h>

bool
target_read(struct target *t, uint64_t address, void *to, size_t size)
{
	return address <= UINT64_MAX - size && t->ops->read(t, address, to, size) == size;
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
	struct iovec local[REGIONS_MAX], remote[REGIONS_MAX];
	size_t want = 0, used = 0;
	unsigned first = th->regions;
	ssize_t got;

	for (size_t i = 0; i < n && th->regions < REGIONS_MAX; i++) {
		struct region *r = &th->region[th->regions];

		if (size[i] == 0) {
			continue;
		}
		*r = (struct region){address[i], size[i], malloc(size[i])};
		if (r->bytes == NULL) {
			xalloc(SIZE_MAX);
		}
		local[used] = (struct iovec){r->bytes, r->size};
		remote[used] = (struct iovec){(void *)(uintptr_t)r->address, r->size};
		want += size[i];
		used++;
		th->regions++;
	}
	if (used == 0) {
		return;
	}
	got = t->ops->read_pieces(t, local, remote, used);
	for (unsigned i = first; i < th->regions && (got < 0 || (size_t)got < want); i++) {
		struct region *r = &th->region[i];

		r->size = t->ops->read(t, r->address, r->bytes, r->size);
	}
}
