// SPDX-License-Identifier: BSD-3-Clause

package suite

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// A program that prints nothing for so long hangs: the longest single test takes two minutes.
	silenceLimit = 8 * time.Minute

	// A process that a program leaves behind may hold its output open for so long.
	outputDelay = 10 * time.Second
)

// Output runs cmd and returns what it printed.
func Output(cmd *exec.Cmd) ([]byte, error) {
	var out bytes.Buffer
	err := run(cmd, &out, 0)
	return out.Bytes(), err
}

// run runs cmd and passes on what it prints. If limit is not 0 and it prints nothing for so long, it
// is ended. A process that it leaves behind does not make run wait.
func run(cmd *exec.Cmd, to io.Writer, limit time.Duration) error {
	out, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = write, write
	err = cmd.Start()
	write.Close()
	if err != nil {
		return err
	}
	w := &watchdog{to: to, pid: cmd.Process.Pid, limit: limit, ended: make(chan struct{})}
	w.last.Store(time.Now().UnixNano())
	var parts sync.WaitGroup
	parts.Add(2)
	go func() { defer parts.Done(); io.Copy(w, out) }()
	go func() { defer parts.Done(); w.guard() }()
	err = cmd.Wait()
	close(w.ended)
	out.SetReadDeadline(time.Now().Add(outputDelay))
	parts.Wait()
	return err
}

// A watchdog passes on what a program prints and ends a program that has become silent.
type watchdog struct {
	to    io.Writer
	pid   int
	limit time.Duration
	ended chan struct{} // closed when the program has ended
	last  atomic.Int64  // when the program last printed, in ns since 1970
}

func (w *watchdog) Write(p []byte) (int, error) {
	w.last.Store(time.Now().UnixNano())
	return w.to.Write(p)
}

func (w *watchdog) guard() {
	if w.limit == 0 {
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-w.ended:
			return
		case now := <-tick.C:
			if now.UnixNano()-w.last.Load() > int64(w.limit) {
				w.end()
				return
			}
		}
	}
}

// end ends the program and its descendants, and says what they were doing.
func (w *watchdog) end() {
	processes := append([]int{w.pid}, descendants(w.pid)...)
	fmt.Fprintf(w.to, "no output for %v; its processes are killed:\n", w.limit)
	for _, p := range processes {
		fmt.Fprintf(w.to, "%d %s\n", p, describe(p))
	}
	// Parents first: a shell whose child ends would start its next command.
	for _, p := range processes {
		syscall.Kill(p, syscall.SIGKILL)
	}
}

// descendants returns the children of pid, theirs, and so on, parents first.
func descendants(pid int) (list []int) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		for _, word := range strings.Fields(read(task)) {
			var child int
			if n, _ := fmt.Sscan(word, &child); n == 1 {
				list = append(append(list, child), descendants(child)...)
			}
		}
	}
	return list
}

// describe returns the command line of a process and where its threads wait in the kernel.
func describe(pid int) string {
	dir := fmt.Sprintf("/proc/%d/", pid)
	text := strings.ReplaceAll(strings.TrimRight(read(dir+"cmdline"), "\x00"), "\x00", " ")
	tasks, _ := filepath.Glob(dir + "task/*")
	for _, task := range tasks {
		state := "?"
		if _, after, ok := strings.Cut(read(task+"/stat"), ") "); ok && after != "" {
			state = after[:1]
		}
		text += fmt.Sprintf("\n    thread %s: %s %s", filepath.Base(task), state, read(task+"/wchan"))
	}
	return text
}

func read(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}
