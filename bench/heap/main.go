// SPDX-License-Identifier: BSD-3-Clause

// Heap compares the cost and the numbers of heap profiling with plain Go and with other heap profilers,
// in one run. It prints tables in Markdown.
package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"syscall"
	"time"
)

var (
	rcgo   = flag.String("rcgo", "../../bin/rcgo", "the rcgo `command`")
	rounds = flag.Int("rounds", 5, "runs of each load on each side")
	only   = flag.String("load", ".", "loads to run, a regular `expression`")
	with   = flag.String("side", ".", "sides to run, a regular `expression`")
	peers  = flag.Bool("peers", true, "compare the numbers of the profilers too")
	build  = flag.Bool("build", true, "build the programs first")
	work   = flag.String("dir", "../../build/bench/heap", "`directory` for programs and profiles")
)

// A side is one way to run a load.
type side struct {
	name string
	ours bool     // built by rcgo build --with=heap
	env  []string // %s is the name for the profile
	run  []string // words before the program
	// read says how many bytes the profile has in use, and all of its text.
	read func(profile, program string) (bytes float64, text string, err error)
	need string // a program or library that must be there
	// numbersOnly leaves a side out of the measurement of costs: it takes many times as long.
	numbersOnly bool
	dump        []string // environment that makes it write profiles often, for its numbers
	// settle is how long a profiler may take to write its last events, if a second is too short.
	settle time.Duration
}

// bpf adds up the blocks in use by probes in the kernel, as memleak of bcc does, which needs the kernel's
// headers. Its arguments are the name for the profile and a command.
const bpf = `out=$1; shift
BPFTRACE_MAP_KEYS_MAX=1000000 BPFTRACE_CACHE_USER_SYMBOLS=1 exec bpftrace -o "$out" -c "$*" -e '
uprobe:LIBC:malloc /pid == cpid/ { @size[tid] = arg0; @stack[ustack] = sum(arg0); }
uprobe:LIBC:calloc /pid == cpid/ { @size[tid] = arg0 * arg1; }
uprobe:LIBC:realloc /pid == cpid/ { @size[tid] = arg1; @sum -= @live[arg0]; delete(@live[arg0]); }
uretprobe:LIBC:malloc, uretprobe:LIBC:calloc, uretprobe:LIBC:realloc /@size[tid]/ {
	@live[retval] = @size[tid]; @sum += @size[tid]; delete(@size[tid]); }
uprobe:LIBC:free /@live[arg0]/ { @sum -= @live[arg0]; delete(@live[arg0]); }
END { clear(@live); clear(@size); }'`

const (
	preload  = "/usr/lib/x86_64-linux-gnu/"
	libc     = preload + "libc.so.6"
	bpftrace = "/usr/bin/bpftrace"
	valgrind = "/usr/bin/valgrind"
)

var sides = []side{
	{name: "stock"},
	{name: "built, off", ours: true},
	{name: "512 KiB", ours: true, env: []string{"RCGO=heap=512K+file:%s"}, read: readOurs},
	{name: "64 KiB", ours: true, env: []string{"RCGO=heap=64K+file:%s"}, read: readOurs},
	{name: "every one", ours: true, env: []string{"RCGO=heap=all+file:%s"}, read: readOurs},
	{name: "`rcgo heap run`, 512 KiB", run: []string{"RCGO", "heap", "run", "-o", "%s"}, read: readOurs},
	{name: "heaptrack (every one)", run: []string{"heaptrack", "-o", "%s"}, read: readHeaptrack, need: "/usr/bin/heaptrack",
		settle: 8 * time.Second},
	{name: "jemalloc, no profile", env: []string{"LD_PRELOAD=" + preload + "libjemalloc.so.2"}, need: preload + "libjemalloc.so.2"},
	{name: "jemalloc, 512 KiB", env: []string{"LD_PRELOAD=" + preload + "libjemalloc.so.2",
		"MALLOC_CONF=prof:true,lg_prof_sample:19,prof_final:true,prof_prefix:%s"}, read: readJemalloc, need: preload + "libjemalloc.so.2"},
	{name: "tcmalloc, no profile", env: []string{"LD_PRELOAD=" + preload + "libtcmalloc.so.4"}, need: preload + "libtcmalloc.so.4"},
	{name: "tcmalloc (every one)", env: []string{"LD_PRELOAD=" + preload + "libtcmalloc.so.4", "HEAPPROFILE=%s"},
		read: readTcmalloc, need: preload + "libtcmalloc.so.4", dump: []string{"HEAP_PROFILE_INUSE_INTERVAL=1048576"}},
	{name: "massif, its last snapshot", run: []string{valgrind, "-q", "--tool=massif", "--massif-out-file=%s"},
		read: readMassif, need: valgrind, numbersOnly: true},
	{name: "bpftrace, probes in libc", run: []string{"sh", "-c", strings.ReplaceAll(bpf, "LIBC", libc), "sh", "%s"},
		read: readBpf, need: bpftrace, numbersOnly: true},
}

var loads = []string{"pairs", "ring", "rings", "sqlite", "treesitter", "zstd"}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "bench/heap:", err)
	os.Exit(1)
}

func output(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).Output()
	return string(out), err
}

// readOurs adds up the lines of rcgo heap show -folded.
func readOurs(profile, _ string) (float64, string, error) {
	text, err := output(*rcgo, "heap", "show", "-folded", profile)
	var sum float64
	for _, line := range strings.Split(text, "\n") {
		var bytes float64
		if at := strings.LastIndexByte(line, ' '); at >= 0 && !strings.HasPrefix(line, "[mmap]") {
			fmt.Sscan(line[at:], &bytes)
			sum += bytes
		}
	}
	return sum, text, err
}

func newest(pattern string) (string, error) {
	names, _ := filepath.Glob(pattern)
	if len(names) == 0 {
		return "", fmt.Errorf("there is no %s", pattern)
	}
	sort.Strings(names)
	return names[len(names)-1], nil
}

func number(text, pattern string) (float64, error) {
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("no number in %.200s", text)
	}
	var n float64
	fmt.Sscan(m[1], &n)
	switch m[len(m)-1] {
	case "K":
		n *= 1e3
	case "M":
		n *= 1e6
	case "G":
		n *= 1e9
	}
	return n, nil
}

func readHeaptrack(profile, _ string) (float64, string, error) {
	file, err := newest(profile + "*")
	if err != nil {
		return 0, "", err
	}
	if strings.Contains(file, ".raw") {
		if out, err := exec.Command("heaptrack", "--interpret", file).CombinedOutput(); err != nil {
			return 0, "", fmt.Errorf("%v: %s", err, out)
		}
		if file, err = newest(profile + "*.zst"); err != nil {
			if file, err = newest(profile + "*.gz"); err != nil {
				return 0, "", err
			}
		}
	}
	text, err := output("heaptrack_print", "-l", "-f", file)
	if err != nil {
		return 0, "", err
	}
	n, err := number(text, `total memory leaked: ([0-9.]+)([KMG]?)`)
	return n, text, err
}

func readJemalloc(profile, program string) (float64, string, error) {
	file, err := newest(profile + "*.heap")
	if err != nil {
		return 0, "", err
	}
	text, err := output("jeprof", "--show_bytes", "--text", "--cum", program, file)
	if err != nil {
		return 0, "", err
	}
	n, err := number(text, `Total: ([0-9.]+) B()`)
	return n, text, err
}

func readTcmalloc(profile, program string) (float64, string, error) {
	file, err := newest(profile + "*.heap")
	if err != nil {
		return 0, "", err
	}
	text, err := output("google-pprof", "--show_bytes", "--text", "--cum", program, file)
	if err != nil {
		return 0, "", err
	}
	n, err := number(text, `Total: ([0-9.]+) B()`)
	return n, text, err
}

// readMassif takes the last snapshot, which massif writes when the program ends.
func readMassif(profile, _ string) (float64, string, error) {
	text, err := os.ReadFile(profile)
	if err != nil {
		return 0, "", err
	}
	all := regexp.MustCompile(`mem_heap_B=([0-9]+)`).FindAllStringSubmatch(string(text), -1)
	if all == nil {
		return 0, "", fmt.Errorf("%s has no snapshot", profile)
	}
	var n float64
	fmt.Sscan(all[len(all)-1][1], &n)
	return n, string(text), nil
}

func readBpf(profile, _ string) (float64, string, error) {
	text, err := os.ReadFile(profile)
	if err != nil {
		return 0, "", err
	}
	n, err := number(string(text), `(?m)^@sum: ([0-9]+)()`)
	return n, string(text), err
}

func (s *side) program() string {
	if s.ours {
		return filepath.Join(*work, "work-ours")
	}
	return filepath.Join(*work, "work-stock")
}

func (s *side) command(profile string, args ...string) *exec.Cmd {
	var words []string
	for _, w := range s.run {
		words = append(words, strings.ReplaceAll(strings.ReplaceAll(w, "RCGO", *rcgo), "%s", profile))
	}
	words = append(append(words, s.program()), args...)
	c := exec.Command(words[0], words[1:]...)
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "RCGO") {
			c.Env = append(c.Env, kv)
		}
	}
	for _, kv := range s.env {
		c.Env = append(c.Env, strings.ReplaceAll(kv, "%s", profile))
	}
	c.Stderr = nil
	return c
}

func removeProfiles(profile string) {
	names, _ := filepath.Glob(profile + "*")
	for _, name := range names {
		os.Remove(name)
	}
}

// measure runs a load once. It gives CPU nanoseconds and what libc says is in use. padding goes into the
// environment: it moves the stack.
func (s *side) measure(load, padding string) (cpu, inUse float64, err error) {
	profile := filepath.Join(*work, "profile-once")
	removeProfiles(profile)
	defer removeProfiles(profile)
	c := s.command(profile, load)
	c.Env = append(c.Env, "PADDING="+padding)
	out, err := c.Output()
	if err != nil {
		return 0, 0, fmt.Errorf("%s, %s: %v", s.name, load, err)
	}
	var wall float64
	line := string(out)
	if at := strings.Index(line, "wall="); at >= 0 {
		line = line[at:]
	}
	if _, err := fmt.Sscanf(line, "wall=%g cpu=%g inuse=%g", &wall, &cpu, &inUse); err != nil {
		return 0, 0, fmt.Errorf("%s, %s: %q", s.name, load, out)
	}
	return cpu, inUse, nil
}

func median(v []float64) float64 {
	sort.Float64s(v)
	n := len(v)
	if n == 0 {
		return 0
	}
	return (v[(n-1)/2] + v[n/2]) / 2
}

// spread gives half the width of an interval that contains the true median with a probability of at least 95 %,
// whatever the distribution. v is sorted.
func spread(v []float64) float64 {
	n := float64(len(v))
	lo := int(math.Floor(n/2 - 0.98*math.Sqrt(n)))
	if lo < 0 {
		return math.Inf(1)
	}
	return (v[len(v)-1-lo] - v[lo]) / 2
}

// round runs a load once on each side. The order and the place of the stack differ from round to round, because
// both have an effect of some percent.
func round(use []side, load string) map[string]float64 {
	padding := strings.Repeat("x", rand.Intn(4096))
	got := map[string]float64{}
	for _, i := range rand.Perm(len(use)) {
		if s := &use[i]; !s.numbersOnly {
			cpu, _, err := s.measure(load, padding)
			if err != nil {
				fmt.Fprintln(os.Stderr, "bench/heap:", err)
				continue
			}
			got[s.name] = cpu
		}
	}
	return got
}

// costs prints the CPU time of each load on each side.
func costs(use []side, loads []string) {
	fmt.Printf("CPU time of the whole process, the median of the ratios to stock in %d interleaved rounds, and an interval of 95 %%. "+
		"In brackets: nanoseconds for malloc and free.\n\n| |", *rounds)
	for _, load := range loads {
		fmt.Printf(" %s |", load)
	}
	fmt.Printf("\n|---|%s\n", strings.Repeat("---|", len(loads)))
	ratio := map[string]map[string][]float64{}
	each := map[string]map[string][]float64{}
	for _, load := range loads {
		ratio[load], each[load] = map[string][]float64{}, map[string][]float64{}
		for i := 0; i < *rounds; i++ {
			got := round(use, load)
			for name, cpu := range got {
				each[load][name] = append(each[load][name], cpu)
				if stock := got["stock"]; stock > 0 {
					ratio[load][name] = append(ratio[load][name], cpu/stock)
				}
			}
		}
	}
	count := map[string]float64{"pairs": 20e6, "ring": 10e6, "rings": 10e6}
	for _, s := range use {
		if s.numbersOnly {
			continue
		}
		fmt.Printf("| %s |", s.name)
		for _, load := range loads {
			v := ratio[load][s.name]
			if len(v) == 0 {
				fmt.Printf(" failed |")
				continue
			}
			fmt.Printf(" %.3f", median(v))
			if d := spread(v); s.name != "stock" && !math.IsInf(d, 1) {
				fmt.Printf(" ± %.3f", d)
			}
			if n := count[load]; n > 0 {
				fmt.Printf(" (%.1f)", median(each[load][s.name])/n)
			}
			fmt.Printf(" |")
		}
		fmt.Println()
	}
}

// target finds the process of the program: the command's own, or one that it has started.
func (s *side) target(command int) int {
	all, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, exe := range all {
		if path, _ := os.Readlink(exe); path == s.program() {
			var pid int
			fmt.Sscan(strings.Split(exe, "/")[2], &pid)
			if group, err := syscall.Getpgid(pid); err == nil && group == command {
				return pid
			}
		}
	}
	return command
}

// ended runs a load, ends the program by a signal when it waits, and gives the bytes that the profile has
// in use. Go runs no functions of atexit, so a profiler may lose what it has not written when the program
// returns; here it has time to write.
func (s *side) ended(profile, load string, by syscall.Signal) (float64, string, error) {
	removeProfiles(profile)
	c := s.command(profile, load, "wait")
	c.Env = append(c.Env, s.dump...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := c.StdoutPipe()
	if err != nil {
		return 0, "", err
	}
	if err := c.Start(); err != nil {
		return 0, "", err
	}
	buf := make([]byte, 1<<16)
	for text := ""; !strings.Contains(text, "inuse="); {
		n, err := out.Read(buf)
		text += string(buf[:n])
		if err != nil {
			break
		}
	}
	time.Sleep(max(time.Second, s.settle))
	syscall.Kill(s.target(c.Process.Pid), by)
	go io.Copy(io.Discard, out)
	c.Wait()
	return s.read(profile, s.program())
}

// numbers prints what each profiler says of known loads.
func numbers(use []side) {
	const lost = 50000*1000 + 2000*30000
	fmt.Printf("\nMiB in use at the end. `lose` loses %.2f MiB in two places. The line stock is what libc says.\n\n", float64(lost)/(1<<20))
	fmt.Println("| | lose | sqlite | treesitter | Go lines | after SIGKILL |\n|---|---|---|---|---|---|")
	profile := filepath.Join(*work, "profile")
	for i := range use {
		s := &use[i]
		if s.read == nil && s.name != "stock" {
			continue
		}
		fmt.Printf("| %s |", s.name)
		lines := "no"
		for _, load := range []string{"lose", "sqlite", "treesitter"} {
			if s.read == nil {
				_, inUse, _ := s.measure(load, "")
				fmt.Printf(" %.2f |", inUse/(1<<20))
				continue
			}
			bytes, text, err := s.ended(profile, load, syscall.SIGTERM)
			if err != nil {
				fmt.Fprintf(os.Stderr, "bench/heap: %s, %s: %v\n", s.name, load, err)
				fmt.Printf(" none |")
				continue
			}
			if load == "lose" && strings.Contains(text, "main.loseBig") && strings.Contains(text, "main.loseSmall") {
				lines = "yes"
			}
			fmt.Printf(" %.2f |", bytes/(1<<20))
		}
		if s.read == nil {
			fmt.Println(" | |")
			continue
		}
		bytes, _, err := s.ended(profile, "lose", syscall.SIGKILL)
		if err != nil || bytes == 0 {
			fmt.Printf(" %s | none |\n", lines)
		} else {
			fmt.Printf(" %s | %.2f |\n", lines, bytes/(1<<20))
		}
		removeProfiles(profile)
	}
}

func main() {
	flag.Parse()
	for _, path := range []*string{rcgo, work} {
		full, err := filepath.Abs(*path)
		if err != nil {
			fatal(err)
		}
		*path = full
	}
	if err := os.MkdirAll(*work, 0o777); err != nil {
		fatal(err)
	}
	programs := [][]string{{"go", "build", "-o", filepath.Join(*work, "work-stock"), "./work"},
		{*rcgo, "build", "--with=heap", "-o", filepath.Join(*work, "work-ours"), "./work"}}
	if !*build {
		programs = nil
	}
	for _, b := range programs {
		if out, err := exec.Command(b[0], b[1:]...).CombinedOutput(); err != nil {
			fatal(fmt.Errorf("%v: %v\n%s", b, err, out))
		}
	}
	var use []side
	for _, s := range sides {
		if s.need != "" {
			if _, err := os.Stat(s.need); err != nil {
				fmt.Fprintf(os.Stderr, "bench/heap: without %s: there is no %s\n", s.name, s.need)
				continue
			}
		}
		if s.name == "stock" || regexp.MustCompile(*with).MatchString(s.name) {
			use = append(use, s)
		}
	}
	var run []string
	for _, load := range loads {
		if regexp.MustCompile(*only).MatchString(load) {
			run = append(run, load)
		}
	}
	if len(run) > 0 {
		costs(use, run)
	}
	if *peers {
		numbers(use)
	}
}
