// SPDX-License-Identifier: BSD-3-Clause

// Package unwind runs the comparison of unwind information with that of readelf.
package unwind

import (
	"testing"

	"runtime_cgo/test/internal/suite"
)

func TestUnwind(t *testing.T) {
	new(suite.TAP).Run(t, suite.Command(t, nil, "test/unwind/run"))
}
