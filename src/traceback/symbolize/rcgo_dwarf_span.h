// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: address ranges that may lie in one another, searched by address.
#ifndef RCGO_DWARF_SPAN_H
#define RCGO_DWARF_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rcgo_arena.h"

struct rcgo_span {
	uint64_t low, high; // high is one past
	uint32_t value;
	uint32_t up; // the nearest before that begins no later and ends later, or RCGO_SPAN_NONE
};

#define RCGO_SPAN_NONE UINT32_MAX

// Sorts spans by where they begin, the longer first, then by value, and links them. scratch is used
// and given back. Returns whether there was room.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__spans_sort(
	struct rcgo_span *spans, uint32_t count, struct rcgo_arena *scratch);

// The innermost span that holds address, or RCGO_SPAN_NONE.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__spans_find(
	const struct rcgo_span *spans, uint32_t count, uint64_t address);

// The next one outward from at that holds address, or RCGO_SPAN_NONE.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__spans_outward(
	const struct rcgo_span *spans, uint32_t at, uint64_t address);

#endif // RCGO_DWARF_SPAN_H
