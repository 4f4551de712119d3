// SPDX-License-Identifier: BSD-3-Clause
// Copies of a GOROOT with regular, writable files, because the suites write into it, and Debian's
// consists of links.
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// goEnv asks the go command of a GOROOT for the default value of one setting, without the
// user's settings.
func goEnv(goroot, name string) (string, error) {
	cmd := exec.Command(filepath.Join(goroot, "bin", "go"), "env", name)
	cmd.Env = baseEnv(goroot, "")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s env %s: %w", cmd.Path, name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// baseEnv returns the environment of every go command that we run: the given GOROOT's go is first in
// PATH, and no setting of the user can differ between the two sides.
func baseEnv(goroot, gocache string) []string {
	var env []string
	for _, kv := range os.Environ() {
		name := strings.SplitN(kv, "=", 2)[0]
		keep := !strings.HasPrefix(name, "GO") && !strings.HasPrefix(name, "CGO_") &&
			!strings.HasPrefix(name, "RCGO") && name != "CC" && name != "CXX" && name != "PATH"
		switch name {
		case "GOPROXY", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOMAXPROCS":
			keep = true
		}
		if keep {
			env = append(env, kv)
		}
	}
	env = append(env, "GOTOOLCHAIN=local", "GOENV=off", "GOWORK=off", "GOFLAGS=",
		"PATH="+filepath.Join(goroot, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	if gocache != "" {
		env = append(env, "GOCACHE="+gocache)
	}
	return env
}

// identity names one state of a GOROOT. A copy of another state is not used again.
func identity(goroot string) (string, error) {
	version, err := os.ReadFile(filepath.Join(goroot, "VERSION"))
	if err != nil {
		return "", err
	}
	info, err := os.Stat(filepath.Join(goroot, "bin", "go"))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s\n%s\n%d %d", goroot, version, info.Size(),
		info.ModTime().UnixNano())))
	return fmt.Sprintf("%x", sum[:4]), nil
}

// lockHome prevents a second run from changing the copies that this run uses.
func lockHome(home string) error {
	if err := os.MkdirAll(home, 0o777); err != nil {
		return err
	}
	// Left open: the lock ends with the process.
	f, err := os.OpenFile(filepath.Join(home, "lock"), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return err
	}
	keepOpen = f
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("another run works in %s: %w; wait for it or name another -work", home, err)
	}
	return nil
}

// keepOpen keeps the lock's file reachable, because the garbage collector would close it.
var keepOpen *os.File

// copyGoroot makes (or finds) the copy of a GOROOT at dst.
func copyGoroot(src, dst, id string) error {
	stamp := filepath.Join(dst, ".conformance-copy")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == id {
		return nil
	}
	if exists(dst) && !exists(stamp) {
		return fmt.Errorf("%s exists and is no copy of ours; name another -work", dst)
	}
	if err := os.RemoveAll(dst); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dst), 0o777); err != nil {
		return err
	}
	// The copy is made under another name and renamed, so a partial copy is never used. The lock is
	// held, so no other run uses a partial copy of an earlier run.
	left, err := filepath.Glob(filepath.Join(filepath.Dir(dst), "copy-*"))
	if err != nil {
		return err
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dst), "copy-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	progress("copying %s to %s", src, dst)
	root := filepath.Join(tmp, "go")
	if err := copyTree(src, root, nil); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, filepath.Base(stamp)), []byte(id), 0o666); err != nil {
		return err
	}
	return os.Rename(root, dst)
}

// copyTree copies a tree, following links. parents are the real paths of the folders above, so that
// a link to one of them does not cause an endless loop.
func copyTree(src, dst string, parents []string) error {
	realDir, err := filepath.EvalSymlinks(src)
	if err != nil {
		return err
	}
	for _, p := range parents {
		if p == realDir {
			return nil
		}
	}
	parents = append(parents, realDir)
	if err := os.MkdirAll(dst, 0o777); err != nil {
		return err
	}
	entries, err := os.ReadDir(src)
	if err != nil {
		return err
	}
	for _, e := range entries {
		from, to := filepath.Join(src, e.Name()), filepath.Join(dst, e.Name())
		info, err := os.Stat(from)
		if err != nil {
			if os.IsNotExist(err) && e.Type()&os.ModeSymlink != 0 {
				continue // Debian leaves links to packages that are not installed.
			}
			return err
		}
		switch {
		case info.IsDir():
			err = copyTree(from, to, parents)
		case info.Mode().IsRegular():
			err = copyFile(from, to, info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyFile(src, dst string, info os.FileInfo) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, info.Mode().Perm()|0o200)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return os.Chtimes(dst, info.ModTime(), info.ModTime())
}
