// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"debug/elf"
	"fmt"
)

// An objSym is a global symbol of an object file.
type objSym struct {
	name    string
	defined bool
	hidden  bool
	weak    bool
	common  bool
}

// objSymbols reads the global symbols of an ELF object of any architecture.
func objSymbols(path string) ([]objSym, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %v", path, err)
	}
	defer f.Close()
	syms, err := f.Symbols()
	if err != nil {
		return nil, fmt.Errorf("%s: %v", path, err)
	}
	var out []objSym
	for _, s := range syms {
		bind := elf.ST_BIND(s.Info)
		if bind != elf.STB_GLOBAL && bind != elf.STB_WEAK || s.Name == "" {
			continue
		}
		vis := elf.ST_VISIBILITY(s.Other)
		out = append(out, objSym{
			name:    s.Name,
			defined: s.Section != elf.SHN_UNDEF,
			hidden:  vis == elf.STV_HIDDEN || vis == elf.STV_INTERNAL,
			weak:    bind == elf.STB_WEAK,
			common:  s.Section == elf.SHN_COMMON,
		})
	}
	return out, nil
}
