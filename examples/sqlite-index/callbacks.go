// SPDX-License-Identifier: BSD-3-Clause

package main

// A file with //export comments may declare C things, but not define them.

// #include "index.h"
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

func indexOf(handle C.uintptr_t) *index {
	return cgo.Handle(handle).Value().(*index)
}

// borrow returns C memory as a Go slice without copying it. The slice is valid during the call only.
func borrow(p *C.char, n C.int) []byte {
	if n <= 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), int(n))
}

// goCompare is the collation gopath.
//
//export goCompare
func goCompare(handle C.uintptr_t, alen C.int, a *C.char, blen C.int, b *C.char) C.int {
	return C.int(comparePaths(borrow(a, alen), borrow(b, blen)))
}

// goPackage is the SQL function gopackage(path).
//
//export goPackage
func goPackage(handle C.uintptr_t, ctx *C.sqlite3_context, path *C.char, n C.int) {
	name := append([]byte(packageOf(borrow(path, n))), 0)
	C.db_result_text(ctx, (*C.char)(unsafe.Pointer(&name[0])), C.int(len(name)-1))
}

// goProgress is called by SQLite regularly. A result other than 0 interrupts SQLite.
//
//export goProgress
func goProgress(handle C.uintptr_t) C.int {
	ix := indexOf(handle)
	if ix.stop.Load() {
		return 1
	}
	ix.bar.draw(ix.done.Load(), ix.total.Load())
	return 0
}

// goScanFile is called by the worker threads for each file. A panic must not cross C frames.
//
//export goScanFile
func goScanFile(handle C.uintptr_t, path *C.char, row *C.struct_row) (answer C.int) {
	ix := indexOf(handle)
	name := C.GoString(path)
	defer func() {
		if r := recover(); r != nil {
			ix.skip(name, panicError{r})
			answer = C.SCAN_SKIP
		}
	}()
	if ix.stop.Load() {
		return C.SCAN_STOP
	}
	if !ix.haveStack.Swap(true) {
		ix.keepStack()
	}
	got, err := ix.scan(name)
	ix.done.Add(1)
	if err != nil {
		ix.skip(name, err)
		return C.SCAN_SKIP
	}
	row.size = C.int64_t(got.size)
	row.lines = C.int64_t(got.lines)
	for i := 0; i < len(got.sha256); i++ {
		row.sha256[i] = C.char(got.sha256[i])
	}
	if len(got.words) > 0 {
		row.words = (*C.char)(C.CBytes(got.words)) // the worker frees it
		row.words_len = C.size_t(len(got.words))
	}
	return C.SCAN_OK
}

// goFault dereferences nil on a C thread. The kernel's SIGSEGV must reach Go's handler,
// which turns it into a panic that Go can recover from.
//
//export goFault
func goFault(handle C.uintptr_t) (recovered C.int) {
	defer func() {
		if recover() != nil {
			recovered = 1
		}
	}()
	var nothing *index
	nothing.total.Add(1)
	return 0
}
