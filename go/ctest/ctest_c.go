// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo

package ctest

// #include <stdlib.h>
import "C"

import "unsafe"

func allocate() unsafe.Pointer { return C.malloc(1) }

func release(p unsafe.Pointer) { C.free(p) }
