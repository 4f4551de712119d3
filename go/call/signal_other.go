// SPDX-License-Identifier: BSD-3-Clause

//go:build !linux

package call

import (
	"context"
	"errors"
)

// Signal needs Linux.
func Signal(ctx context.Context, fn func()) error {
	if ctx.Done() == nil {
		fn()
		return nil
	}
	return errors.New("call: Signal is for Linux")
}

// SignalNumber returns 0: there is no signal.
func SignalNumber() int { return 0 }
