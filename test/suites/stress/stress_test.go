// SPDX-License-Identifier: BSD-3-Clause

// Package stress runs the stress tests of the unwinder and the symbolizer, which `make stress` has built.
package stress

import (
	"testing"

	"runtime_cgo/test/internal/suite"
)

func TestStress(t *testing.T) {
	new(suite.TAP).Run(t, suite.Command(t, nil, "test/stress/run"))
}
