// SPDX-License-Identifier: BSD-3-Clause

//go:build go1.21

package call

import "context"

// afterEnd calls f in a new goroutine when the context ends.
func afterEnd(ctx context.Context, f func()) { context.AfterFunc(ctx, f) }
