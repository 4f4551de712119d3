// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package stacks_test

import (
	"bytes"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"rcgo.example/allthreads"
	"rcgo.example/stacks"
	"rcgo.example/stacks/internal/stackstest"
)

// dump returns a dump of goroutines that hang in C in each way, and the errno of poll.
func dump(t *testing.T) (string, int) {
	t.Helper()
	// Both are told by the same C half.
	if ours := allthreads.Available(); stacks.Available() != ours {
		t.Fatalf("Available says %v, allthreads.Available %v", !ours, ours)
	}
	errno := make(chan int)
	done := make(chan bool)
	stackstest.Hold()
	stackstest.Start()
	go func() { stackstest.Mutex(); done <- true }()
	go func() { stackstest.Run(); done <- true }()
	go func() { errno <- stackstest.Poll() }()
	time.Sleep(200 * time.Millisecond)

	var b bytes.Buffer
	err := stacks.Write(&b)
	for i := 0; i < 3 && err == nil; i++ {
		b.Reset()
		err = stacks.Write(&b)
	}
	stackstest.Release()
	<-done
	<-done
	stackstest.Join()
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), <-errno
}

// goroutine returns the part of a dump that is the goroutine which calls a function of stackstest.
func goroutine(dump, function string) string {
	for _, part := range strings.Split(dump, "\n\n") {
		if strings.HasPrefix(part, "goroutine ") && strings.Contains(part, "stackstest."+function+"(") {
			return part
		}
	}
	return ""
}

// Each goroutine has its C frames in place, and each thread that is in C is listed; a wait that a signal would end
// continues.
func TestWrite(t *testing.T) {
	text, errno := dump(t)
	if errno != 0 {
		t.Errorf("poll failed with errno %d: the dump interrupted it", errno)
	}
	for _, function := range []string{"Mutex", "Run", "Poll"} {
		if goroutine(text, function) == "" {
			t.Errorf("no goroutine calls %s in:\n%s", function, text)
		}
	}
	if !stacks.Available() {
		if strings.Contains(text, "thread ") {
			t.Errorf("threads on the stock C half:\n%s", text)
		}
		return
	}
	// go test strips the binary: its C functions have no names.
	for function, frame := range map[string]string{
		"Mutex": `pthread_mutex_lock\n`, "Run": `(?m)^(stacks_runs|stacks\.test\+0x[0-9a-f]+)$`} {
		if !regexp.MustCompile(frame).MatchString(goroutine(text, function)) {
			t.Errorf("%s has no frame of C in:\n%s", function, text)
		}
	}
	frames := make(map[string][]string) // of threads, by what they wait in
	for _, part := range regexp.MustCompile(`thread \d+ "[^"\n]*" \[(.*)\]:\n([^\n]+\n)+`).
		FindAllStringSubmatch(text, -1) {
		frames[part[1]] = append(frames[part[1]], part[0])
	}
	waits := frames["poll"]
	if len(waits) == 0 {
		waits = frames["ppoll"] // arm64 has no poll
	}
	if len(waits) != 1 || !strings.Contains(waits[0], "poll(...)") {
		t.Errorf("no thread in poll:\n%s", text)
	}
	if len(frames["futex"]) != 2 || len(frames["running"]) != 1 {
		t.Errorf("not two threads that wait for the mutex, and one that runs:\n%s", text)
	}
	if strings.Contains(text, "lost here") {
		t.Errorf("a stack is not whole:\n%s", text)
	}
	// The C thread begins in libc; the other one is called by Go.
	if strings.Count(strings.Join(frames["futex"], ""), "start_thread(...)") != 1 {
		t.Errorf("not one thread of C:\n%s", text)
	}
	if !regexp.MustCompile(`4 threads in C, \d+ in Go`).MatchString(text) {
		t.Errorf("no count of threads in:\n%s", text)
	}
}

func TestHandler(t *testing.T) {
	w := httptest.NewRecorder()
	stacks.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/debug/cgo/stacks", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "TestHandler") ||
		!strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("%d %v\n%s", w.Code, w.Header(), w.Body)
	}
	if stacks.Available() != strings.Contains(w.Body.String(), " in C, ") {
		t.Errorf("threads: %s", w.Body)
	}
}
