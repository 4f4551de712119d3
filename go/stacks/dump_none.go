// SPDX-License-Identifier: BSD-3-Clause

//go:build !linux || !cgo

package stacks

import "io"

func available() bool { return false }

func prepare() {}

func threads(io.Writer) error { return nil }
