// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"regexp"
	"strings"
)

// rank orders the parts: a part may call those of its own rank or a higher one. arch is a leaf,
// and so is the public header. "record" is the files of runtime/thread that are data for the parts
// above them: thread records and stack bounds. "heap" is called by nothing but the program.
var rank = map[string]int{
	"heap": 1, "syscall": 1, "traceback": 2, "context": 3, "thread": 4, "signal": 5, "record": 6, "base": 7, "abi": 8,
	"target": 9, "symbolize": 10, "unwind": 11, "util": 12, "arch": 13, "include": 14,
}

var recordFile = regexp.MustCompile(`^runtime/thread/(thread_record|thread_slots|stack_bounds|stack_overflow)`)

func invariantsOfDeps() []invariant {
	out := []invariant{
		{"includes", checkIncludes},
		{"forbidden", checkTokens},
		{"mutable-state", checkMutable},
	}
	for _, p := range platforms {
		p := p
		out = append(out,
			invariant{"calls-" + p.arch, func(t *tree, c *check) { checkCalls(t, c, p) }},
			invariant{"circles-" + p.arch, func(t *tree, c *check) { checkCircles(t, c, p) }},
			invariant{"recursion-" + p.arch, func(t *tree, c *check) { checkRecursion(t, c, p) }},
			invariant{"moments-" + p.arch, func(t *tree, c *check) { checkMoments(t, c, p) }})
	}
	return out
}

var includeLine = regexp.MustCompile(`^([<"])([^>"]+)[>"]`)

// partOf gives the part that a path lies in.
func partOf(path string) string {
	dirs := strings.Split(path, "/")
	if dirs[0] == "include" {
		return "include"
	}
	if len(dirs) > 2 && (dirs[0] == "backtrace" || dirs[0] == "runtime") {
		return dirs[1]
	}
	return ""
}

// layerOf gives the layer of a path: its part, or "record".
func layerOf(path string) string {
	if recordFile.MatchString(path) {
		return "record"
	}
	return partOf(path)
}

func mayUse(from, to string) bool {
	return from == to || from != "arch" && from != "include" && rank[from] < rank[to]
}

// checkIncludes: a header of ours comes from the same part or one to the right; of the others
// only libc's, and of those not stdio.
func checkIncludes(t *tree, c *check) {
	home := map[string]string{}
	for _, rel := range append(t.srcH(), t.glob("include/*.h")...) {
		home[rel[strings.LastIndexByte(rel, '/')+1:]] = layerOf(rel)
	}
	files := append(append(t.srcC(), t.srcH()...), t.glob("include/*.h")...)
	for _, src := range t.parse(append(files, t.srcS()...)) {
		for _, dir := range src.directives {
			if dir.name != "include" {
				continue
			}
			m := includeLine.FindStringSubmatch(dir.rest)
			switch {
			case partOf(src.path) == "overlay": // for Go's assembler
			case m == nil:
				c.bad(src.path, dir.line, "#include of a macro: the checks cannot follow it")
			case m[1] == `"` && home[m[2]] == "":
				c.bad(src.path, dir.line, "%q is no header of this project (one flat folder: no directories)", m[2])
			case m[1] == `"` && !mayUse(layerOf(src.path), home[m[2]]):
				c.bad(src.path, dir.line, "%s may not use %s (%s): calls go down: syscall, traceback, context, thread, signal, thread records, base, abi, then backtrace/: target, symbolize, unwind, util; arch is a leaf",
					layerOf(src.path), home[m[2]], m[2])
			case m[1] == "<" && !libcHeader(m[2]):
				c.bad(src.path, dir.line, "<%s> is not one of the libc headers that backtrace/ and runtime/ may use", m[2])
			}
		}
	}
}

const libcHeaders = " assert.h dirent.h dlfcn.h elf.h errno.h fcntl.h features.h grp.h inttypes.h limits.h link.h poll.h " +
	"machine/sysarch.h pthread.h pthread_np.h sched.h semaphore.h signal.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdlib.h string.h strings.h " +
	"stdalign.h stdnoreturn.h time.h ucontext.h unistd.h unwind.h "

func libcHeader(name string) bool {
	return strings.Contains(libcHeaders, " "+name+" ") || strings.HasPrefix(name, "sys/") ||
		strings.HasPrefix(name, "linux/") || strings.HasPrefix(name, "asm/")
}

// forbidden tells why a word may not stand in backtrace/ and runtime/.
var forbidden = map[string]string{
	"alloca":        "the stack may be a signal stack; use a fixed buffer",
	"setjmp":        "it skips Go's frames",
	"longjmp":       "it skips Go's frames",
	"sigsetjmp":     "it skips Go's frames",
	"siglongjmp":    "it skips Go's frames",
	"volatile":      "it orders nothing; use rcgo_load_acq, rcgo_store_rel and their like",
	"__thread":      "Go's internal linker cannot link it",
	"_Thread_local": "Go's internal linker cannot link it",
	"thread_local":  "Go's internal linker cannot link it",
	"constructor":   "Go's internal linker drops it silently",
	"destructor":    "Go's internal linker drops it silently",
}

var (
	allocators = words("malloc calloc realloc free strdup strndup posix_memalign aligned_alloc reallocarray")
	stdio      = words("printf fprintf sprintf snprintf vfprintf vsnprintf dprintf puts fputs fputc putc fwrite fread " +
		"fopen fclose fflush fgets getline perror stdout stderr stdin FILE")
)

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// The functions of the dynamic loader. They take its lock, which another thread may hold, for example
// while a constructor calls Go. One file may call one of them.
var (
	loader = words("dlsym dlvsym dlopen dlmopen dlclose dladdr dladdr1 dlinfo dlerror dl_iterate_phdr")
	// FreeBSD's loader may be asked at a safe time only; see symbol_lookup_freebsd.c.
	loaderUsers  = map[string]string{"dl_iterate_phdr": "backtrace/unwind/module_list.c", "dlsym": "backtrace/util/symbol_lookup_freebsd.c"}
	loaderAdvice = "it takes the dynamic loader's lock; use symbol_lookup.h or module.h"
)

func mayCallLoader(name, file string) bool {
	return loaderUsers[name] == file
}

// checkTokens looks for the words that the style guide forbids there.
func checkTokens(t *tree, c *check) {
	for _, src := range t.parse(append(t.srcC(), t.srcH()...)) {
		for _, dir := range src.directives {
			for _, word := range identifier.FindAllString(dir.rest, -1) {
				if why := forbidden[word]; why != "" && dir.name == "define" {
					c.bad(src.path, dir.line, "%s: %s", word, why)
				}
			}
		}
		for i, line := range strings.Split(asmVolatile.ReplaceAllString(src.code, "asm"), "\n") {
			for _, word := range identifier.FindAllString(line, -1) {
				why := forbidden[strings.TrimPrefix(strings.Trim(word, "_"), "builtin_")]
				if why == "" {
					why = forbidden[word]
				}
				switch {
				case why != "":
					c.bad(src.path, i+1, "%s: %s", word, why)
				case allocators[word] && src.part != "thread" && src.part != "heap":
					c.bad(src.path, i+1, "%s: only runtime/thread may allocate", word)
				case loader[word] && !mayCallLoader(word, src.path):
					c.bad(src.path, i+1, "%s: %s", word, loaderAdvice)
				case stdio[word]:
					c.bad(src.path, i+1, "%s: no stdio here; use strbuf.h", word)
				}
			}
		}
	}
}

var asmVolatile = regexp.MustCompile(`\b_*asm_*\s+_*volatile_*\b`)

// checkMutable: whoever meets a mutable global must see who owns it, what locks it and in which
// order it is read.
func checkMutable(t *tree, c *check) {
	said := map[string]bool{}
	sources := t.parse(append(t.srcC(), t.srcH()...))
	complete := func(s string) bool {
		return strings.Contains(s, "owner:") && strings.Contains(s, "lock:") && strings.Contains(s, "ordering:")
	}
	for _, src := range sources {
		for _, d := range src.decls {
			if d.kind == declObject && d.extern && complete(d.comment) {
				said[d.name] = true
			}
		}
	}
	for _, src := range sources {
		for _, d := range src.decls {
			if d.kind == declObject && d.mutable && !d.extern && !complete(d.comment) && !(said[d.name] && !d.static) {
				c.bad(src.path, d.nameLine, "%s can change: say beside it owner: … lock: … ordering: …", d.name)
			}
		}
	}
}

// checkCalls compiles every file on its own and looks at who needs whose symbols.
func checkCalls(t *tree, c *check, p platform) {
	if units, ok := t.separateUnits(c, p); ok {
		checkObjects(t, c, units)
	}
}

// checkRecursion: no function may come back to itself; stacks are small and fixed here.
func checkRecursion(t *tree, c *check, p platform) {
	units, ok := t.separateUnits(c, p)
	if !ok {
		return
	}
	g, err := readGraph(t.root, units)
	if err != nil {
		c.bad("", 0, "%v", err)
		return
	}
	calls := map[string][]string{}
	for key, f := range g.fns {
		calls[key] = f.callees()
	}
	for _, group := range circles(calls) {
		first, way := g.fns[group[0]], ""
		for _, key := range group {
			way += g.fns[key].name + " -> "
		}
		c.bad(first.file, first.line, "recursion: %s%s", way, first.name)
	}
}

// symbolsOf gives the global symbols of each file, and the file that defines each. A call of a function that
// interposes libc's, such as sigaction, is meant for libc's.
func (t *tree) symbolsOf(c *check, units []unit) (all map[string][]objSym, home map[string]string) {
	interposed := map[string]bool{}
	for _, s := range t.contract(newCheck("")) {
		interposed[s.name] = s.forC()
	}
	all, home = map[string][]objSym{}, map[string]string{}
	for _, u := range units {
		for _, s := range t.symbolsIn(c, u) {
			if s.defined && !interposed[s.name] {
				home[s.name] = u.src
			}
			if !interposed[s.name] {
				all[u.src] = append(all[u.src], s)
			}
		}
	}
	return all, home
}

// checkObjects: an object may need only symbols of its own part or of one to the right.
func checkObjects(t *tree, c *check, units []unit) {
	all, home := t.symbolsOf(c, units)
	for _, u := range units {
		for _, s := range all[u.src] {
			switch {
			case s.defined:
			case home[s.name] != "":
				if !mayUse(layerOf(u.src), layerOf(home[s.name])) {
					c.bad(u.src, 0, "needs %s of %s: calls go down only", s.name, home[s.name])
				}
			case stdio[s.name] || allocators[s.name] && partOf(u.src) != "thread" && partOf(u.src) != "heap":
				c.bad(u.src, 0, "calls %s, which backtrace/ and runtime/ may not", s.name)
			case loader[s.name] && !mayCallLoader(s.name, u.src):
				c.bad(u.src, 0, "calls %s: %s", s.name, loaderAdvice)
			case s.weak && !strings.HasPrefix(s.name, "rcgo_") &&
				!(partOf(u.src) == "heap" && strings.HasPrefix(s.name, "__libc_")):
				c.bad(u.src, 0, "weak reference to %s: the program would demand the libc that has it; use symbol_lookup.h", s.name)
			}
		}
	}
}
