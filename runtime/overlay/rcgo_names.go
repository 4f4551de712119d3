// SPDX-License-Identifier: BSD-3-Clause
// Overlay: names that pass between our C half and the rest of the program.

//go:build linux

package cgo

// What C wants to know of Go: rcgo_go_text.s.
//
//go:cgo_export_static rcgo_go_text
