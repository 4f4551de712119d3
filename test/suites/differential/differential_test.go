// SPDX-License-Identifier: BSD-3-Clause

// Package differential runs the random programs of signal handlers, which must print the same with libc alone and with our interposition.
package differential

import (
	"testing"

	"runtime_cgo/test/internal/suite"
)

func TestDifferential(t *testing.T) {
	new(suite.TAP).Run(t, suite.Command(t, nil, "test/differential/run"))
}
