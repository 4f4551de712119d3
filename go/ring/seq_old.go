// SPDX-License-Identifier: BSD-3-Clause

//go:build !go1.23

package ring

import "context"

// Batches returns what package iter calls a Seq from Go 1.23 on; seq_go123.go describes it.
func (r *Ring[T]) Batches(ctx context.Context) func(yield func([]T) bool) {
	return func(yield func([]T) bool) { r.each(ctx, yield) }
}
