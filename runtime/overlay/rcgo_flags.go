// SPDX-License-Identifier: BSD-3-Clause
// Overlay: the flags of the C compiler for our C sources. The last -std= and -W win, and the
// name of this file sorts after Go's own cgo.go. So these flags override Go's (gnu90 and
// -Werror in 1.27).

//go:build linux || freebsd

package cgo

/*
#cgo CFLAGS: -std=gnu11 -Wno-error -Wno-declaration-after-statement
#cgo CFLAGS: -fno-omit-frame-pointer -fasynchronous-unwind-tables
*/
import "C"
