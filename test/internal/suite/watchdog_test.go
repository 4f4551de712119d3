// SPDX-License-Identifier: BSD-3-Clause

package suite

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestWatchdogEndsSilentProgram(t *testing.T) {
	var out bytes.Buffer
	err := run(exec.Command("sh", "-c", "echo begin; sh -c 'sleep 777; echo next'; echo last"), &out, time.Second)
	said := out.String()
	if err == nil || !strings.HasPrefix(said, "begin\n") || !strings.Contains(said, " sleep 777\n") {
		t.Errorf("%v, %q", err, said)
	}
	if strings.Contains(said, "\nnext\n") || strings.Contains(said, "\nlast\n") {
		t.Errorf("a process went on: %q", said)
	}
}
