// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package stacks_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"rcgo.example/allthreads"
	"rcgo.example/stacks"
	"rcgo.example/stacks/internal/stackstest"
)

// dump returns a dump of goroutines that hang in C in each way, and the errno of poll.
func dump(t *testing.T) (string, int) {
	t.Helper()
	// Both packages ask the same runtime/cgo.
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
	stackstest.AwaitMutex(2)
	stackstest.AwaitPoll()
	stackstest.AwaitRun()

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
			t.Errorf("threads with the stock runtime/cgo:\n%s", text)
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
		t.Errorf("not one C thread:\n%s", text)
	}
	if !regexp.MustCompile(`4 threads in C, \d+ in Go`).MatchString(text) {
		t.Errorf("no count of threads in:\n%s", text)
	}
}

// The profile is what go tool pprof reads.
func TestProfile(t *testing.T) {
	stackstest.Hold()
	done := make(chan bool)
	for i := 0; i < 3; i++ {
		go func() { stackstest.Mutex(); done <- true }()
	}
	stackstest.AwaitMutex(3)
	w := httptest.NewRecorder()
	stacks.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/debug/cgo/stacks?profile=1", nil))
	stackstest.Release()
	for i := 0; i < 3; i++ {
		<-done
	}
	got := samples(t, w.Body)
	want := `stackstest\._Cfunc_stacks_waits_for_mutex\n.*stackstest\.Mutex\n`
	if stacks.Available() {
		want = `pthread_mutex_lock\n(.*\n)*.*` + want
	}
	if !regexp.MustCompile(`(?m)^3 syscall\n(.+\n)*.*` + want).MatchString(got) {
		t.Errorf("no sample of 3 goroutines that are in C:\n%s", got)
	}
}

// A field of a protocol buffer message.
type field struct {
	number int
	value  uint64
	bytes  []byte
}

func fields(t *testing.T, b []byte) []field {
	t.Helper()
	var list []field
	varint := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			t.Fatal("not a protocol buffer")
		}
		b = b[n:]
		return v
	}
	for len(b) > 0 {
		key := varint()
		f := field{number: int(key >> 3), value: varint()}
		if key&7 == 2 {
			f.bytes, b = b[:f.value], b[f.value:]
		}
		list = append(list, f)
	}
	return list
}

// samples prints a profile: of each sample its count and label, and its functions, innermost first.
func samples(t *testing.T, r io.Reader) string {
	t.Helper()
	zip, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	function := make(map[uint64]uint64) // names, by function
	location := make(map[uint64]uint64) // functions, by location
	for _, f := range fields(t, all) {
		if f.number != 4 && f.number != 5 {
			continue
		}
		var id, of uint64
		for _, g := range fields(t, f.bytes) {
			switch {
			case f.number == 4 && g.number == 4:
				of = fields(t, g.bytes)[0].value
			case g.number == 1:
				id = g.value
			case f.number == 5 && g.number == 2:
				of = g.value
			}
		}
		if f.number == 4 {
			location[id] = of
		} else {
			function[id] = of
		}
	}
	for _, f := range fields(t, all) {
		if f.number == 6 {
			texts = append(texts, string(f.bytes))
		}
	}
	var out strings.Builder
	for _, f := range fields(t, all) {
		if f.number != 2 {
			continue
		}
		sample := fields(t, f.bytes)
		label := fields(t, sample[2].bytes)
		count, _ := binary.Uvarint(sample[1].bytes)
		fmt.Fprintf(&out, "%d %s\n", count, texts[label[1].value])
		for ids := sample[0].bytes; len(ids) > 0; {
			id, n := binary.Uvarint(ids)
			ids = ids[n:]
			out.WriteString(texts[function[location[id]]] + "\n")
		}
		out.WriteString("\n")
	}
	return out.String()
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
