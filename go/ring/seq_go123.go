// SPDX-License-Identifier: BSD-3-Clause

//go:build go1.23

package ring

import (
	"context"
	"iter"
)

// Batches loops over the records in batches of up to 256, each from one lane and in its order. It
// ends with the ring or the context, and sleeps while there is nothing. A batch is C's memory, valid
// until the next. A loop that is left early may be followed by another, which goes on after the last
// batch; two at a time panic with ErrBusy.
func (r *Ring[T]) Batches(ctx context.Context) iter.Seq[[]T] {
	return func(yield func([]T) bool) { r.each(ctx, yield) }
}
