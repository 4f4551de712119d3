// SPDX-License-Identifier: BSD-3-Clause
// Overlay: the flags of the C compiler for our C sources. The last -std= and -W win, and the
// name of this file sorts after Go's own cgo.go. So these flags override Go's (gnu90 and
// -Werror in 1.27).

//go:build linux || freebsd

package cgo

/*
#cgo CFLAGS: -std=gnu11 -Wno-error -Wno-declaration-after-statement
#cgo CFLAGS: -fno-omit-frame-pointer -fasynchronous-unwind-tables

extern void crosscall2(void (*)(void *), void *, int, __SIZE_TYPE__) __attribute__((weak));
extern void rcgo_export_header(void) __attribute__((visibility("hidden")));
*/
import "C"

// With -buildmode=c-archive and c-shared, the go command needs the C header of each package that the
// program imports, and compiles a package again at every build if the header is not in its cache. A
// package has a header if it exports a function, so this one does.
//
//export rcgo_export_header
func rcgo_export_header() {}
