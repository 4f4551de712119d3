// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"fmt"
	"regexp"
	"testing"
)

// A dump of 819,200 live samples with 8,192 stacks, and of as many mappings, holds no lock for long: threads that
// allocate meanwhile wait for it.
func TestHeapDump(t *testing.T) {
	// A copy of a whole shard at once takes twice as long.
	const most = 150 // microseconds

	each(t, func(t *testing.T, tc toolchain) {
		if machine != "" {
			t.Skip("an emulator's times say nothing")
		}
		exe := build{program: "heapdump", side: ours, flags: "--with=heap"}.must(t, tc)
		o := run(t, tc, nil, nil, exe)
		o.want(t, 0, "held locks were seen", "records")
		t.Log(o.out)
		var records, held int
		fmt.Sscan(o.out, &records)
		if records < 8192*101 {
			t.Errorf("%d records, want one for each block and mapping", records)
		}
		m := regexp.MustCompile(`a lock was held for (\d+) us`).FindStringSubmatch(o.out)
		if m == nil {
			t.Fatal(o)
		}
		if fmt.Sscan(m[1], &held); held > most {
			t.Errorf("a lock was held for %d us, want %d at most", held, most)
		}
	})
}
