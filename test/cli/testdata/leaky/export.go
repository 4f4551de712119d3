// SPDX-License-Identifier: BSD-3-Clause

package main

import "C"

var used = make([]byte, 16<<20)

// LoseInHost does the same in a C program, and uses Go memory.
//
//export LoseInHost
func LoseInHost() {
	for i := range used {
		used[i] = 1
	}
	loseSmall()
	loseBig()
}
