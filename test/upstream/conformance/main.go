// SPDX-License-Identifier: BSD-3-Clause
// Conformance: runs Go's own cgo suites of a GOROOT twice, with the stock runtime/cgo and
// with the drop-in, and compares them test by test. Exit status: 0 no difference, 1
// differences, 2 could not run.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// config is the values of the flags, and the two sides made from them.
type config struct {
	goroot, work, results  string
	overlay, rcgo          string
	suite                  *regexp.Regexp
	reuseStock, resume     bool
	stockOnly              bool
	short, physical, modes bool
	tap                    bool
	timeout                time.Duration
	version                string
	variant                variant
}

func progress(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, "conformance: %s\n", fmt.Sprintf(format, args...))
}

func fail(err error) {
	progress("%v", err)
	os.Exit(2)
}

func main() {
	c, err := parseFlags()
	if err != nil {
		fail(err)
	}
	total, err := c.run()
	if err != nil {
		fail(err)
	}
	if total > 0 {
		os.Exit(1)
	}
}

func parseFlags() (*config, error) {
	c := &config{}
	var pattern string
	flag.StringVar(&c.goroot, "goroot", "", "GOROOT to test (default: the go in PATH)")
	flag.StringVar(&pattern, "suite", "", "only suites whose name matches this `regexp`")
	flag.StringVar(&c.results, "results", "", "keep raw logs here (default: under -work)")
	flag.StringVar(&c.work, "work", "", "copies of GOROOT and build caches (default: the user's cache)")
	flag.StringVar(&c.overlay, "overlay", "", "overlay JSON of the drop-in (default: ask rcgo)")
	flag.StringVar(&c.rcgo, "rcgo", "rcgo", "the rcgo command")
	flag.BoolVar(&c.reuseStock, "reuse-stock", false, "use stored stock results where they are of the same command")
	flag.BoolVar(&c.resume, "resume", false, "use all stored results that are of the same command and drop-in")
	flag.BoolVar(&c.stockOnly, "stock-only", false, "run the stock side alone")
	flag.BoolVar(&c.short, "short-list", false, "only the quick subset")
	flag.BoolVar(&c.physical, "physical", false, "install the drop-in into a GOROOT for every suite, not by overlay")
	flag.BoolVar(&c.modes, "modes", false, "run the matrix of build modes instead of the suites")
	flag.BoolVar(&c.tap, "tap", false, "print a line ok or not ok for each suite, too")
	flag.DurationVar(&c.timeout, "timeout", 20*time.Minute, "limit for each suite")
	c.variant.flags()
	flag.Parse()
	if flag.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	var err error
	if c.suite, err = regexp.Compile(pattern); err != nil {
		return nil, err
	}
	if c.goroot == "" {
		out, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			return nil, fmt.Errorf("no -goroot, and go env GOROOT: %w", err)
		}
		c.goroot = strings.TrimSpace(string(out))
	}
	if c.work == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		c.work = filepath.Join(cache, "rcgo", "conformance")
	}
	if c.results == "" {
		c.results = filepath.Join(c.work, "results")
	}
	for _, p := range []*string{&c.goroot, &c.work, &c.results, &c.overlay} {
		if *p == "" {
			continue
		}
		if *p, err = filepath.Abs(*p); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(c.work, 0o777); err != nil {
		return nil, err
	}
	// The go command prints a GOROOT with its links resolved, and overlay keys must match it.
	c.work, err = filepath.EvalSymlinks(c.work)
	return c, err
}

// base returns the common prefix of the paths of one suite's files on one side.
func (c *config) base(sd *side, s *suite) string {
	return filepath.Join(c.results, c.version, sd.Name, s.fileName())
}

func (c *config) run() (int, error) {
	var err error
	if c.version, err = goEnv(c.goroot, "GOVERSION"); err != nil {
		return 0, err
	}
	id, err := identity(c.goroot)
	if err != nil {
		return 0, err
	}
	home := filepath.Join(c.work, c.version+"-"+id)
	stock := &side{
		Name: "stock" + c.variant.stockName(), Goroot: filepath.Join(home, "go"),
		Cache: filepath.Join(home, "cache-stock"), Env: c.variant.stockEnv(),
	}
	if stock.Key, err = stockKey(id); err != nil {
		return 0, err
	}
	if err := lockHome(home); err != nil {
		return 0, err
	}
	if err := copyGoroot(c.goroot, stock.Goroot, id); err != nil {
		return 0, err
	}
	caches := []string{stock.Cache, filepath.Join(home, "cache-dropin"), filepath.Join(home, "cache-physical")}
	if err := fillCaches(stock.Goroot, home, caches...); err != nil {
		return 0, err
	}
	if err := prove(stock, false); err != nil {
		return 0, err
	}
	var dropin, physical *side
	if !c.stockOnly {
		if dropin, physical, err = c.dropinSides(home, id, stock); err != nil {
			return 0, err
		}
	}
	list := allSuites
	title := c.version + ": Go's own suites"
	if c.modes {
		title = c.version + ": build modes"
		if list, err = modeSuites(home); err != nil {
			return 0, err
		}
	}
	var rows []row
	for i := range list {
		s := c.variant.change(list[i])
		if !c.suite.MatchString(s.Name) || (c.short && !s.Short) {
			continue
		}
		r, err := c.runRow(s, stock, dropin, physical)
		if err != nil {
			return 0, err
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return 0, fmt.Errorf("no suite is selected")
	}
	return c.finish(title, rows, dropin, physical)
}

// finish writes the report to standard output and beside the raw logs.
func (c *config) finish(title string, rows []row, dropin, physical *side) (int, error) {
	name := "report"
	if c.modes {
		name = "report-modes"
	}
	name += c.variant.name() + ".md"
	path := filepath.Join(c.results, c.version, name)
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	w := io.MultiWriter(os.Stdout, f)
	total := report(w, title, rows, c.stockOnly)
	if c.tap {
		reportTAP(w, rows)
	}
	for _, sd := range []*side{dropin, physical} {
		if sd == nil || !exists(sd.Cache) {
			continue
		}
		found, err := strays(sd.Cache)
		if err != nil {
			return 0, err
		}
		if len(found) > 0 {
			fmt.Fprintf(w, "- ESCAPED: builds of %s compiled the stock runtime/cgo: %s\n", sd.Name,
				strings.Join(found, " "))
			total += len(found)
		} else {
			fmt.Fprintf(w, "No object in the build cache of %s carries the stock runtime/cgo.\n", sd.Name)
		}
	}
	return total, nil
}

// runRow runs one suite on both sides and settles what differs.
func (c *config) runRow(s *suite, stock, dropin, physical *side) (row, error) {
	r := row{Suite: s.Name, Note: s.Missing}
	if r.Note != "" {
		return r, nil
	}
	if _, _, ok := s.locate(stock.Goroot); !ok {
		r.Note = "not in this GOROOT"
		return r, nil
	}
	sd := dropin
	if !c.stockOnly && (c.physical || s.Physical != "") {
		sd = physical
		r.Note = "drop-in lies in GOROOT"
		if s.Physical != "" {
			r.Note += ": " + s.Physical
		}
	}
	if c.modes {
		stock, sd = withCgoRuntime(stock, "stock"), withCgoRuntime(sd, "ours")
	}
	var err error
	ok := false
	if c.reuseStock || c.resume {
		r.Stock, ok = loadResult(s, stock, c.base(stock, s), c.timeout)
	}
	if !ok {
		if r.Stock, err = runSuite(stock, s, "", c.base(stock, s), c.timeout); err != nil {
			return r, err
		}
		progress("%s: stock: %s", s.Name, r.Stock.cell())
	}
	if c.stockOnly {
		return r, nil
	}
	if ok = false; c.resume {
		r.Dropin, ok = loadResult(s, sd, c.base(sd, s), c.timeout)
	}
	if !ok {
		if r.Dropin, err = runSuite(sd, s, "", c.base(sd, s), c.timeout); err != nil {
			return r, err
		}
		progress("%s: drop-in: %s", s.Name, r.Dropin.cell())
	}
	if r.Diffs = compare(r.Stock, r.Dropin); len(r.Diffs) > 0 {
		progress("%s: %d tests differ; running them again", s.Name, len(r.Diffs))
		if err = c.settle(s, stock, sd, r.Diffs); err != nil {
			return r, err
		}
	}
	if s.Probe {
		r.probeBoth(s, stock, sd)
	}
	return r, nil
}
