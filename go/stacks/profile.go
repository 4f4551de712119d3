// SPDX-License-Identifier: BSD-3-Clause

package stacks

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"rcgo.example/internal/pprof"
)

// Profile writes the goroutines in the format of go tool pprof, as pprof's profile "goroutine", with
// the C frames of those that are in C. A sample has a label "state", such as "syscall". The limits
// of Write hold here too: a goroutine in poll, for example, has no C frames.
//
//	go tool pprof http://localhost:8080/debug/cgo/stacks?profile=1
func Profile(w io.Writer) error {
	prepare()
	return writeProfile(w, goroutines(), time.Now())
}

// A frame of a dump, as it is printed.
type frame struct {
	function, file string
	line           int64
}

// A stack of a dump, innermost frame first, with the number of goroutines that have it.
type stack struct {
	state  string
	frames []frame
	count  int64
}

var (
	headLine  = regexp.MustCompile(`^goroutine \d+ (?:gp=.*? )?\[([^\],]*)[^\]]*\].*:$`)
	placeLine = regexp.MustCompile(`^\t(.*):(\d+)(?: \+0x[0-9a-f]+| pc=0x[0-9a-f]+)?(?: fp=0x.*)?$`)
)

// parse reads a dump of runtime.Stack.
func parse(dump []byte) []*stack {
	var list []*stack
	byText := make(map[string]*stack)
	for _, part := range bytes.Split(dump, []byte("\n\n")) {
		s := parseOne(string(part))
		if s == nil {
			continue
		}
		var key strings.Builder
		key.WriteString(s.state)
		for _, f := range s.frames {
			key.WriteString("\n" + f.function + "\n" + f.file + ":" + strconv.FormatInt(f.line, 10))
		}
		if same := byText[key.String()]; same != nil {
			same.count++
			continue
		}
		byText[key.String()] = s
		list = append(list, s)
	}
	return list
}

func parseOne(text string) *stack {
	in := bufio.NewScanner(strings.NewReader(text))
	in.Buffer(nil, 1<<20)
	if !in.Scan() {
		return nil
	}
	head := headLine.FindStringSubmatch(in.Text())
	if head == nil {
		return nil
	}
	s := &stack{state: head[1], count: 1}
	for in.Scan() {
		line := in.Text()
		switch place := placeLine.FindStringSubmatch(line); {
		case place != nil && len(s.frames) > 0:
			f := &s.frames[len(s.frames)-1]
			f.file = place[1]
			f.line, _ = strconv.ParseInt(place[2], 10, 64)
		case strings.HasPrefix(line, "\t"): // a program counter without a file
		case strings.HasPrefix(line, "created by "):
			// As in pprof's own profile, a stack ends at the goroutine's first function.
			return s
		default:
			s.frames = append(s.frames, frame{function: functionName(line)})
		}
	}
	return s
}

// functionName removes the arguments that Go prints: "main.(*T).f(0x1, {0x2, 0x3})". Names of C
// functions have none; those of C++ are kept whole.
func functionName(line string) string {
	if !strings.HasSuffix(line, ")") {
		return line
	}
	depth := 0
	for i := len(line) - 1; i > 0; i-- {
		switch line[i] {
		case ')':
			depth++
		case '(':
			if depth--; depth == 0 {
				if strings.Trim(line[i+1:len(line)-1], "0123456789abcdefx{}, ._?") == "" {
					return line[:i]
				}
				return line
			}
		}
	}
	return line
}

type profile struct {
	*pprof.Builder
	locations map[frame]int64
}

func (p *profile) location(f frame) int64 {
	id, ok := p.locations[f]
	if !ok {
		id = int64(len(p.locations) + 1)
		p.locations[f] = id
		var line, m pprof.Message
		line.Number(1, p.Function(f.function, f.file))
		line.Number(2, f.line)
		m.Number(1, id)
		m.Bytes(4, line)
		p.Out.Bytes(pprof.Location, m)
	}
	return id
}

func (p *profile) sample(s *stack) {
	var ids []int64
	for _, f := range s.frames {
		ids = append(ids, p.location(f))
	}
	var m pprof.Message
	m.Packed(1, ids)
	m.Packed(2, []int64{s.count})
	p.Label(&m, "state", s.state)
	p.Out.Bytes(pprof.Sample, m)
}

func writeProfile(w io.Writer, dump []byte, now time.Time) error {
	p := &profile{pprof.NewBuilder(), make(map[frame]int64)}
	p.ValueType(pprof.SampleType, "goroutine", "count")
	p.ValueType(pprof.PeriodType, "goroutine", "count")
	p.Out.Number(pprof.Period, 1)
	p.Out.Number(pprof.Time, now.UnixNano())
	for _, s := range parse(dump) {
		p.sample(s)
	}
	return p.Write(w)
}
