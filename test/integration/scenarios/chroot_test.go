// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// In a root without /proc a program starts and works, although glibc cannot report the bounds of the main thread's
// stack there: pthread_getattr_np fails. The stock result is only logged: stock goes on with what libc has left in its
// variable, which is good enough with glibc 2.36.
func TestRootWithoutProc(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for _, s := range []side{ours, stock} {
			program := build{program: "modes", side: s, flags: linkStatic}.must(t, tc)
			root := filepath.Join(t.TempDir(), "root")
			if err := os.Mkdir(root, 0o755); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(program)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "modes"), text, 0o755); err != nil {
				t.Fatal(err)
			}
			attr := &syscall.SysProcAttr{Chroot: root}
			if !isRoot() {
				attr.Cloneflags = syscall.CLONE_NEWUSER
				attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
				attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
			}
			o, err := start(tc, attr, nil, "/modes")
			if err != nil {
				t.Skipf("neither root nor a user namespace: %v", err)
			}
			if s == ours {
				o.want(t, 0, "modes ok")
			} else {
				t.Logf("stock: %v", o)
			}
		}
	})
}
