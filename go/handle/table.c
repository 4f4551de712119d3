// SPDX-License-Identifier: BSD-3-Clause
// The table of handles, and the query that C can make without entering Go. Safety: on any stack;
// rcgo__handle_valid also in signal handlers. runtime_cgo.h declares it.
#include "table.h"

#include <sys/mman.h>

// owner: package handle. lock: none; written once, at Go's start. ordering: release/acquire.
static const uint64_t *table;
static size_t table_words;

enum { INDEX_BITS = 26 };

uint64_t *
rcgo_handle_reserve(size_t *n)
{
	void *at = MAP_FAILED;

	// A limit on the address space may permit fewer.
	while (*n > 1024 && at == MAP_FAILED) {
		at = mmap(NULL, *n * sizeof *table, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (at == MAP_FAILED) {
			*n /= 2;
		}
	}
	if (at == MAP_FAILED) {
		return NULL;
	}
	__atomic_store_n(&table_words, *n, __ATOMIC_RELAXED);
	__atomic_store_n(&table, at, __ATOMIC_RELEASE);
	return at;
}

int
rcgo__handle_valid(uintptr_t handle)
{
	const uint64_t *words = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
	size_t i = handle & (((uintptr_t)1 << INDEX_BITS) - 1);

	return words != NULL && (handle >> 63) != 0 && i < table_words &&
	       __atomic_load_n(&words[i], __ATOMIC_ACQUIRE) == handle;
}
