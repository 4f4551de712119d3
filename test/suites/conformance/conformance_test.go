// SPDX-License-Identifier: BSD-3-Clause

// Package conformance runs a short list of Go's own cgo tests with our runtime/cgo and with stock's. The long list is
// `make conformance`.
package conformance

import (
	"testing"

	"runtime_cgo/test/internal/suite"
)

func TestConformance(t *testing.T) {
	cmd := suite.Command(t, nil, "make", "--no-print-directory", "-s", "conformance-short")
	new(suite.TAP).Run(t, cmd)
}
