// SPDX-License-Identifier: BSD-3-Clause

package ccall

/*
#include <stdint.h>
extern void rcgo_leaf_set_region(uintptr_t release, uintptr_t acquire);
extern int rcgo_leaf_set_export_hooks(uintptr_t enter, uintptr_t leave);
*/
import "C"

// SetRegion gives rcgo_leaf.h its functions.
func SetRegion(release, acquire uintptr) {
	C.rcgo_leaf_set_region(C.uintptr_t(release), C.uintptr_t(acquire))
}

// SetExportHooks registers functions that are called before and after each exported Go function. It returns false if
// runtime/cgo is not the drop-in.
func SetExportHooks(enter, leave uintptr) bool {
	return C.rcgo_leaf_set_export_hooks(C.uintptr_t(enter), C.uintptr_t(leave)) != 0
}
