// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"fmt"
	"testing"
)

// A dump has all of 819,200 live samples with 8,192 stacks, and of as many mappings, while other threads allocate. It
// prints for how long it held a lock, and how long an allocation took beside dumps and beside a thread that copies as much
// memory without a lock: where nothing else runs, less than 0.1 ms, and less than 1 ms.
func TestHeapDump(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		if machine != "" {
			t.Skip("an emulator takes too long")
		}
		exe := build{program: "heapdump", side: ours, flags: "--with=heap"}.must(t, tc)
		o := run(t, tc, nil, nil, exe)
		o.want(t, 0, "held locks were seen", "records", "a lock was held for")
		t.Log(o.out)
		var records int
		fmt.Sscan(o.out, &records)
		if records < 8192*101 {
			t.Errorf("%d records, want one for each block and mapping", records)
		}
	})
}
