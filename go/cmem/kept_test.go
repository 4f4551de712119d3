// SPDX-License-Identifier: BSD-3-Clause

package cmem_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"rcgo.example/cmem"
)

const mebi = 1 << 20

// The held memory shrinks again: arenas keep a small block, and additional arenas are freed.
func TestLittleIsKept(t *testing.T) {
	before := cmem.Count().Bytes
	big := strings.Repeat("x", 64*mebi)
	for round := 0; round < 3; round++ {
		a := cmem.Get()
		if _, err := a.String(big); err != nil {
			t.Fatal(err)
		}
		a.Put()
	}
	if more := cmem.Count().Bytes - before; more > mebi {
		t.Errorf("%d bytes are kept after a long string", more)
	}
	var own cmem.Arena
	if _, err := own.Zeroed(5 * mebi); err != nil {
		t.Fatal(err)
	}
	own.Put()
	if more := cmem.Count().Bytes - before; more > mebi {
		t.Errorf("%d bytes are kept by an arena of one's own", more)
	}

	for round := 0; round < 20; round++ {
		all := make([]*cmem.Arena, 1000)
		for i := range all {
			all[i] = cmem.Get()
			if _, err := all[i].String("text"); err != nil {
				t.Fatal(err)
			}
		}
		for _, a := range all {
			a.Put()
		}
		runtime.GC()
		runtime.GC()
	}
	kept := int64(300 * 16 << 10) // one for each place of the pool, and a few more
	for i := 0; i < 100 && cmem.Count().Bytes-before > kept; i++ {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	if more := cmem.Count().Bytes - before; more > kept {
		t.Errorf("%d bytes are kept after 20 times 1000 arenas", more)
	}
}
