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
	t.eachLayout(c, stackLayouts, stackFixed, func(g gorootInfo, arch string, members map[string]int64) {
		if !fitsStackRow(rows, int64(g.minor), members) {
			c.bad(stackLayouts, 0, "no layout for Go 1.%d, %s, fits %s: want %s", g.minor, arch, g.dir,
				offsets(members, stackWords))
		}
	})
}

var layoutCPUs = []string{"amd64", "arm64"}

// eachLayout calls f with the offsets of the structures in each toolchain at hand, for each CPU. fixed are those
// that file takes for granted.
func (t *tree) eachLayout(c *check, file string, fixed map[string]int64, f func(gorootInfo, string, map[string]int64)) {
	for _, arch := range layoutCPUs {
		for _, g := range goroots(t, c) {
			members, err := g.members(arch)
			if err != nil {
				c.bad(file, 0, "Go 1.%d, %s: %v", g.minor, arch, err)
				continue
			}
			for name, want := range fixed {
				if got, ok := members[name]; !ok || got != want {
					c.bad(file, 0, "Go 1.%d, %s: %s is at %d (found: %v), not at %d", g.minor, arch, name, got, ok, want)
				}
			}
			f(g, arch, members)
		}
	}
}

// offsets joins the offsets of the named members, as the rows of the tables have them.
func offsets(members map[string]int64, names []string) string {
	var words []string
	for _, name := range names {
		words = append(words, strconv.FormatInt(members[name], 10))
	}
	return strings.Join(words, ", ")
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
