// SPDX-License-Identifier: BSD-3-Clause
// Overlay: symbols that the rest of the program and our runtime/cgo share.

//go:build linux || freebsd

package cgo

// Go data that C reads: rcgo_go_text.s.
//
//go:cgo_export_static rcgo_go_text
