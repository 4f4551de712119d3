// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"syscall"
	"testing"
)

// Identity, for every thread of the process; see testdata/cases/ids.go.
func TestIdentity(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		t.Run("root", func(t *testing.T) {
			if !isRoot() {
				t.Skip("only root can become another user")
			}
			runCase(t, tc, "ids")
		})
		t.Run("denied", func(t *testing.T) {
			var attr *syscall.SysProcAttr
			if isRoot() {
				attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			}
			o := run(t, tc, attr, nil, cases(ours).must(t, tc), "ids-denied")
			o.want(t, 0, "done ids-denied")
		})
	})
}

// The environment that C sees.
func TestEnvironment(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) { runCase(t, tc, "env") })
}
