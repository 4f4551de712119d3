// SPDX-License-Identifier: BSD-3-Clause

// Command pty runs a command on a terminal of a given size, types what a script says, and checks
// what stands on the screen.
//
//	pty ROWS COLUMNS STEP... -- COMMAND...
//
// The steps: touch=FILE makes a file; has=TEXT and lacks=TEXT wait for a screen that does or does not contain the text;
// key=TEXT types, with the escapes of Go's strings; size=ROWSxCOLUMNS changes the size; end waits
// for the end of the command. The screen must never scroll, and no line may be longer than it.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// A screen knows what rcgo top writes.
type screen struct {
	mu            sync.Mutex
	rows, columns int
	line          [][]rune
	row, column   int
	pending       string
	fault         string
	settling      int // updates that may still be of the old size
}

func (s *screen) resize(rows, columns int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows, s.columns, s.row, s.column = rows, columns, 0, 0
	s.line = make([][]rune, rows)
	s.settling = 2
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, l := range s.line {
		b.WriteString(string(l) + "\n")
	}
	return b.String()
}

func (s *screen) wrong(format string, args ...any) {
	if s.fault == "" && s.settling == 0 {
		s.fault = fmt.Sprintf(format, args...)
	}
}

// escape does a sequence that begins with ESC [. It returns its length, or 0 if it is not whole.
func (s *screen) escape(t string) int {
	end := strings.IndexFunc(t[min(2, len(t)):], func(r rune) bool { return r >= '@' && r <= '~' })
	if end < 0 {
		return 0
	}
	switch parameters, command := t[2:2+end], t[2+end]; {
	case command == 'H' && parameters == "":
		s.row, s.column = 0, 0
		if s.settling > 0 {
			s.settling--
		}
	case command == 'K' && parameters == "":
		s.line[s.row] = s.line[s.row][:min(s.column, len(s.line[s.row]))]
	case command == 'J' && parameters == "":
		s.line[s.row] = s.line[s.row][:min(s.column, len(s.line[s.row]))]
		for r := s.row + 1; r < s.rows; r++ {
			s.line[r] = nil
		}
	case (command == 'h' || command == 'l') && parameters == "?25": // the cursor
	default:
		s.wrong("unknown sequence %q", t[:2+end+1])
	}
	return 2 + end + 1
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func (s *screen) put(r rune) {
	if s.column >= s.columns {
		s.wrong("line %d is longer than %d columns: %q", s.row, s.columns, string(s.line[s.row]))
		return
	}
	l := s.line[s.row]
	for len(l) <= s.column {
		l = append(l, ' ')
	}
	l[s.column] = r
	s.line[s.row] = l
	s.column++
}

func (s *screen) write(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.pending + text
	for len(t) > 0 {
		if t[0] == '\033' {
			n := s.escape(t)
			if n == 0 {
				break
			}
			t = t[n:]
			continue
		}
		switch t[0] {
		case '\r':
			s.column = 0
		case '\n':
			if s.row++; s.row == s.rows {
				s.row--
				// The last line feed, behind the last update, may scroll.
				if rest := strings.Trim(t, "\r\n"); rest != "" {
					s.wrong("the screen of %d rows scrolls", s.rows)
				}
			}
		default:
			s.put(rune(t[0]))
		}
		t = t[1:]
	}
	s.pending = t
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pty:", err)
		os.Exit(2)
	}
}

func ioctl(f *os.File, request uintptr, p unsafe.Pointer) error {
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(p)); e != 0 {
		return e
	}
	return nil
}

func setSize(master *os.File, rows, columns int) {
	size := [4]uint16{uint16(rows), uint16(columns)}
	check(ioctl(master, syscall.TIOCSWINSZ, unsafe.Pointer(&size)))
}

func open() (master, slave *os.File) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	check(err)
	var n, unlock uint32
	check(ioctl(master, syscall.TIOCSPTLCK, unsafe.Pointer(&unlock)))
	check(ioctl(master, syscall.TIOCGPTN, unsafe.Pointer(&n)))
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	check(err)
	return master, slave
}

// A run is a command on a screen.
type run struct {
	screen  screen
	master  *os.File
	command *exec.Cmd
	ended   chan error
}

func (r *run) fail(format string, args ...any) {
	fmt.Printf("pty: "+format+"\nThe screen:\n%s", append(args, r.screen.text())...)
	r.command.Process.Kill()
	os.Exit(1)
}

// until waits for a state of the screen, for as long as a machine under load may need.
func (r *run) until(step string, reached func(text string) bool) {
	for end := time.Now().Add(60 * time.Second); !reached(r.screen.text()); {
		if time.Now().After(end) {
			r.fail("no such screen: %s", step)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (r *run) do(step string) {
	verb, value, _ := strings.Cut(step, "=")
	switch verb {
	case "has":
		r.until(step, func(t string) bool { return strings.Contains(t, value) })
	case "lacks":
		r.until(step, func(t string) bool { return !strings.Contains(t, value) })
	case "key":
		key, err := strconv.Unquote(`"` + value + `"`)
		check(err)
		_, err = r.master.WriteString(key)
		check(err)
	case "size":
		var rows, columns int
		_, err := fmt.Sscanf(value, "%dx%d", &rows, &columns)
		check(err)
		r.screen.resize(rows, columns)
		setSize(r.master, rows, columns)
	case "touch":
		check(os.WriteFile(value, nil, 0o600))
	case "end":
		select {
		case err := <-r.ended:
			if err != nil {
				r.fail("%v", err)
			}
		case <-time.After(60 * time.Second):
			r.fail("the command goes on")
		}
	default:
		check(fmt.Errorf("no step %q", step))
	}
}

func main() {
	rows, err := strconv.Atoi(os.Args[1])
	check(err)
	columns, err := strconv.Atoi(os.Args[2])
	check(err)
	steps, command := os.Args[3:], []string(nil)
	for i, word := range steps {
		if word == "--" {
			steps, command = steps[:i], steps[i+1:]
			break
		}
	}
	r := run{ended: make(chan error, 1)}
	r.screen.resize(rows, columns)
	r.screen.settling = 0
	master, slave := open()
	r.master = master
	setSize(master, rows, columns)
	var before, after syscall.Termios
	check(ioctl(slave, syscall.TCGETS, unsafe.Pointer(&before)))
	r.command = exec.Command(command[0], command[1:]...)
	r.command.Stdin, r.command.Stdout, r.command.Stderr = slave, slave, slave
	r.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	check(r.command.Start())
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, err := master.Read(buf)
			if err != nil {
				return
			}
			r.screen.write(string(buf[:n]))
		}
	}()
	go func() { r.ended <- r.command.Wait() }()
	for _, step := range steps {
		r.do(step)
		r.screen.mu.Lock()
		fault := r.screen.fault
		r.screen.mu.Unlock()
		if fault != "" {
			r.fail("after %s: %s", step, fault)
		}
	}
	check(ioctl(slave, syscall.TCGETS, unsafe.Pointer(&after)))
	if before != after {
		r.fail("the terminal is left in another state")
	}
	fmt.Print(r.screen.text())
}
