// SPDX-License-Identifier: BSD-3-Clause

// Package symbolize compares the symbolizer with those of binutils, elfutils, LLVM and libbacktrace.
package symbolize

import (
	"testing"

	"runtime_cgo/test/internal/suite"
)

func TestVote(t *testing.T) {
	new(suite.TAP).Run(t, suite.Command(t, nil, "test/symbolize/run"))
}
