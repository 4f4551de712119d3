// SPDX-License-Identifier: BSD-3-Clause
// Folds stacks that have more frames than fit. The outermost frames show how the program got there,
// so they are kept as well, and the frames in between are counted. Safe in signal handlers.

#include "mark.h"
#include "unwind_step.h"

// A bound that only a broken stack exceeds: an 8 MiB stack of the smallest frames.
#define ELIDED_MAX ((size_t)1 << 19)

bool
rcgo__unwind_fold(struct rcgo_unwind *unwind)
{
	struct rcgo_fold *fold = unwind->fold;

	if (fold == NULL || fold->elided > ELIDED_MAX) {
		return false;
	}
	if (fold->head == NULL) {
		fold->head = unwind->pcs;
		fold->size = unwind->max;
		unwind->pcs = fold->tail;
		unwind->max = 2 * RCGO_FOLD_KEEP;
		unwind->n = 0;
		return true;
	}
	for (size_t i = 0; i < RCGO_FOLD_KEEP; i++) {
		fold->tail[i] = fold->tail[i + RCGO_FOLD_KEEP];
	}
	fold->elided += RCGO_FOLD_KEEP;
	unwind->n = RCGO_FOLD_KEEP;
	return true;
}

void
rcgo__unwind_fold_again(struct rcgo_unwind *unwind)
{
	struct rcgo_fold *fold = unwind->fold;

	if (fold != NULL && fold->head != NULL) {
		unwind->pcs = fold->head;
		unwind->max = fold->size;
		fold->head = NULL;
		fold->elided = 0;
	}
	unwind->n = 0;
}

void
rcgo__unwind_unfold(struct rcgo_unwind *unwind)
{
	struct rcgo_fold *fold = unwind->fold;
	size_t n = unwind->n, size, keep, from_tail;
	uintptr_t *last;

	size = fold->size;
	keep = RCGO_FOLD_KEEP < size / 2 ? RCGO_FOLD_KEEP : size / 2;
	from_tail = n < keep ? n : keep;
	last = fold->head + size - keep;
	unwind->pcs = fold->head;
	unwind->max = unwind->n = size;
	if (n == 0) {
		return;
	}
	for (size_t i = 0; i < keep - from_tail; i++) {
		last[i] = last[i + from_tail];
	}
	for (size_t i = 0; i < from_tail; i++) {
		last[keep - from_tail + i] = fold->tail[n - from_tail + i];
	}
	last[-1] = rcgo__mark(RCGO_MARK_ELIDED, fold->counts ? fold->elided + n + 1 : 0);
}
