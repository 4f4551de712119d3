// SPDX-License-Identifier: BSD-3-Clause
// Overlay: Go's signal trampoline for freebsd/amd64 calls x_cgo_callers if this variable is set, as
// it does on Linux. Go's own callbacks_traceback.go, which sets it, is for darwin and linux only.

//go:build freebsd && amd64

package cgo

//go:cgo_import_static x_cgo_callers
//go:linkname x_cgo_callers x_cgo_callers
//go:linkname _cgo_callers _cgo_callers
var x_cgo_callers byte
var _cgo_callers = &x_cgo_callers
