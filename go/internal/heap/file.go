// SPDX-License-Identifier: BSD-3-Clause

package heap

import (
	"debug/dwarf"
	"debug/elf"
	"sort"
	"strings"
)

// A file has the names of the code of an object that is not loaded any more.
type file struct {
	elf     *elf.File
	symbols []elf.Symbol // functions, by address
	dwarf   *dwarf.Data
}

// file opens an object once. One that cannot be read has no names.
func (n *Names) file(path string) *file {
	f, ok := n.files[path]
	if ok {
		return f
	}
	f = &file{}
	n.files[path] = f
	opened, err := elf.Open(path)
	if err != nil {
		return f
	}
	defer opened.Close()
	f.elf = opened
	all, _ := opened.Symbols()
	if len(all) == 0 {
		all, _ = opened.DynamicSymbols()
	}
	for _, s := range all {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Value != 0 {
			f.symbols = append(f.symbols, s)
		}
	}
	sort.SliceStable(f.symbols, func(i, j int) bool { return f.symbols[i].Value < f.symbols[j].Value })
	f.dwarf, _ = opened.DWARF()
	return f
}

// name names the function at an offset in the file.
func (f *file) name(offset uint64) []Frame {
	if f.elf == nil {
		return nil
	}
	for _, p := range f.elf.Progs {
		if p.Type != elf.PT_LOAD || offset < p.Off || offset-p.Off >= p.Filesz {
			continue
		}
		address := offset - p.Off + p.Vaddr
		i := sort.Search(len(f.symbols), func(i int) bool { return f.symbols[i].Value > address }) - 1
		if i < 0 || f.symbols[i].Size != 0 && address-f.symbols[i].Value >= f.symbols[i].Size {
			return nil
		}
		name, _, _ := strings.Cut(f.symbols[i].Name, "@")
		frame := Frame{Function: name, C: true}
		frame.File, frame.Line = f.line(address)
		return []Frame{frame}
	}
	return nil
}

// line gives the source line of an address; "" if there is no debug information.
func (f *file) line(address uint64) (string, int) {
	if f.dwarf == nil {
		return "", 0
	}
	unit, err := f.dwarf.Reader().SeekPC(address)
	if err != nil {
		return "", 0
	}
	lines, err := f.dwarf.LineReader(unit)
	if err != nil || lines == nil {
		return "", 0
	}
	var entry dwarf.LineEntry
	if lines.SeekPC(address, &entry) != nil || entry.File == nil {
		return "", 0
	}
	return entry.File.Name, entry.Line
}
