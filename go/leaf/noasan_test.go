// SPDX-License-Identifier: BSD-3-Clause

//go:build !asan

package leaf_test

const builtWithASan = false
