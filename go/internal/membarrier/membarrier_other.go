// SPDX-License-Identifier: BSD-3-Clause

//go:build !linux

// Package membarrier makes all threads of the process execute a memory barrier, so that those that run
// often need none of their own.
package membarrier

// Available gives false: only Linux has the system call.
func Available() bool { return false }

// Forbid is for tests.
func Forbid(bool) {}

// All gives false: there is no barrier.
func All() bool { return false }
