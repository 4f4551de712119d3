// SPDX-License-Identifier: BSD-3-Clause

package ccall

/*
#include <stdint.h>
extern void rcgo_leaf_set_region(uintptr_t release, uintptr_t acquire);
*/
import "C"

// SetRegion gives rcgo_leaf.h its functions.
func SetRegion(release, acquire uintptr) {
	C.rcgo_leaf_set_region(C.uintptr_t(release), C.uintptr_t(acquire))
}
