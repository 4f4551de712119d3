// SPDX-License-Identifier: BSD-3-Clause
// Overlay: the symbols of the signal interposers. `rcgo build --without=signals` leaves this file
// out.

//go:build linux

package cgo

// Exported so that C libraries bind to them instead of the C library's functions
// (runtime/signal/interpose.h) when Go's linker links the program. An external linker exports them
// by itself.
//
//go:cgo_import_static sigaction
//go:cgo_export_dynamic sigaction
//go:cgo_import_static __sigaction
//go:cgo_export_dynamic __sigaction
//go:cgo_import_static signal
//go:cgo_export_dynamic signal
//go:cgo_import_static bsd_signal
//go:cgo_export_dynamic bsd_signal
//go:cgo_import_static ssignal
//go:cgo_export_dynamic ssignal
//go:cgo_import_static sysv_signal
//go:cgo_export_dynamic sysv_signal
//go:cgo_import_static __sysv_signal
//go:cgo_export_dynamic __sysv_signal
//go:cgo_import_static sigset
//go:cgo_export_dynamic sigset
//go:cgo_import_static siginterrupt
//go:cgo_export_dynamic siginterrupt
//go:cgo_import_static sigaltstack
//go:cgo_export_dynamic sigaltstack
//go:cgo_import_static pthread_sigmask
//go:cgo_export_dynamic pthread_sigmask
//go:cgo_import_static sigprocmask
//go:cgo_export_dynamic sigprocmask
//go:cgo_import_static sighold
//go:cgo_export_dynamic sighold
//go:cgo_import_static sigblock
//go:cgo_export_dynamic sigblock
//go:cgo_import_static sigsetmask
//go:cgo_export_dynamic sigsetmask
