// SPDX-License-Identifier: BSD-3-Clause
// Tests of the runner itself: it detects differences, and recognizes flakes.
package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestIsFlake(t *testing.T) {
	for _, c := range []struct {
		stock, dropin string
		flake         bool
	}{
		{"pass fail fail", "fail fail fail", true}, // Stock itself has both outcomes.
		{"pass pass pass", "fail pass pass", true},
		{"fail pass pass", "pass pass pass", true},
		{"pass pass pass", "fail fail fail", false},
		{"pass pass pass", "fail fail pass", false},
		{"pass pass pass", "fail pass fail", false},
		{"skip skip skip", "pass pass pass", false},
		{"pass pass pass", "absent absent absent", false},
	} {
		if got := isFlake(strings.Fields(c.stock), strings.Fields(c.dropin)); got != c.flake {
			t.Errorf("isFlake(%s; %s) = %v", c.stock, c.dropin, got)
		}
	}
}

// logOf makes a result from events written as "action test".
func logOf(t *testing.T, rc int, events ...string) *result {
	t.Helper()
	var b strings.Builder
	b.WriteString("# words of the go command\n")
	for _, e := range events {
		f := strings.Fields(e)
		raw, err := json.Marshal(event{Action: f[0], Package: "p", Test: f[1]})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(raw, '\n'))
	}
	r := &result{RC: rc, Log: filepath.Join(t.TempDir(), "x.json")}
	if err := os.WriteFile(r.Log, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := r.readLog(&suite{}); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCompare(t *testing.T) {
	stock := logOf(t, 0, "run A", "pass A", "run B", "pass B/x", "pass B", "skip C", "pass D")
	for _, c := range []struct {
		dropin *result
		want   []string
	}{
		{logOf(t, 0, "pass A", "pass B/x", "pass B", "skip C", "pass D"), nil},
		{logOf(t, 1, "pass A", "fail B/x", "fail B", "skip C", "pass D"), []string{"p B fail", "p B/x fail"}},
		{logOf(t, 0, "pass A", "pass B/x", "pass B", "pass C", "pass D"), []string{"p C pass"}},
		{logOf(t, 0, "pass A", "pass B/x", "pass B", "skip C"), []string{"p D absent"}},
		{logOf(t, 1, "pass A", "run B", "pass B/x", "skip C", "pass D"), []string{"p B unfinished"}},
		{logOf(t, 0, "pass A", "pass B/x", "pass B", "skip C", "pass D", "pass E"), []string{"p E pass"}},
		{logOf(t, 0, "pass A", "pass A", "pass B/x", "pass B", "skip C", "pass D"), []string{"p A pass,pass"}},
		{logOf(t, 1, "pass A", "pass B/x", "pass B", "skip C", "pass D"), []string{wholeSuite + " exit 1"}},
	} {
		var got []string
		for _, d := range compare(stock, c.dropin) {
			got = append(got, d.Test+" "+d.Dropin[0])
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("got %v, want %v", got, c.want)
		}
	}
}

func TestReportCounts(t *testing.T) {
	a, b := logOf(t, 0, "pass A", "pass B"), logOf(t, 1, "fail A", "fail B")
	diffs := compare(a, b)
	diffs[0].Flake = true
	var out strings.Builder
	if n := report(&out, "x", []row{{Suite: "s", Stock: a, Dropin: b, Diffs: diffs}}, false); n != 1 {
		t.Errorf("%d differences, want 1", n)
	}
	for _, want := range []string{"| s | ok 2/0/0 0s | FAIL(1) 0/2/0 0s | – | 1 | 1 |", "flake in s: `p A`", "DIFFERENCE in s: `p B`"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, out.String())
		}
	}
}

func TestPatternFor(t *testing.T) {
	if got := patternFor("runtime TestA/sub.case/x y"); got != `^TestA$/^sub\.case$/^x y$` {
		t.Error(got)
	}
}

// tree writes files below a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestOverlay(t *testing.T) {
	const dir = "src/runtime/cgo/"
	goroot := tree(t, map[string]string{
		dir + "gcc_old.c": "old", dir + "gcc_amd64.S": "old", dir + "libcgo.h": "old", dir + "cgo.go": "go",
	})
	ours := tree(t, map[string]string{"ours.c": "ours"})
	write := func(replace map[string]string) *config {
		raw, err := json.Marshal(overlayFile{Replace: replace})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(ours, "in.json")
		if err := os.WriteFile(path, raw, 0o666); err != nil {
			t.Fatal(err)
		}
		return &config{overlay: path}
	}
	out := filepath.Join(ours, "out.json")
	half := write(map[string]string{"/other/" + dir + "gcc_old.c": "", "/other/" + dir + "libcgo.h": ""})
	if _, err := obtainOverlay(half, goroot, out); err == nil || !strings.Contains(err.Error(), "gcc_amd64.S") {
		t.Errorf("an overlay that leaves a stock file in place: %v", err)
	}
	whole := write(map[string]string{
		"/other/" + dir + "gcc_old.c": "", "/other/" + dir + "libcgo.h": "", "/other/" + dir + "gcc_amd64.S": "",
		"/other/" + dir + "of_another_version.c": "", "/other/" + dir + "ours.c": "ours.c",
	})
	o, err := obtainOverlay(whole, goroot, out)
	if err != nil {
		t.Fatal(err)
	}
	if got := o.Replace[filepath.Join(goroot, dir, "ours.c")]; got != filepath.Join(ours, "ours.c") || len(o.Replace) != 4 {
		t.Errorf("overlay: %v", o.Replace)
	}
	if err := o.applyPhysically(); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(goroot, dir, "*"))
	if err != nil || len(found) != 2 {
		t.Errorf("left in place: %v, %v", found, err)
	}
}

func TestCopyFollowsLinks(t *testing.T) {
	farm := tree(t, map[string]string{"share/src/a.go": "a", "lib/VERSION": "v"})
	for link, to := range map[string]string{
		"lib/src": "../share/src", "lib/dangling": "nowhere", "share/src/loop": "..",
	} {
		if err := os.Symlink(to, filepath.Join(farm, link)); err != nil {
			t.Fatal(err)
		}
	}
	dst := filepath.Join(farm, "copy")
	if err := copyTree(filepath.Join(farm, "lib"), dst, nil); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(filepath.Join(dst, "src"))
	if err != nil || !info.IsDir() {
		t.Errorf("src is no real folder: %v", err)
	}
	if raw, err := os.ReadFile(filepath.Join(dst, "src", "a.go")); err != nil || string(raw) != "a" {
		t.Errorf("a.go: %q, %v", raw, err)
	}
}

func TestVariantsAreTold(t *testing.T) {
	plain, off := variant{}, variant{without: "traceback", options: "crash=off"}
	if plain.name() != "" || len(plain.env()) != 0 || len(plain.overlayArgs("x")) != 3 {
		t.Errorf("the default is %q %q %q", plain.name(), plain.env(), plain.overlayArgs("x"))
	}
	if got := off.name(); got != "-without-traceback-crash=off" {
		t.Errorf("results are kept under %q", got)
	}
	if got := off.env(); len(got) != 1 || got[0] != "RCGO=crash=off" {
		t.Errorf("the environment is %q", got)
	}
	both := variant{options: "crash=off", godebug: "asyncpreemptoff=1"}
	less := variant{skip: "^TestA$"}
	s := suite{Flags: []string{"-short"}}
	if got := less.change(s).command("x", "", "1m"); !strings.Contains(strings.Join(got, " "), " -skip=^TestA$ ") || len(s.Flags) != 1 {
		t.Errorf("without a test a suite is started by %q", got)
	}
	if less.stockName() == "" || both.change(s).command("x", "", "1m")[4] != "-short" {
		t.Errorf("results without a test are kept under %q", less.stockName())
	}
	if both.name() != "-crash=off-asyncpreemptoff=1" || both.stockName() != "-asyncpreemptoff=1" {
		t.Errorf("results are kept under %q and %q", both.name(), both.stockName())
	}
	if got := both.stockEnv(); len(got) != 1 || got[0] != "GODEBUG=asyncpreemptoff=1" || len(both.env()) != 2 {
		t.Errorf("the environments are %q and %q", got, both.env())
	}
	args := off.overlayArgs("x")
	if len(args) != 4 || args[3] != "--without=traceback" {
		t.Errorf("rcgo is called with %q", args)
	}
}

// A stored result is used only if nothing that it depends on has changed.
func TestStoredResults(t *testing.T) {
	goroot := t.TempDir()
	if err := os.MkdirAll(filepath.Join(goroot, "src", "p"), 0o777); err != nil {
		t.Fatal(err)
	}
	s := &suite{Name: "p", Dir: filepath.Join(goroot, "src", "p")}
	store := func(base string, change func(*result)) {
		_, target, ok := s.locate(goroot)
		if !ok {
			t.Fatal("the suite is not found")
		}
		r := &result{Args: s.command(target, "", "1m0s"), Dir: s.Dir, Machine: machine(), Key: "k+p"}
		change(r)
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{".meta": raw, ".json": nil} {
			if err := os.WriteFile(base+name, data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	for what, c := range map[string]struct {
		change func(*result)
		same   bool
	}{
		"the same":            {func(r *result) {}, true},
		"another drop-in":     {func(r *result) { r.Key = "k+q" }, false},
		"another GOROOT":      {func(r *result) { r.Key = "l+p" }, false},
		"of an older runner":  {func(r *result) { r.Key = "" }, false},
		"other tools":         {func(r *result) { r.Machine += "x" }, false},
		"another environment": {func(r *result) { r.Env = []string{"A=b"} }, false},
		"another command":     {func(r *result) { r.Args = append(r.Args, "x") }, false},
		"killed":              {func(r *result) { r.Killed = true }, false},
	} {
		base := filepath.Join(t.TempDir(), "r")
		store(base, c.change)
		if r, ok := loadResult(s, &side{Goroot: goroot, Key: "k+p"}, base, time.Minute); ok != c.same || (ok && !r.Reused) {
			t.Errorf("%s: counts: %v", what, ok)
		}
	}
	if _, ok := loadResult(s, &side{Goroot: goroot, Key: "k+p"}, filepath.Join(t.TempDir(), "none"), time.Minute); ok {
		t.Error("a result that is not there counts")
	}
}

// An overlay is identified by the content of its files, not by their paths.
func TestOverlayContent(t *testing.T) {
	keyOf := func(text string, more ...string) string {
		file := filepath.Join(t.TempDir(), "x.c")
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		o := &overlayFile{Replace: map[string]string{"/r/x.c": file, "/r/gone.c": ""}}
		for _, key := range more {
			o.Replace[key] = ""
		}
		content, err := o.content()
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	if keyOf("a") != keyOf("a") {
		t.Error("the same text in two places differs")
	}
	if keyOf("a") == keyOf("b") || keyOf("a") == keyOf("a", "/r/more.c") {
		t.Error("a change is not seen")
	}
}
