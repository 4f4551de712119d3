// SPDX-License-Identifier: BSD-3-Clause

package stresstest

import (
	"os"
	"os/exec"
	"strings"
)

// Self is the running test program again, in the emulator that RCGO_TEST_EXEC names if it runs in one.
func Self() *exec.Cmd {
	words := append(strings.Fields(os.Getenv("RCGO_TEST_EXEC")), os.Args[0])
	return exec.Command(words[0], words[1:]...)
}
