// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package leaf

// thunkSize is that of a thunk.
const thunkSize = 16

// In assembly. Go code never calls it.
func regionBack()
