// SPDX-License-Identifier: BSD-3-Clause

//go:build go1.22

package leaf

// entryAlign says to the assembly where entries begin. Older assemblers for amd64 cannot have it.
const entryAlign = 64
