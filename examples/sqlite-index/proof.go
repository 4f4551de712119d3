// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"strings"
)

// Names that only one of the two implementations defines, in every supported Go version.
const (
	oursPrefix = "rcgo__"
	stockName  = "_cgo_try_pthread_create"
)

// cgoRuntime says which runtime/cgo a binary contains.
type cgoRuntime struct {
	name  string // "rcgo", "stock" or "unknown"
	ours  int    // symbols that begin with oursPrefix
	stock int    // symbols called stockName
}

// readCgoRuntime reads the symbol table of a binary, which also has hidden and static names.
func readCgoRuntime(path string) (h cgoRuntime, err error) {
	f, err := elf.Open(path)
	if err != nil {
		return cgoRuntime{name: "unknown"}, err
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if errors.Is(err, elf.ErrNoSymbols) {
		return cgoRuntime{name: "unknown"}, nil // stripped
	}
	if err != nil {
		return cgoRuntime{name: "unknown"}, err
	}
	for _, s := range symbols {
		if strings.HasPrefix(s.Name, oursPrefix) {
			h.ours++
		}
		if s.Name == stockName {
			h.stock++
		}
	}
	switch {
	case h.ours > 0 && h.stock == 0:
		h.name = "rcgo"
	case h.ours == 0 && h.stock > 0:
		h.name = "stock"
	default:
		h.name = "unknown"
	}
	return h, nil
}

func (h cgoRuntime) String() string {
	switch h.name {
	case "rcgo":
		return fmt.Sprintf("rcgo: the binary has %d symbols named %s*, and no %s",
			h.ours, oursPrefix, stockName)
	case "stock":
		return fmt.Sprintf("stock runtime/cgo: the binary has %s, and no symbol named %s*",
			stockName, oursPrefix)
	}
	return fmt.Sprintf("cannot be told: the binary has %d symbols named %s* and %d named %s",
		h.ours, oursPrefix, h.stock, stockName)
}
