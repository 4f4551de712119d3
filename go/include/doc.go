// SPDX-License-Identifier: BSD-3-Clause

// Package include has the C header runtime_cgo.h in modules that rcgo init writes; it has no Go code. A package whose C
// code includes the header can name it by a path that is the same on every machine:
//
//	export CGO_CFLAGS="-O2 -g -I$(go list -f '{{.Dir}}' rcgo.example/include)"
package include
