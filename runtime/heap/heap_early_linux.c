// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: memory that Go and its runtime/cgo map while profiling is off, and the switch. Go
// maps its first heap before any code of the program runs. May run with no g, before libc is ready.
#include "heap_profiling.h"
#include "heap_record.h"

// Go's heap grows at its end, so its pieces join.
#define RANGES 256

// owner: itself; lock: early.busy, and what finds it busy is not noted; ordering: its own
static struct {
	uint32_t busy, used;
	struct {
		uint64_t start, end;
	} range[RANGES];
} early;

static bool
take(void)
{
	return __atomic_exchange_n(&early.busy, 1, __ATOMIC_ACQUIRE) == 0;
}

static void
give_back(void)
{
	rcgo_store_rel(&early.busy, 0);
}

// Removes a range. Of memory that surrounds it, the part before it stays.
static void
remove_noted(uint64_t start, uint64_t end)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < early.used; i++) {
		uint64_t lo = early.range[i].start, hi = early.range[i].end;

		if (lo < start && hi > start) {
			hi = start;
		} else if (lo >= start && lo < end) {
			lo = end;
		}
		if (lo < hi) {
			early.range[n].start = lo;
			early.range[n++].end = hi;
		}
	}
	early.used = n;
}

static void
add(uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; i < early.used; i++) {
		if (early.range[i].end == start) {
			early.range[i].end = end;
			return;
		}
		if (early.range[i].start == end) {
			early.range[i].start = start;
			return;
		}
	}
	if (early.used < RANGES) {
		early.range[early.used].start = start;
		early.range[early.used++].end = end;
	}
}

void
rcgo__heap_note_early(void *p, size_t size, bool mapped)
{
	uint64_t start = (uint64_t)(uintptr_t)p;

	if (take()) {
		remove_noted(start, start + size);
		if (mapped) {
			add(start, start + size);
		}
		give_back();
	}
}

void
rcgo__heap_move_early(void)
{
	if (!take()) {
		return;
	}
	for (uint32_t i = 0; i < early.used; i++) {
		rcgo__heap_map_own((void *)(uintptr_t)early.range[i].start,
			early.range[i].end - early.range[i].start);
	}
	early.used = 0;
	give_back();
}

int
rcgo_heap_set_rate(uint64_t rate)
{
	int err = rcgo__heap_set_rate(rate, NULL);

	if (err == 0 && rate != 0) {
		rcgo__heap_move_early();
	}
	return err;
}
