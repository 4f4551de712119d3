// SPDX-License-Identifier: BSD-3-Clause
// Gets the drop-in's overlay for a GOROOT, and copies the same files into a second copy of it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// overlayFile is the JSON that go build -overlay reads.
type overlayFile struct {
	Replace map[string]string
}

const cgoDir = "/src/runtime/cgo/"

// obtainOverlay returns the overlay whose keys name the given GOROOT: from rcgo, with that GOROOT's
// go first in PATH, or from a file, whose keys may name another GOROOT.
func obtainOverlay(c *config, goroot, out string) (*overlayFile, error) {
	src := c.overlay
	if src == "" {
		src = out + ".rcgo"
		cmd := exec.Command(c.rcgo, c.variant.overlayArgs(src)...)
		cmd.Env = baseEnv(goroot, "")
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("%s overlay: %w", c.rcgo, err)
		}
	}
	raw, err := os.ReadFile(src)
	if err != nil {
		return nil, err
	}
	var in overlayFile
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fmt.Errorf("%s: %w", src, err)
	}
	o := &overlayFile{Replace: map[string]string{}}
	for key, value := range in.Replace {
		i := strings.LastIndex(filepath.ToSlash(key), cgoDir)
		if i < 0 {
			return nil, fmt.Errorf("%s: %s is not of runtime/cgo", src, key)
		}
		key = filepath.Join(goroot, filepath.FromSlash(cgoDir), key[i+len(cgoDir):])
		if value != "" && !filepath.IsAbs(value) {
			value = filepath.Join(filepath.Dir(src), value)
		}
		if value == "" && !exists(key) {
			continue // A file that only the GOROOT of the given overlay has.
		}
		o.Replace[key] = value
	}
	if err := o.complete(goroot); err != nil {
		return nil, fmt.Errorf("%s: %w", src, err)
	}
	raw, err = json.MarshalIndent(o, "", "\t")
	if err != nil {
		return nil, err
	}
	return o, os.WriteFile(out, append(raw, '\n'), 0o666)
}

// complete checks that nothing of the stock runtime/cgo would be left beside ours.
func (o *overlayFile) complete(goroot string) error {
	dir := filepath.Join(goroot, filepath.FromSlash(cgoDir))
	for _, pattern := range []string{"*.c", "*.S", "libcgo*.h"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		for _, f := range files {
			if _, ok := o.Replace[f]; !ok {
				return fmt.Errorf("the overlay leaves %s in place", f)
			}
		}
	}
	return nil
}

// applyPhysically changes a copy of GOROOT as its overlay describes.
func (o *overlayFile) applyPhysically() error {
	for key, value := range o.Replace {
		if value == "" {
			if err := os.Remove(key); err != nil && !os.IsNotExist(err) {
				return err
			}
			continue
		}
		info, err := os.Stat(value)
		if err != nil {
			return err
		}
		if err := copyFile(value, key, info); err != nil {
			return err
		}
	}
	return nil
}

// restore restores the stock runtime/cgo of a physical copy, so that another
// overlay can be applied to it.
func restore(stock, physical string) error {
	dir := filepath.Join(physical, filepath.FromSlash(cgoDir))
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return copyTree(filepath.Join(stock, filepath.FromSlash(cgoDir)), dir, nil)
}

// dropinSides makes the two forms of the drop-in, and proves that each contains it.
func (c *config) dropinSides(home, id string, stock *side) (dropin, physical *side, err error) {
	json := filepath.Join(home, "overlay"+c.variant.name()+".json")
	made, err := obtainOverlay(c, stock.Goroot, json)
	if err != nil {
		return nil, nil, err
	}
	payload, err := made.content()
	if err != nil {
		return nil, nil, err
	}
	key := stock.Key + "+" + payload
	flag := "-overlay=" + json
	if strings.ContainsAny(flag, " \t") {
		flag = "'" + flag + "'"
	}
	dropin = &side{
		Name: "dropin" + c.variant.name(), Goroot: stock.Goroot,
		Cache: filepath.Join(home, "cache-dropin"),
		Env:   append(c.variant.env(), "GOFLAGS="+flag), Key: key,
	}
	if err := prove(dropin, true); err != nil {
		return nil, nil, err
	}
	physical = &side{
		Name: "dropin-physical" + c.variant.name(), Goroot: filepath.Join(home, "go-dropin"),
		Cache: filepath.Join(home, "cache-physical"), Env: c.variant.env(), Key: key,
	}
	if err := copyGoroot(c.goroot, physical.Goroot, id); err != nil {
		return nil, nil, err
	}
	if err := restore(stock.Goroot, physical.Goroot); err != nil {
		return nil, nil, err
	}
	o, err := obtainOverlay(c, physical.Goroot, filepath.Join(home, "overlay-physical.json"))
	if err != nil {
		return nil, nil, err
	}
	if err := o.applyPhysically(); err != nil {
		return nil, nil, err
	}
	return dropin, physical, prove(physical, true)
}
