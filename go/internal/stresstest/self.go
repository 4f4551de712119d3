// SPDX-License-Identifier: BSD-3-Clause

package stresstest

import (
	"os"
	"os/exec"
	"strings"
)

// Self returns a command that runs this test program again, in the emulator that RCGO_TEST_EXEC names, if any.
func Self() *exec.Cmd {
	words := append(strings.Fields(os.Getenv("RCGO_TEST_EXEC")), os.Args[0])
	return exec.Command(words[0], words[1:]...)
}
