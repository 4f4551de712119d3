// SPDX-License-Identifier: BSD-3-Clause

package stacks

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
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

// A message of the protocol buffer format, which github.com/google/pprof/proto/profile.proto uses.
type message []byte

func (m *message) varint(v uint64) {
	for ; v >= 0x80; v >>= 7 {
		*m = append(*m, byte(v)|0x80)
	}
	*m = append(*m, byte(v))
}

func (m *message) number(field int, v int64) {
	m.varint(uint64(field) << 3)
	m.varint(uint64(v))
}

func (m *message) bytes(field int, b []byte) {
	m.varint(uint64(field)<<3 | 2)
	m.varint(uint64(len(b)))
	*m = append(*m, b...)
}

// Fields of profile.proto.
const (
	profileSampleType, profileSample, profileLocation, profileFunction = 1, 2, 4, 5
	profileString, profileTime, profilePeriodType, profilePeriod       = 6, 9, 11, 12
)

type builder struct {
	out       message
	strings   map[string]int64
	list      []string
	functions map[frame]int64 // line is 0
	locations map[frame]int64
}

func (p *builder) text(s string) int64 {
	id, ok := p.strings[s]
	if !ok {
		id = int64(len(p.list))
		p.strings[s] = id
		p.list = append(p.list, s)
	}
	return id
}

func (p *builder) function(f frame) int64 {
	f.line = 0
	id, ok := p.functions[f]
	if !ok {
		id = int64(len(p.functions) + 1)
		p.functions[f] = id
		var m message
		m.number(1, id)
		m.number(2, p.text(f.function))
		m.number(3, p.text(f.function))
		m.number(4, p.text(f.file))
		p.out.bytes(profileFunction, m)
	}
	return id
}

func (p *builder) location(f frame) int64 {
	id, ok := p.locations[f]
	if !ok {
		id = int64(len(p.locations) + 1)
		p.locations[f] = id
		var line, m message
		line.number(1, p.function(f))
		line.number(2, f.line)
		m.number(1, id)
		m.bytes(4, line)
		p.out.bytes(profileLocation, m)
	}
	return id
}

func (p *builder) sample(s *stack) {
	var ids, values, label, m message
	for _, f := range s.frames {
		ids.varint(uint64(p.location(f)))
	}
	values.varint(uint64(s.count))
	label.number(1, p.text("state"))
	label.number(2, p.text(s.state))
	m.bytes(1, ids)
	m.bytes(2, values)
	m.bytes(3, label)
	p.out.bytes(profileSample, m)
}

func writeProfile(w io.Writer, dump []byte, now time.Time) error {
	p := &builder{strings: make(map[string]int64), functions: make(map[frame]int64),
		locations: make(map[frame]int64)}
	p.text("") // has to be the first
	var kind message
	kind.number(1, p.text("goroutine"))
	kind.number(2, p.text("count"))
	p.out.bytes(profileSampleType, kind)
	p.out.bytes(profilePeriodType, kind)
	p.out.number(profilePeriod, 1)
	p.out.number(profileTime, now.UnixNano())
	for _, s := range parse(dump) {
		p.sample(s)
	}
	for _, s := range p.list {
		p.out.bytes(profileString, []byte(s))
	}
	zip := gzip.NewWriter(w)
	if _, err := zip.Write(p.out); err != nil {
		return err
	}
	return zip.Close()
}
