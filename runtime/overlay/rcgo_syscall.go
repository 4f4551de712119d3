// SPDX-License-Identifier: BSD-3-Clause
// Overlay: passes our all-threads call to package syscall. Only a package syscall patched by `rcgo
// build --with=syscall` reads the variable.

//go:build linux

package cgo

import "unsafe"

//go:cgo_import_static _cgo_libc_all_threads
//go:linkname _cgo_libc_all_threads _cgo_libc_all_threads
//go:linkname cgo_libc_all_threads syscall.cgo_libc_all_threads
var _cgo_libc_all_threads byte
var cgo_libc_all_threads = unsafe.Pointer(&_cgo_libc_all_threads)
