// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package leaf

// thunkSize is that of a thunk.
const thunkSize = 16
