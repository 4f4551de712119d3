// SPDX-License-Identifier: BSD-3-Clause

package ccall

/*
#include <stdint.h>
extern void *rcgo_leaf_callback_function(void);
*/
import "C"

import "unsafe"

// callback is what package leaf does in an ordinary call from C.
var callback func(number int, frame unsafe.Pointer)

// CallbackFn gives the C function (number, frame) that makes an ordinary call from C to f.
func CallbackFn(f func(number int, frame unsafe.Pointer)) unsafe.Pointer {
	callback = f
	return C.rcgo_leaf_callback_function()
}

//export rcgo_leaf_callback
func rcgo_leaf_callback(number C.uintptr_t, frame unsafe.Pointer) {
	callback(int(number), frame)
}
