// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const reachedMark = "<- reached"

// checkLimits checks the message about a thread that could not start: the errno, the limit and its value, the number of
// threads, the advice, in few lines.
func checkLimits(t *testing.T, o outcome, row string, value uint64, advice string) {
	t.Helper()
	if o.hung || o.exit == 0 {
		t.Fatalf("did not fail as it should: %v", o)
	}
	start := strings.Index(o.out, "runtime/cgo: pthread_create failed: ")
	if start < 0 {
		t.Fatalf("no message: %v", o)
	}
	message := o.out[start:]
	if end := strings.Index(message, "SIGABRT: abort"); end >= 0 {
		message = message[:end]
	}
	if n := strings.Count(strings.TrimSpace(message), "\n") + 1; n > 20 {
		t.Errorf("%d lines of message", n)
	}
	if !regexp.MustCompile(`failed: .*\((EAGAIN|ENOMEM)\)`).MatchString(message) {
		t.Error("no errno")
	}
	threads := regexp.MustCompile(`This process has (\d+) threads`).FindStringSubmatch(message)
	if threads == nil || threads[1] == "0" {
		t.Error("no number of threads")
	}
	found := false
	for _, line := range strings.Split(message, "\n") {
		if strings.Contains(line, reachedMark) {
			words := strings.Fields(strings.TrimSuffix(line, reachedMark))
			if strings.Contains(line, row) && len(words) > 1 && words[len(words)-2] == fmt.Sprint(value) {
				found = true
			} else {
				t.Errorf("another limit is said to be reached: %s", line)
			}
		}
	}
	if !found {
		t.Errorf("%q with the value %d is not marked %q", row, value, reachedMark)
	}
	if !strings.Contains(message, advice) {
		t.Errorf("no advice %q", advice)
	}
	t.Logf("%s", message)
}

// said returns the value that the program reports as set.
func said(t *testing.T, o outcome, name string) uint64 {
	t.Helper()
	m := regexp.MustCompile(`limit ` + name + ` is (\d+)`).FindStringSubmatch(o.out)
	if m == nil {
		t.Fatalf("the limit was not set: %v", o)
	}
	value, err := strconv.ParseUint(m[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// failsBy makes a program start threads under a limit that it sets, named as in the cases' "limits".
func failsBy(t *testing.T, name, value, row, advice string) {
	each(t, func(t *testing.T, tc toolchain) {
		o := run(t, tc, nil, nil, cases(ours).must(t, tc), "limits", name, value)
		checkLimits(t, o, row, said(t, o, name), advice)
		stockSaysNothing(t, tc, "limits", name, value)
	})
}

// As root, the program changes to a user without other processes. For another user, all threads of that user count, so
// the limit is reached at once.
func TestThreadStartFailsByNproc(t *testing.T) {
	failsBy(t, "nproc", "23", "RLIMIT_NPROC", "ulimit -u")
}

// Go itself needs address space too; a margin keeps its own failure away.
func TestThreadStartFailsByAddressSpace(t *testing.T) {
	failsBy(t, "as", "150000", "RLIMIT_AS", "ulimit -v")
}

func TestThreadStartFailsByData(t *testing.T) {
	failsBy(t, "data", "150000", "RLIMIT_DATA", "ulimit -d")
}

// stockSaysNothing shows that the message is ours.
func stockSaysNothing(t *testing.T, tc toolchain, words ...string) {
	t.Helper()
	o := run(t, tc, nil, nil, append([]string{cases(stock).must(t, tc)}, words...)...)
	if o.hung || o.exit == 0 {
		t.Errorf("stock did not fail: %v", o)
	}
	for _, text := range []string{reachedMark, "This process has", "ulimit -u", "ulimit -v"} {
		o.lacks(t, text)
	}
}

func TestThreadStartFailsByCgroup(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		group := pidsCgroup(t, 19)
		o := run(t, tc, nil, nil, cases(ours).must(t, tc), "limits", "cgroup", "19", group)
		checkLimits(t, o, "cgroup pids.max", 19, group)
	})
}

// pidsCgroup makes a cgroup that permits this many threads, below the root of either version.
func pidsCgroup(t *testing.T, max int) string {
	t.Helper()
	name := fmt.Sprintf("rcgo-test-%d-%d", os.Getpid(), time.Now().UnixNano()%1000000)
	for _, root := range []string{"/sys/fs/cgroup/pids", "/sys/fs/cgroup"} {
		group := filepath.Join(root, name)
		if os.Mkdir(group, 0o755) != nil {
			continue
		}
		t.Cleanup(func() {
			for i := 0; i < 100 && os.Remove(group) != nil; i++ {
				time.Sleep(10 * time.Millisecond)
			}
		})
		if os.WriteFile(filepath.Join(group, "pids.max"), []byte(strconv.Itoa(max)), 0o666) == nil {
			return group
		}
	}
	t.Skip("no cgroup that counts threads can be made here (needs root and a writable /sys/fs/cgroup)")
	return ""
}
