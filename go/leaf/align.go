// SPDX-License-Identifier: BSD-3-Clause

//go:build go1.22

package leaf

// entryAlign is the alignment of the entries in assembly. Older assemblers do not support it on amd64.
const entryAlign = 64
