// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"sort"
	"strings"
)

var lockers = words("pthread_mutex_lock pthread_mutex_trylock pthread_rwlock_rdlock pthread_rwlock_wrlock " +
	"pthread_once pthread_cond_wait sem_wait flockfile")

// invariantsOfSafety hold the Safety: lines against the call graph that gcc saw.
func invariantsOfSafety() []invariant {
	out := []invariant{{"safety-lines", func(t *tree, c *check) {
		t.promises(c)
		t.libc(c)
	}}}
	for _, p := range platforms {
		p := p
		out = append(out,
			invariant{"reach-" + p.arch, func(t *tree, c *check) { checkReach(t, c, p) }},
			invariant{"stack-" + p.arch, func(t *tree, c *check) {
				said := t.promises(newCheck(""))
				if groups, ok := t.groupUnits(c, p); ok {
					checkDepth(t, c, withoutInterposers(groups), said)
				}
			}})
	}
	return out
}

// withoutInterposers leaves out the allocator's functions of heap profiling, which are not in every
// program: what calls malloc or mmap is held to what libc's functions do.
func withoutInterposers(units []unit) []unit {
	var out []unit
	for _, u := range units {
		if !strings.HasSuffix(u.src, "/heap_interpose_linux.c") && !strings.HasSuffix(u.src, "/rcgo_heap_linux.c") {
			out = append(out, u)
		}
	}
	return out
}

// checkReach: what a function reaches keeps what the function promises.
func checkReach(t *tree, c *check, p platform) {
	units, ok := t.separateUnits(c, p)
	if !ok {
		return
	}
	units = withoutInterposers(units)
	g, err := readGraph(t.root, units)
	if err != nil {
		c.bad("", 0, "%v", err)
		return
	}
	quiet := newCheck("") // safety-lines reports what is wrong with the lines themselves
	w := walker{c, g, t.promises(quiet), t.libc(quiet), t.staticIndirect(), t.noreturns()}
	w.all()
}

// A walker follows the call graph from each function that promises something.
type walker struct {
	c        *check
	g        *graph
	said     map[string]*promise
	libc     map[string]libcEntry
	indirect map[string]bool
	noreturn map[string]bool
}

func (w *walker) all() {
	var keys []string
	for k, f := range w.g.fns {
		if f.ours && w.promiseOf(f) != nil {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	if len(keys) == 0 {
		w.c.bad("runtime", 0, "no function with a Safety: line was compiled")
	}
	for _, k := range keys {
		f := w.g.fns[k]
		w.walk(f, w.promiseOf(f), []*fn{f}, map[string]bool{k: true})
	}
}

// promiseOf gives what a function promises. A static function has the name of a promise only by
// chance, unless the promise stands at it.
func (w *walker) promiseOf(f *fn) *promise {
	p := w.said[f.name]
	if p != nil && strings.Contains(f.key, "|") && p.file != f.file {
		return nil
	}
	return p
}

// setsErrno are functions of libc that store an errno when they fail.
var setsErrno = words("open openat close read write pread pwrite mmap munmap madvise mprotect sigaction sigprocmask " +
	"getrlimit setrlimit syscall fcntl lseek stat fstat readlink poll nanosleep kill access dup dup2 pipe waitpid execve " +
	"setenv unsetenv clearenv malloc calloc realloc sigaltstack raise fork prctl")

// savesErrno says whether a function handles errno itself, or never returns to show it.
func (w *walker) savesErrno(f *fn) bool {
	return f.calls["__errno_location"] != "" || w.noreturn[f.name]
}

// walk looks at all that f calls on behalf of the function way[0], which promised p.
func (w *walker) walk(f *fn, p *promise, way []*fn, seen map[string]bool) {
	saved := false // by one of ours on the way
	for _, k := range way {
		saved = saved || w.savesErrno(k)
	}
	excused := w.indirect[f.file+":"+f.name]
	if q := w.promiseOf(f); q != nil && q.indirect {
		excused = true
	}
	if len(f.indir) > 0 && p.asSafe && !excused {
		w.c.bad(f.file, f.line, "%s is AS-Safe, but calls through a pointer at %s: say in the comment above %s: Indirect: what, and why that is right",
			names(way), f.indir[0], f.name)
	}
	for _, key := range f.callees() {
		callee := w.g.fns[key]
		path := names(way) + " -> " + callee.name
		q := w.promiseOf(callee)
		at := strings.TrimSpace(f.calls[key])
		file, line := splitPos(at, f)
		switch {
		case q != nil:
			if p.asSafe && !q.asSafe {
				w.c.bad(file, line, "%s is AS-Safe, but %s is AS-Unsafe: %s", way[0].name, callee.name, path)
			}
			if p.keys["lock"] == "none" && q.keys["lock"] != "none" {
				w.c.bad(file, line, "%s has lock=none, but %s has lock=%s: %s", way[0].name, callee.name, q.keys["lock"], path)
			}
			if p.keys["alloc"] == "no" && q.keys["alloc"] != "no" {
				w.c.bad(file, line, "%s has alloc=no, but %s has alloc=%s: %s", way[0].name, callee.name, q.keys["alloc"], path)
			}
			if p.keys["errno"] == "kept" && q.keys["errno"] != "kept" && !saved && !w.noreturn[callee.name] {
				w.c.bad(file, line, "%s has errno=kept, but %s has errno=%s: %s", way[0].name, callee.name, q.keys["errno"], path)
			}
		case callee.ours:
			if !seen[key] {
				seen[key] = true
				w.walk(callee, p, append(append([]*fn{}, way...), callee), seen)
			}
		default:
			w.external(p, callee.name, path, file, line)
			if p.keys["errno"] == "kept" && setsErrno[callee.name] && !saved {
				w.c.bad(file, line, "errno=kept, but nobody saves it: %s", path)
			}
		}
	}
}

// external looks at a call that leaves our code. __aarch64_* of libgcc are one atomic instruction, or a loop of two.
func (w *walker) external(p *promise, name, path, file string, line int) {
	if p.asSafe && !w.libc[name].asSafe && !strings.HasPrefix(name, "__aarch64_") && !strings.HasPrefix(name, "__tsan_") && !strings.HasPrefix(name, "__builtin_") {
		w.c.bad(file, line, "%s is not async-signal-safe (not in %s): %s", name, libcList, path)
	}
	if p.keys["alloc"] == "no" && allocators[name] {
		w.c.bad(file, line, "alloc=no, but: %s", path)
	}
	if p.keys["lock"] == "none" && lockers[name] {
		w.c.bad(file, line, "lock=none, but: %s", path)
	}
}

func names(way []*fn) string {
	var out []string
	for _, f := range way {
		out = append(out, f.name)
	}
	return strings.Join(out, " -> ")
}

// splitPos reads "file:line:column".
func splitPos(at string, f *fn) (string, int) {
	parts := strings.Split(at, ":")
	if len(parts) < 2 {
		return f.file, f.line
	}
	n := 0
	for _, ch := range parts[1] {
		n = n*10 + int(ch-'0')
	}
	return parts[0], n
}

// checkDepth: a chain on the signal stack has a fixed, small size.
func checkDepth(t *tree, c *check, units []unit, said map[string]*promise) {
	g, err := readGraph(t.root, units)
	if err != nil {
		c.bad("", 0, "%v", err)
		return
	}
	for key, f := range g.fns {
		p := said[f.name]
		if p == nil || !f.ours || !p.onSignalStack() {
			continue
		}
		if n, chain := g.deepest(key, map[string]bool{}); n > stackBudget && !p.tooDeep[c.name] {
			p.tooDeep[c.name] = true // once is enough, of the two variants
			c.bad(p.file, p.line, "%s may run on a signal stack (stack=%s) and takes %d bytes, over %d: %s",
				f.name, p.keys["stack"], n, stackBudget, strings.Join(chain, " -> "))
		}
		if f.dynamic {
			c.bad(p.file, p.line, "%s may run on a signal stack and has no fixed frame", f.name)
		}
	}
}
