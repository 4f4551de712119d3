// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import "testing"

// A short run of `make soak-threads`, which takes half an hour.
func TestThreadsLeaveNothing(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		soak := build{program: "threadsoak", side: ours}.must(t, tc)
		run(t, tc, nil, nil, soak, "3s").want(t, 0, "0 leaks, 0 hangs", " 0 spare")
	})
}

// The same with pre-spawned threads.
func TestSpareThreads(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		soak := build{program: "threadsoak", side: ours}.must(t, tc)
		run(t, tc, nil, []string{"RCGO=spare=3,names=on"}, soak, "3s").want(t, 0, "0 leaks, 0 hangs", " 4 spare")
	})
}
