// SPDX-License-Identifier: BSD-3-Clause
// Overlay: the symbols of heap profiling, and its start. Only `rcgo build --with=heap` installs this
// file. It uses declarations of rcgo_traceback.go.

//go:build linux

package cgo

import "unsafe"

// Exported so that C libraries bind to them instead of the C library's functions
// (runtime/heap/heap_interpose.h) when Go's linker links the program. An external linker exports
// them by itself.
//
//go:cgo_import_static malloc
//go:cgo_export_dynamic malloc
//go:cgo_import_static free
//go:cgo_export_dynamic free
//go:cgo_import_static free_sized
//go:cgo_export_dynamic free_sized
//go:cgo_import_static free_aligned_sized
//go:cgo_export_dynamic free_aligned_sized
//go:cgo_import_static calloc
//go:cgo_export_dynamic calloc
//go:cgo_import_static realloc
//go:cgo_export_dynamic realloc
//go:cgo_import_static reallocarray
//go:cgo_export_dynamic reallocarray
//go:cgo_import_static memalign
//go:cgo_export_dynamic memalign
//go:cgo_import_static aligned_alloc
//go:cgo_export_dynamic aligned_alloc
//go:cgo_import_static posix_memalign
//go:cgo_export_dynamic posix_memalign
//go:cgo_import_static valloc
//go:cgo_export_dynamic valloc
//go:cgo_import_static pvalloc
//go:cgo_export_dynamic pvalloc
//go:cgo_import_static mmap
//go:cgo_export_dynamic mmap
//go:cgo_import_static mmap64
//go:cgo_export_dynamic mmap64
//go:cgo_import_static munmap
//go:cgo_export_dynamic munmap
//go:cgo_import_static mremap
//go:cgo_export_dynamic mremap
//go:cgo_import_static mprotect
//go:cgo_export_dynamic mprotect

//go:cgo_import_static x_cgo_heap_start
//go:linkname x_cgo_heap_start x_cgo_heap_start
var x_cgo_heap_start byte

// The argument for C is a global, because C must not get pointers to a Go stack.
var rcgo_heap_start struct {
	module unsafe.Pointer
}

func init() {
	main := rcgo_main
	_, rcgo_heap_start.module = rcgo_findfunc(**(**uintptr)(unsafe.Pointer(&main)))
	rcgo_cgocall(unsafe.Pointer(&x_cgo_heap_start), unsafe.Pointer(&rcgo_heap_start))
}
