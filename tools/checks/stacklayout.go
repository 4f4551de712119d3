// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

const stackLayouts = "cmd/rcgo/go_layout.c"

// A row of go_layouts: the first and the last minor version, then the offsets of stackWords.
var stackRow = regexp.MustCompile(`(?m)^\t\{(\d+(?:, \d+)+)\},$`)

var stackWords = []string{
	"runtime.g.syscallsp", "runtime.g.syscallpc", "runtime.g.atomicstatus", "runtime.g.goid",
	"runtime.g.waitsince", "runtime.g.waitreason", "runtime.g.gopc", "runtime.g.startpc", "runtime.g.lockedm",
	"runtime.m.procid", "runtime.m.gsignal", "runtime.m.curg", "runtime.m.ncgo", "runtime.m.alllink",
	"runtime.m.lockedg",
}

// What cmd/rcgo/stack_go.h takes for granted of every version.
var stackFixed = map[string]int64{
	"runtime.g.stack": 0, "runtime.g.m": 48, "runtime.g.sched": 56, "runtime.gobuf.sp": 0, "runtime.gobuf.pc": 8,
	"runtime.m.g0": 0,
}

// checkStackLayouts: rcgo stack has a layout for each toolchain at hand. Layouts change within a minor
// version too, so several rows may stand for one.
func checkStackLayouts(t *tree, c *check) {
	if !t.has(stackLayouts) || !needs(c, "go") {
		return
	}
	rows := stackRows(t)
	if len(rows) == 0 {
		c.bad(stackLayouts, 0, "no layouts are found")
	}
	for _, arch := range []string{"amd64", "arm64"} {
		for _, g := range goroots(t, c) {
			members, err := g.members(arch)
			if err != nil {
				c.bad(stackLayouts, 0, "Go 1.%d, %s: %v", g.minor, arch, err)
				continue
			}
			for name, want := range stackFixed {
				if members[name] != want {
					c.bad(stackLayouts, 0, "Go 1.%d, %s: %s is at %d, not at %d", g.minor, arch, name, members[name], want)
				}
			}
			if !fitsStackRow(rows, int64(g.minor), members) {
				c.bad(stackLayouts, 0, "no layout for Go 1.%d, %s, fits %s: want %s", g.minor, arch, g.dir, stackRowFor(members))
			}
		}
	}
}

// stackRows gives the rows of go_layouts.
func stackRows(t *tree) [][]int64 {
	var rows [][]int64
	for _, m := range stackRow.FindAllStringSubmatch(t.read(stackLayouts), -1) {
		var row []int64
		for _, word := range strings.Split(m[1], ", ") {
			n, _ := strconv.ParseInt(word, 10, 64)
			row = append(row, n)
		}
		if len(row) == 2+len(stackWords) {
			rows = append(rows, row)
		}
	}
	return rows
}

func indexOf(words []string, word string) int {
	for i, w := range words {
		if w == word {
			return i
		}
	}
	return -1
}

func fitsStackRow(rows [][]int64, minor int64, members map[string]int64) bool {
	for _, row := range rows {
		fits := row[0] <= minor && minor <= row[1]
		for i, name := range stackWords {
			at, ok := members[name]
			fits = fits && ok && at == row[2+i]
		}
		if fits {
			return true
		}
	}
	return false
}

func stackRowFor(members map[string]int64) string {
	var words []string
	for _, name := range stackWords {
		words = append(words, strconv.FormatInt(members[name], 10))
	}
	return strings.Join(words, ", ")
}

// owner: the process; lock: membersLock. What debugMembers has found, by GOROOT and architecture.
var (
	membersLock sync.Mutex
	membersOf   = map[string]map[string]int64{}
)

// members is debugMembers, which takes a build, once for each.
func (g gorootInfo) members(arch string) (map[string]int64, error) {
	membersLock.Lock()
	defer membersLock.Unlock()
	key := g.dir + " " + arch
	if found, ok := membersOf[key]; ok {
		return found, nil
	}
	found, err := g.debugMembers(arch)
	if err == nil {
		membersOf[key] = found
	}
	return found, err
}
