// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"debug/elf"
	"fmt"
	"math/rand"
	"sort"
	"strings"
)

// functions are those of a file's symbols, and the names that share an address.
type functions struct {
	list  []elf.Symbol
	alias map[string]uint64
}

func readFunctions(path string) (*functions, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		return nil, fmt.Errorf("%s: %v", path, err)
	}
	out := &functions{alias: map[string]uint64{}}
	seen := map[uint64]bool{}
	clones := map[string]uint64{}
	for _, s := range symbols {
		kind := elf.ST_TYPE(s.Info)
		indirect := kind == elf.STT_GNU_IFUNC
		if kind != elf.STT_FUNC && !indirect || s.Size == 0 || s.Section == elf.SHN_UNDEF || s.Value == 0 {
			continue
		}
		if name := cloneSuffix.ReplaceAllString(s.Name, ""); name != s.Name {
			clones[name] = s.Value
		} else if _, twice := out.alias[name]; !twice {
			out.alias[name] = s.Value
		}
		if !seen[s.Value] && !indirect {
			seen[s.Value] = true
			out.list = append(out.list, s)
		}
	}
	for name, value := range clones {
		if _, whole := out.alias[name]; !whole {
			out.alias[name] = value
		}
	}
	if len(out.list) == 0 {
		return nil, fmt.Errorf("%s: no functions", path)
	}
	return out, nil
}

// pick returns n addresses in functions, the same in each run.
func (f *functions) pick(n int) []uint64 {
	rng := rand.New(rand.NewSource(1))
	pcs := make([]uint64, n)
	for i := range pcs {
		s := f.list[rng.Intn(len(f.list))]
		pcs[i] = s.Value + uint64(rng.Int63n(int64(s.Size)))
	}
	return pcs
}

// same reports whether two names mean one function: they may be aliases, or the linker's name and the source's, if
// DWARF has only the latter.
func (f *functions) same(a, b string) bool {
	if a == b || mangles(a, b) || mangles(b, a) {
		return true
	}
	x, known := f.alias[a]
	y, both := f.alias[b]
	return known && both && x == y
}

// mangles reports whether linker is the linker's name of the function that source names.
func mangles(linker, source string) bool {
	if !strings.HasPrefix(linker, "_Z") || strings.HasPrefix(source, "_Z") {
		return false
	}
	word := source
	switch {
	case strings.HasPrefix(word, "operator()"):
		return strings.Contains(linker, "cl")
	case strings.HasPrefix(word, "operator"):
		return strings.HasPrefix(linker, "_ZN") || strings.HasPrefix(linker, "_ZS")
	case strings.HasPrefix(word, "~"):
		word = word[1:]
	}
	if end := strings.IndexAny(word, "<("); end > 0 {
		word = word[:end]
	}
	return word != "" && strings.Contains(linker, fmt.Sprintf("%d%s", len(word), word))
}

func (f *functions) equal(a, b []frame) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].line != b[i].line || a[i].file != b[i].file || !f.same(a[i].function, b[i].function) {
			return false
		}
	}
	return true
}

// collapsed reports whether theirs is what a tool that missed the inlined calls prints instead of ours: the outermost
// function, with the line of the innermost or with none.
func (f *functions) collapsed(ours, theirs []frame) bool {
	if len(theirs) != 1 || len(ours) < 2 {
		return false
	}
	one, inner, outer := theirs[0], ours[0], ours[len(ours)-1]
	return f.same(outer.function, one.function) &&
		(one.line == "0" || one.line == inner.line && one.file == inner.file)
}

// The counts of one file.
type tally struct {
	asked, agreed, undecided int
	richer                   int // agreed addresses for which collapsed holds
	classes                  map[string]int
	samples                  []string
}

// vote compares ours with the oracles: if two of them agree, ours must agree with them.
func (f *functions) vote(pcs []uint64, ours [][]frame, others map[string][][]frame) tally {
	t := tally{asked: len(pcs), classes: map[string]int{}}
	var names []string
	for name := range others {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, pc := range pcs {
		with, decided := 0, false
		var majority []frame
		for n, name := range names {
			if f.equal(ours[i], others[name][i]) {
				with++
			}
			for _, second := range names[n+1:] {
				if !decided && f.equal(others[name][i], others[second][i]) {
					decided, majority = true, others[name][i]
				}
			}
		}
		switch {
		case with >= 2:
			t.agreed++
		case !decided:
			t.undecided++
		case f.collapsed(ours[i], majority):
			t.agreed++
			t.richer++
		default:
			class := classOf(ours[i], majority)
			t.classes[class]++
			if len(t.samples) < 5 {
				t.samples = append(t.samples, fmt.Sprintf("0x%x %s: ours %s, theirs %s",
					pc, class, show(ours[i]), show(majority)))
			}
		}
	}
	return t
}

// share is the fraction of the decided addresses for which ours is right.
func (t tally) share() float64 {
	if t.asked == t.undecided {
		return 0
	}
	return 100 * float64(t.agreed) / float64(t.asked-t.undecided)
}

func classOf(ours, theirs []frame) string {
	switch {
	case len(ours) == 0 || ours[0].function == "??":
		return "nothing"
	case len(ours) < len(theirs):
		return "shorter"
	case len(ours) > len(theirs):
		return "longer"
	}
	for i := range ours {
		if ours[i].function != theirs[i].function {
			return "name"
		}
		if ours[i].file != theirs[i].file {
			return "file"
		}
	}
	return "line"
}

func show(chain []frame) string {
	var parts []string
	for _, f := range chain {
		parts = append(parts, fmt.Sprintf("%s %s:%s", f.function, f.file, f.line))
	}
	return "[" + strings.Join(parts, " < ") + "]"
}
