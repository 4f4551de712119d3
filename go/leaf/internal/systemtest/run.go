// SPDX-License-Identifier: BSD-3-Clause

//go:build (amd64 || arm64) && !go1.27

// Package systemtest runs a function of the tests on the system stack, where g is g0.
package systemtest

// Run runs f on the system stack. It may not allocate, block or panic.
func Run(f func())
