// SPDX-License-Identifier: BSD-3-Clause

//go:build rcgo_leafcheck

package leaf

const builtToCheck = true
