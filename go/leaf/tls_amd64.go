// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package leaf

import "runtime_cgo/leaf/internal/ccall"

// findTLS: the assembler knows the place of g on amd64.
func findTLS(*ccall.Facts) error { return nil }
