// SPDX-License-Identifier: BSD-3-Clause

//go:build !(linux && cgo && (amd64 || arm64))

package leaf

import (
	"reflect"
	"unsafe"
)

const haveThunks = false

func callbacksWhy() string { return why }

func thunk(int) unsafe.Pointer { return nil }

func freedClosure() unsafe.Pointer { return nil }

func fastWithCallbacks(reflect.Type, *signature, unsafe.Pointer) unsafe.Pointer { return nil }
