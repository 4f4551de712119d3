// SPDX-License-Identifier: BSD-3-Clause

package main

// #include "index.h"
import "C"

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// bar is a progress bar. It draws nothing if the output is not a terminal.
type bar struct {
	out  *os.File // nil: draws nothing
	lock sync.Mutex
	last time.Time
}

func newBar(out *os.File) *bar {
	if C.probe_terminal(C.int(out.Fd())) == 0 {
		return &bar{}
	}
	return &bar{out: out}
}

const barWidth, barPause = 40, 50 * time.Millisecond

// draw is called very often, so it redraws only after some time has passed.
func (b *bar) draw(done, total int64) {
	if b.out == nil || total == 0 {
		return
	}
	b.lock.Lock()
	defer b.lock.Unlock()
	if time.Since(b.last) < barPause {
		return
	}
	b.last = time.Now()
	full := int(barWidth * done / total)
	fmt.Fprintf(b.out, "\r  [%s%s] %d of %d files ", strings.Repeat("#", full),
		strings.Repeat(".", barWidth-full), done, total)
}

func (b *bar) clear() {
	if b.out != nil {
		fmt.Fprint(b.out, "\r\033[K")
	}
}
