// SPDX-License-Identifier: BSD-3-Clause

// Stacks measures rcgo stack beside the tools that show stacks of a running process, on one process,
// in turn, and writes a table. It asserts nothing; the reader judges the figures.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"
)

// A tool, and the words of its command. PID in them is the process.
type tool struct {
	name    string
	command []string
	input   string
}

type result struct {
	wall, cpu     []time.Duration
	stacks, whole int // with the C function that waits, and of those with the Go function below
	eintr         int
	err           error
}

type target struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func main() {
	if err := stacks(); err != nil {
		fmt.Fprintln(os.Stderr, "stacks:", err)
		os.Exit(1)
	}
}

func tools(rcgo string) []tool {
	return []tool{
		{"rcgo stack", []string{rcgo, "stack", "-json", "PID"}, ""},
		{"rcgo stack -stop", []string{rcgo, "stack", "-json", "-stop", "PID"}, ""},
		{"eu-stack -i", []string{"eu-stack", "-i", "-p", "PID"}, ""},
		{"gdb", []string{"gdb", "-nx", "-batch", "-p", "PID", "-ex", "thread apply all bt"}, ""},
		{"pstack", []string{"pstack", "PID"}, ""},
		{"dlv", []string{"dlv", "attach", "PID", "--allow-non-terminal-interactive"}, "goroutines -t 30\nquit -c\n"},
	}
}

func stacks() error {
	rcgo := flag.String("rcgo", "../bin/rcgo", "the rcgo `command`")
	threads := flag.Int("threads", 1000, "number of threads that wait")
	rounds := flag.Int("rounds", 5, "number of rounds")
	only := flag.String("run", "", "only the tools whose names contain this")
	output := flag.String("o", "", "where the table goes; default: standard output")
	flag.Parse()
	command, err := filepath.Abs(*rcgo)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "rcgo-stacks-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	program := filepath.Join(work, "target")
	if out, err := exec.Command("go", "build", "-o", program, "./stacks/target").CombinedOutput(); err != nil {
		return fmt.Errorf("%v\n%s", err, out)
	}
	t, err := start(program, *threads)
	if err != nil {
		return err
	}
	defer t.stop()
	list := tools(command)
	results := make([]result, len(list))
	for round := 0; round < *rounds; round++ {
		for i := range list {
			if strings.Contains(list[i].name, *only) && results[i].err == nil {
				results[i].run(list[i], t)
			}
		}
	}
	text := table(list, results, *threads)
	if *output == "" {
		fmt.Print(text)
		return nil
	}
	return os.WriteFile(*output, []byte(text), 0o666)
}

func start(program string, threads int) (*target, error) {
	t := &target{cmd: exec.Command(program, strconv.Itoa(threads))}
	var err error
	if t.in, err = t.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := t.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	t.out = bufio.NewReader(out)
	if err = t.cmd.Start(); err != nil {
		return nil, err
	}
	if line, err := t.out.ReadString('\n'); line != "ready\n" {
		return nil, fmt.Errorf("the target says %q: %v", line, err)
	}
	return t, nil
}

func (t *target) stop() {
	t.in.Close()
	t.cmd.Wait()
}

// eintr asks the target how often a call of its ended early.
func (t *target) eintr() int {
	fmt.Fprintln(t.in)
	line, _ := t.out.ReadString('\n')
	n, _ := strconv.Atoi(strings.TrimSpace(line))
	return n
}

func (r *result) run(tool tool, t *target) {
	var words []string
	for _, word := range tool.command {
		words = append(words, strings.Replace(word, "PID", strconv.Itoa(t.cmd.Process.Pid), 1))
	}
	if _, r.err = exec.LookPath(words[0]); r.err != nil {
		return
	}
	before := t.eintr()
	cmd := exec.Command(words[0], words[1:]...)
	var out bytes.Buffer
	cmd.Stdout = &out
	cmd.Stdin = strings.NewReader(tool.input)
	begin := time.Now()
	r.err = cmd.Run()
	r.wall = append(r.wall, time.Since(begin))
	if cmd.ProcessState != nil {
		r.cpu = append(r.cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	if out.Len() > 1000 { // some end with a status of their own
		r.err = nil
	}
	r.stacks = bytes.Count(out.Bytes(), []byte("wait_forever"))
	r.whole = bytes.Count(out.Bytes(), []byte("main.worker"))
	r.eintr += t.eintr() - before
}

func median(d []time.Duration) time.Duration {
	sort.Slice(d, func(i, k int) bool { return d[i] < d[k] })
	if len(d) == 0 {
		return 0
	}
	return d[len(d)/2]
}

func table(list []tool, results []result, threads int) string {
	var b strings.Builder
	ours := median(results[0].wall)
	fmt.Fprintf(&b, "%d threads that wait in C, which Go called. The median of the rounds; the last columns are of one look.\n\n", threads)
	b.WriteString("| | time | × rcgo | CPU | C stacks | joined to Go | calls ended by EINTR |\n|---|---|---|---|---|---|---|\n")
	for i, tool := range list {
		r := results[i]
		wall := median(r.wall)
		switch {
		case r.err != nil:
			fmt.Fprintf(&b, "| %s | %v | | | | | |\n", tool.name, r.err)
		case len(r.wall) > 0:
			ratio := "–"
			if ours > 0 {
				ratio = fmt.Sprintf("%.1f", float64(wall)/float64(ours))
			}
			fmt.Fprintf(&b, "| %s | %.0f ms | %s | %.0f ms | %d | %d | %d |\n", tool.name, float64(wall)/1e6,
				ratio, float64(median(r.cpu))/1e6, r.stacks, r.whole, r.eintr/len(r.wall))
		}
	}
	return b.String()
}
