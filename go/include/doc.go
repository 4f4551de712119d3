// SPDX-License-Identifier: BSD-3-Clause

// Package include has the C header runtime_cgo.h where rcgo init lays this module; there is no Go in
// it. A package whose C code uses it may say so without a path that differs between machines:
//
//	export CGO_CFLAGS="-O2 -g -I$(go list -f '{{.Dir}}' rcgo.example/include)"
package include
