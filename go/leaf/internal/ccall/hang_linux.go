// SPDX-License-Identifier: BSD-3-Clause

package ccall

/*
#include <stdint.h>
extern void rcgo_leaf_beat(void);
extern int rcgo_leaf_watch_hangs(void);
extern void rcgo_leaf_set_hang_limit(uint32_t seconds);
*/
import "C"

import (
	"syscall"
	"time"
)

// SetHangLimit sets for how many seconds no goroutine may run until WatchHangs ends the program. The default is 10.
func SetHangLimit(seconds int) { C.rcgo_leaf_set_hang_limit(C.uint32_t(seconds)) }

// WatchHangs starts a thread of C that ends the program with a report and all stacks if goroutines do not run.
func WatchHangs() error {
	C.rcgo_leaf_beat()
	if errno := C.rcgo_leaf_watch_hangs(); errno != 0 {
		return syscall.Errno(errno)
	}
	go func() {
		for {
			C.rcgo_leaf_beat()
			time.Sleep(time.Second / 2)
		}
	}()
	return nil
}
