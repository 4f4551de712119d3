// SPDX-License-Identifier: BSD-3-Clause

//go:build go1.23

package ring

import (
	"context"
	"iter"
)

// Batches iterates over the records in batches of up to 256. Each batch comes from one lane, in order. The loop ends
// with the ring or the context, and sleeps while the ring is empty. A batch is C memory, valid until the next batch. A
// loop that is left early may be followed by another, which continues after the last batch; two loops at a time panic
// with ErrBusy.
func (r *Ring[T]) Batches(ctx context.Context) iter.Seq[[]T] {
	return func(yield func([]T) bool) { r.each(ctx, yield) }
}
