// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: stacks of more frames than there is room for. The outermost frames
// say how the program came there, so that they are kept, too, and those between them are counted.
// Runs in handlers.

#include "mark.h"
#include "unwind_step.h"

// No stack has so many frames that the walk would not end sooner: 8 MiB of the smallest.
#define FOLDED_MOST ((size_t)1 << 19)

bool
rcgo__unwind_fold(struct rcgo_unwind *walk)
{
	struct rcgo_fold *fold = walk->fold;

	if (fold == NULL || fold->elided > FOLDED_MOST) {
		return false;
	}
	if (fold->head == NULL) {
		fold->head = walk->pcs;
		fold->size = walk->max;
		walk->pcs = fold->tail;
		walk->max = 2 * RCGO_FOLD_KEEP;
		walk->n = 0;
		return true;
	}
	for (size_t i = 0; i < RCGO_FOLD_KEEP; i++) {
		fold->tail[i] = fold->tail[i + RCGO_FOLD_KEEP];
	}
	fold->elided += RCGO_FOLD_KEEP;
	walk->n = RCGO_FOLD_KEEP;
	return true;
}

void
rcgo__unwind_fold_again(struct rcgo_unwind *walk)
{
	struct rcgo_fold *fold = walk->fold;

	if (fold != NULL && fold->head != NULL) {
		walk->pcs = fold->head;
		walk->max = fold->size;
		fold->head = NULL;
		fold->elided = 0;
	}
	walk->n = 0;
}

void
rcgo__unwind_unfold(struct rcgo_unwind *walk)
{
	struct rcgo_fold *fold = walk->fold;
	size_t n = walk->n, size, keep, from_tail;
	uintptr_t *last;

	if (fold == NULL || fold->head == NULL) {
		return;
	}
	size = fold->size;
	keep = RCGO_FOLD_KEEP < size / 2 ? RCGO_FOLD_KEEP : size / 2;
	from_tail = n < keep ? n : keep;
	last = fold->head + size - keep;
	walk->pcs = fold->head;
	walk->max = walk->n = size;
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
