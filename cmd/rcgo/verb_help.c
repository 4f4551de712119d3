// SPDX-License-Identifier: BSD-3-Clause
// rcgo help: one screen for all, one for each verb.
#include "rcgo.h"

#include <stdio.h>
#include <string.h>

static const char overview[] =
	"rcgo runs the go command with its own C half of runtime/cgo.\n"
	"\n"
	"  rcgo build|run|test|install|vet|list|… [ARGS]\n"
	"                     the same verb of go, with our overlay\n"
	"                     --with=F, --without=F: features, see rcgo help features\n"
	"  rcgo env           print what a shell needs: eval \"$(rcgo env)\"\n"
	"  rcgo shim DIR      write a `go` that is rcgo, for tools that call go\n"
	"  rcgo go VERB …     a verb of go, whatever it is\n"
	"  rcgo overlay       write the overlay as JSON\n"
	"  rcgo init          give a module the Go packages allthreads, cmem, handle, leaf, stats\n"
	"  rcgo leaf          write Go functions that call C at the price of C\n"
	"  rcgo doctor        look at Go, C compiler, libc and limits; say what to do\n"
	"  rcgo abi           the names this Go wants beside those we supply\n"
	"  rcgo addr2line     functions, files and lines of addresses, as binutils has it\n"
	"  rcgo symbolize     name the C functions in the crash log of a stripped program\n"
	"  rcgo record PID    a profile of a running program, in Go and in C\n"
	"  rcgo stack PID     the stacks of all threads, in Go and in C; of a CORE, too\n"
	"  rcgo top PID       the threads of a running program, and what is counted of them\n"
	"  rcgo version [FILE|PID]  of rcgo and Go, or the C half in a program\n"
	"  rcgo help [VERB]   this, or more about a verb or features\n"
	"\n"
	"Exit status: go's own; 2 when rcgo itself has to say something.\n"
	"Environment: RCGO_GO (the go command, else that in PATH), RCGO_CACHE.\n";

static const struct {
	const char *verb, *text;
} topics[] = {
	{"env", "usage: rcgo env [-C DIR] [-format FORMAT | -json] [-u]\n"
		"\n"
		"Prints an environment in which plain go, and all that runs go, builds on our C "
		"half:\n"
		"\n"
		"  eval \"$(rcgo env)\"       on\n"
		"  eval \"$(rcgo env -u)\"    off again: everything as it was\n"
		"\n"
		"  -format FORMAT  sh, fish, direnv, github (for $GITHUB_ENV), make, vscode or "
		"json\n"
		"  -json           the same as -format json\n"
		"  -u              print the way back\n"
		"  -C DIR          as if started in DIR\n"
		"\n"
		"PATH gets a `go` that is rcgo, so that a module that asks for another Go is built "
		"by\n"
		"that one, and a cache that was removed is made again. A go command that runs by "
		"its\n"
		"own path with another GOROOT stops at runtime/cgo with an error.\n"
		"\n"
		"With the name of a variable, and with -w, -u NAME and -changed, it is go's own "
		"env.\n"},
	{"shim", "usage: rcgo shim DIR\n"
		 "\n"
		 "Writes DIR/go, a symbolic link to rcgo, for tools that call go themselves: put "
		 "DIR "
		 "first\n"
		 "in PATH. By the name go, rcgo takes the words of go and no others; it runs the "
		 "next\n"
		 "`go` in PATH, or RCGO_GO.\n"},
	{"overlay", "usage: rcgo overlay [-C DIR] [-o FILE] [-p]\n"
		    "\n"
		    "Writes the JSON that `go build -overlay` wants, made for the GOROOT at hand, "
		    "with\n"
		    "an overlay that GOFLAGS names merged into it.\n"
		    "\n"
		    "  -o FILE, --output=FILE   write there; \"-\" or nothing is standard output\n"
		    "  -p, --path               keep it in the cache and print its path\n"
		    "  -C DIR                   as if started in DIR\n"
		    "\n"
		    "Our sources lie in RCGO_CACHE, else XDG_CACHE_HOME/rcgo, else ~/.cache/rcgo, "
		    "else\n"
		    "TMPDIR/rcgo-UID. That directory may be removed at any time: rcgo makes it "
		    "again.\n"},
	{"init",
		"usage: rcgo init [-C DIR] [-dir NAME] [-remove]\n"
		"\n"
		"Lays the Go module " RCGO_MODULE " (allthreads, cmem, handle, leaf, stats)\n"
		"beside go.mod, in NAME or runtime_cgo, and has go.mod require it from there.\n"
		"Commit it with your own files: a\n"
		"build then needs neither rcgo nor the network. Run it again for a newer version.\n"
		"\n"
		"  -dir NAME   the directory, below that of go.mod\n"
		"  -remove     take both away again; files that were changed stay\n"
		"  -C DIR      as if started in DIR\n"},
	{"leaf",
		"usage: rcgo leaf [-o FILE] [-package NAME] [-errno] [-cflags F] [-ldflags F]\n"
		"                 HEADER FUNC...\n"
		"\n"
		"Writes a Go file with a typed function for each C function, which calls it as a\n"
		"leaf: see `go doc " RCGO_MODULE "/leaf` for what such a function may not do. "
		"Prototypes\n"
		"are learned from the debug information of the C compiler (go env CC). HEADER is "
		"a\n"
		"file, or else a name for #include <...>. In a Go file:\n"
		"\n"
		"  //go:generate rcgo leaf -o libm_leaf.go -ldflags -lm math.h hypot ldexp\n"
		"\n"
		"  -o FILE         write there; \"-\" or nothing is standard output\n"
		"  -package NAME   of the file; else GOPACKAGE, which go generate sets, or main\n"
		"  -errno          each function gives errno, too\n"
		"  -cflags FLAGS   for the compiler, here and in the file\n"
		"  -ldflags FLAGS  for the linker, in the file\n"
		"\n"
		"Variadic functions, structures by value and what does not fit into registers are\n"
		"refused with the reason.\n"},
	{"doctor",
		"usage: rcgo doctor [-C DIR] [-json]\n"
		"\n"
		"Looks at everything that a cgo program needs to be built and run, and says for\n"
		"each finding what to do. Exit status 1 when something fails.\n"},
	{"abi", "usage: rcgo abi [-C DIR] [-json]\n"
		"\n"
		"Shows every name of the contract between Go and its C half: what it is, its "
		"part,\n"
		"the Go versions that want it, whether this GOROOT does and whether we supply it.\n"
		"Exit status 1 when this GOROOT wants a name that we do not supply.\n"},
	{"addr2line",
		"usage: rcgo addr2line [-afipsC] [-e FILE] [-j SECTION] [ADDRESS ...]\n"
		"\n"
		"Prints the file and line of each address of an ELF file, from the arguments or "
		"from\n"
		"standard input. Flags and output are those of binutils' addr2line.\n"
		"\n"
		"  -e, --exe=FILE       the program or library; a.out by default\n"
		"  -f, --functions      functions too\n"
		"  -i, --inlines        and those that they are inlined into\n"
		"  -C, --demangle[=STYLE]   names as the source has them\n"
		"  -p, --pretty-print   one line for each\n"
		"  -s, --basenames      files without directories\n"
		"  -a, --addresses      the address before each answer\n"
		"  -j, --section=NAME   addresses are offsets in this section\n"
		"  -r, -R, -b TARGET    taken, for the sake of scripts\n"
		"\n"
		"Debug information is read where it is: in the file, by build-id in "
		"/usr/lib/debug,\n"
		"by .gnu_debuglink, or in the cache of debuginfod. Nothing is fetched.\n"},
	{"symbolize",
		"usage: rcgo symbolize -e PROGRAM [--debug FILE] [--base ADDRESS] [-C] [LOG]\n"
		"\n"
		"Copies the crash log of a Go program to standard output and puts function, file\n"
		"and line where it has only program counters of C code.\n"
		"\n"
		"  -e, --exe=PROGRAM    the program that crashed, stripped or not\n"
		"  -d, --debug=FILE     its debug information, if that is not to be searched for\n"
		"  -b, --base=ADDRESS   where it was loaded, if it can be loaded anywhere and the "
		"log\n"
		"                       does not tell\n"
		"  -C, --demangle       names of C++ and Rust as the source has them\n"
		"\n"
		"For a library, give that with -e; of several, one after the other in a pipe.\n"},
	{"record", "usage: rcgo record [-d TIME] [-F HERTZ] [-off-cpu|-wall] [-o FILE] [-folded] "
		   "[-runtime]\n"
		   "                   [-debug DIR] PID\n"
		   "\n"
		   "Samples the stacks of a running program from outside, in Go and in C. The "
		   "program\n"
		   "may be built by any Go from 1.19 on, stripped or not, and needs no change.\n"
		   "\n"
		   "  -d TIME       so long, such as 10s or 500ms; 10s by default. Ctrl-C ends it "
		   "early\n"
		   "  -F HERTZ      samples a second; 99 by default\n"
		   "  -off-cpu      of threads that wait, instead of those that run\n"
		   "  -wall         of both\n"
		   "  -o FILE       for go tool pprof; rcgo.pb.gz by default\n"
		   "  -folded       a line a stack, for flame graphs, to FILE or standard output\n"
		   "  -runtime      the frames between Go and C too\n"
		   "  -debug DIR    separate debug files: DIR/.build-id/..., DIR/NAME.debug\n"
		   "\n"
		   "A thread that runs is stopped for some microseconds at each sample; one that "
		   "waits "
		   "is\n"
		   "not. Threads that wait in Go's scheduler for work are left out.\n"},
	{"stack",
		"usage: rcgo stack [-all] [-c] [-stop|-no-stop] [-thread TID] [-runtime]\n"
		"                  [-json|-folded|-pprof FILE] [-debug DIR] PID\n"
		"       rcgo stack [...] [-e EXE] [-sysroot DIR] [-force] CORE\n"
		"\n"
		"Shows what every thread of a process or of a core does, in Go and in C, equal "
		"stacks\n"
		"once. The program may be built by any Go from 1.19 on, stripped or not; it goes "
		"on\n"
		"running: blocked threads are read as they are, and those that run are stopped for "
		"some\n"
		"microseconds, one after the other.\n"
		"\n"
		"  -all          idle threads and parked goroutines too\n"
		"  -c            C frames only; looks for no Go\n"
		"  -thread TID   this thread alone\n"
		"  -stop         stop each thread while it is read\n"
		"  -no-stop      stop none; what ran meanwhile is not shown\n"
		"  -runtime      the frames between Go and C too, and whole paths\n"
		"  -json         all that is known, as JSON\n"
		"  -folded       a line a stack, for flame graphs\n"
		"  -pprof FILE   for go tool pprof\n"
		"  -debug DIR    separate debug files: DIR/.build-id/..., DIR/NAME.debug\n"
		"  -e EXE        the program of the core\n"
		"  -sysroot DIR  where the files are that the core had mapped\n"
		"  -force        take files whose build-id is another\n"
		"\n"
		"Exit status: 1 when no thread could be read, 3 when the kernel does not permit "
		"it.\n"},
	{"top", "usage: rcgo top [-d SECONDS] [-n COUNT] [-json] PID\n"
		"\n"
		"Shows the threads of a running program that was built with rcgo, and what is\n"
		"counted of them: on a terminal once a second, else once.\n"
		"\n"
		"  -d SECONDS   between two looks; 1 by default\n"
		"  -n COUNT     so many looks\n"
		"  -json        one JSON object a line for each\n"
		"\n"
		"KIND is main, go (a thread that Go started) or c. S is the state, as ps has it.\n"
		"IN tells in whose code a thread waits: go or c; - when it runs, or when only "
		"root\n"
		"may know. FUNCTION is the C function that it waits in and the Go function that "
		"called\n"
		"into C. The program pays nothing. Calls from C to Go are counted only when it\n"
		"was started with RCGO=stats=on, which also makes the counters readable where the\n"
		"kernel lets nobody look into another process (kernel.yama.ptrace_scope).\n"},
	{"version",
		"usage: rcgo version [-sbom] [FILE | PID ...]\n"
		"\n"
		"Says which C half is in a program, a library, an archive, a core or a process: "
		"its\n"
		"version, the hash of its sources, the Go version, features and options. Exit "
		"status 1\n"
		"when one has none of ours.\n"
		"\n"
		"  -sbom   a line of CycloneDX for each; without FILE, for the C half that rcgo "
		"carries\n"
		"\n"
		"Without FILE, prints what go version does, and on standard error the version of "
		"rcgo,\n"
		"the hash of its C half, the Go versions it was tested with, and the Go in use.\n"
		"`rcgo --version` prints these alone. With -m or -v, it is go's own version.\n"},
	{"features",
		"usage: rcgo build|run|test|env|overlay|… --with=FEATURE,… --without=FEATURE,…\n"
		"\n"
		"What a program gets beyond the plain C half. go never sees these flags.\n"
		"\n"
		"  traceback   C frames in crashes and profiles (with it by default)\n"
		"  contexts    C frames below calls from C to Go (without)\n"
		"  crash       reports of C threads that die (with)\n"
		"  signals     care for signals that C libraries want too (with, on amd64)\n"
		"  syscall     Go's own syscall.AllThreadsSyscall and AllThreadsSyscall6 in "
		"programs\n"
		"              with C (without): a system call on every thread, for capabilities "
		"and\n"
		"              Landlock. Lays a changed syscall_linux.go, made from your GOROOT, "
		"over\n"
		"              Go's, so go builds its standard library once more. The Go package\n"
		"              " RCGO_MODULE "/allthreads (rcgo init) does the same without that.\n"
		"\n"
		"RCGO=traceback=off,contexts=on,crash=off,signals=off says it as a program "
		"starts.\n"
		"RCGO=signals=trace writes on standard error which signals have a handler, and "
		"who\n"
		"changes that.\n"},
	{"help", "usage: rcgo help [VERB]\n\nFor a verb or topic that only go has, this is go's "
		 "own help.\n"},
	{"go", "usage: rcgo go VERB [ARGS]\n"
	       "\n"
	       "Runs any verb of go with our overlay, also those that rcgo has itself:\n"
	       "`rcgo go env GOROOT`, `rcgo go version`, `rcgo go help build`.\n"},
};

void
help_short(void *stream)
{
	fputs(overview, stream);
}

static const char *
topic_text(const char *word)
{
	for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
		if (strcmp(word, topics[i].verb) == 0) {
			return topics[i].text;
		}
	}
	return NULL;
}

static bool
is_also_gos(const char *verb)
{
	return strcmp(verb, "env") == 0 || strcmp(verb, "version") == 0;
}

int
verb_help(int argc, char **argv)
{
	if (argc < 2) {
		help_short(stdout);
		return 0;
	}
	const char *text = topic_text(argv[1]);

	if (text == NULL) { // rcgo VERB -h, or help with several words
		usage_error(NULL, "there is no help for %s", argv[1]);
	}
	fputs(text, stdout);
	if (path_search_other("go") != NULL && is_also_gos(argv[1])) {
		puts("\nAnd go's own:\n");
		fflush(stdout);
		run_go_plain((char *[]){"help", argv[1], NULL});
	}
	return 0;
}

// Whether these words after `help` are meant for go: what rcgo has no page for.
bool
help_is_gos(char *const *words)
{
	return words[0] != NULL && (words[1] != NULL || topic_text(words[0]) == NULL);
}
