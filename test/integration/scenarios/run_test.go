// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// No program here needs longer than a few seconds, even on a busy machine: one that takes longer hangs.
const patience = 100 * time.Second

// An outcome is how a program ended.
type outcome struct {
	out    string // standard output and error
	exit   int    // -1 if a signal ended it
	signal syscall.Signal
	hung   bool
}

func (o outcome) String() string {
	how := fmt.Sprintf("exit status %d", o.exit)
	if o.exit < 0 {
		how = fmt.Sprintf("ended by signal %v", o.signal)
	}
	if o.hung {
		how = "hung"
	}
	text := o.out
	if len(text) > 6000 {
		text = text[:3000] + "\n…\n" + text[len(text)-3000:]
	}
	return how + "\n" + text
}

// run runs a program to its end.
func run(t *testing.T, tc toolchain, attr *syscall.SysProcAttr, env []string, words ...string) outcome {
	t.Helper()
	o, err := start(tc, attr, env, words...)
	if err != nil {
		t.Fatalf("%v: %v", words, err)
	}
	return o
}

// start does the same, and leaves it to the caller to judge a program that does not start.
func start(tc toolchain, attr *syscall.SysProcAttr, env []string, words ...string) (outcome, error) {
	var out bytes.Buffer
	patience := patience
	if machine != "" {
		if attr != nil {
			return outcome{}, fmt.Errorf("a program on %s takes no process attributes", machine)
		}
		words, env = onMachine(env, words)
		patience *= machineSlowness
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = environ(tc, env...)
	read, write, err := os.Pipe()
	if err != nil {
		return outcome{}, err
	}
	defer read.Close()
	cmd.Stdout, cmd.Stderr = write, write
	if attr == nil {
		attr = &syscall.SysProcAttr{}
	}
	// A process group of its own, so that the children of a hanging program are killed too.
	attr.Setpgid = true
	cmd.SysProcAttr = attr
	err = cmd.Start()
	write.Close()
	if err != nil {
		return outcome{}, err
	}
	// A child that left the group, as a daemon does, may hold the pipe: not for ever.
	read.SetReadDeadline(time.Now().Add(patience + time.Second))
	copied := make(chan struct{})
	go func() {
		_, _ = io.Copy(&out, read)
		close(copied)
	}()
	var o outcome
	timer := time.AfterFunc(patience, func() {
		o.hung = true
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	})
	err = cmd.Wait()
	<-copied
	if !timer.Stop() {
		time.Sleep(10 * time.Millisecond)
	}
	o.out = out.String()
	o.exit = cmd.ProcessState.ExitCode()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		o.signal = status.Signal()
	}
	if machine != "" {
		endedOnMachine(&o)
	}
	if err != nil && cmd.ProcessState.Success() {
		return o, err // the program is not the cause
	}
	return o, nil
}

// want fails the test unless the program ended with status exit and wrote every text.
func (o outcome) want(t *testing.T, exit int, texts ...string) {
	t.Helper()
	if o.hung || o.exit != exit {
		t.Errorf("want exit status %d, got %v", exit, o)
		return
	}
	for _, text := range texts {
		if !strings.Contains(o.out, text) {
			t.Errorf("output lacks %q:\n%v", text, o)
		}
	}
}

// lacks fails the test if the program wrote text.
func (o outcome) lacks(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(o.out, text) {
		t.Errorf("output has %q:\n%v", text, o)
	}
}

// runCase runs one case of testdata/cases and requires success.
func runCase(t *testing.T, tc toolchain, words ...string) outcome {
	t.Helper()
	o := run(t, tc, nil, nil, append([]string{cases(ours).must(t, tc)}, words...)...)
	o.want(t, 0, "done "+words[0])
	return o
}

// cases is the program that contains most scenarios.
func cases(s side) build { return build{program: "cases", side: s} }
