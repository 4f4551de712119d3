// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo && !asan

package leaf_test

const builtWithASan = false
