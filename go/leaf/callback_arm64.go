// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package leaf

// thunkSize is that of a thunk.
const thunkSize = 8

func startCalls() {}

// callCode gives the code for a call with callbacks of this signature.
func callCode(*signature) uintptr { return callbackPCs[pcCall] }
