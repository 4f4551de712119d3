// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package allthreads_test

func runtimeStops() bool { return false }
