// SPDX-License-Identifier: BSD-3-Clause

//go:build !cgo

package ctest

import "unsafe"

func allocate() unsafe.Pointer { return nil }

func release(p unsafe.Pointer) {}
