// SPDX-License-Identifier: BSD-3-Clause
// rcgo help: a summary, and one page for each verb.
#include "rcgo.h"

#include <stdio.h>
#include <string.h>

static const char overview[] =
	"rcgo runs the go command with its own C half of runtime/cgo.\n"
	"\n"
	"  rcgo build|run|test|install|vet|list|… [ARGS]\n"
	"                     run this verb of go with our overlay\n"
	"                     --with=F, --without=F: select features, see rcgo help features\n"
	"  rcgo env           print shell commands for plain go: eval \"$(rcgo env)\"\n"
	"  rcgo shim DIR      write a `go` that is rcgo, for tools that run go\n"
	"  rcgo go VERB …     run any verb of go\n"
	"  rcgo overlay       write the overlay as JSON\n"
	"  rcgo init          add packages allthreads, cmem, handle, leaf, stats to a module\n"
	"  rcgo leaf          write Go functions that call C without the cost of a cgo call\n"
	"  rcgo doctor        check Go, C compiler, C library and limits; say what to do\n"
	"  rcgo abi           compare the symbols that Go imports with those we supply\n"
	"  rcgo addr2line     print functions, files and lines of addresses, as binutils does\n"
	"  rcgo symbolize     name the C functions in the crash log of a stripped program\n"
	"  rcgo top PID       show the threads and counters of a running program\n"
	"  rcgo version [FILE|PID]  print versions of rcgo and Go, or of the C half in a program\n"
	"  rcgo help [VERB]   print this, or help for a verb or for features\n"
	"\n"
	"Exit status: that of go; 2 for an error of rcgo itself.\n"
	"Environment: RCGO_GO (the go command; default: the one in PATH), RCGO_CACHE.\n";

static const struct {
	const char *verb, *text;
} topics[] = {
	{"env", "usage: rcgo env [-C DIR] [-format FORMAT | -json] [-u]\n"
		"\n"
		"Prints an environment in which plain go, and every tool that runs go, builds\n"
		"with our C half of runtime/cgo:\n"
		"\n"
		"  eval \"$(rcgo env)\"       turn it on\n"
		"  eval \"$(rcgo env -u)\"    turn it off: restore all variables\n"
		"\n"
		"  -format FORMAT  sh, fish, direnv, github (for GITHUB_ENV), make, vscode, json\n"
		"  -json           the same as -format json\n"
		"  -u              print the commands that restore the variables\n"
		"  -C DIR          run as if started in DIR\n"
		"\n"
		"PATH gets a `go` that is rcgo. So a module that selects another Go version is\n"
		"built with that version, and a cache that was removed is created again. A go\n"
		"command that is run by its own path with another GOROOT stops with an error in\n"
		"runtime/cgo.\n"
		"\n"
		"With the name of a variable, or with -w, -u NAME or -changed, this runs go's own\n"
		"env.\n"},
	{"shim",
		"usage: rcgo shim DIR\n"
		"\n"
		"Writes DIR/go, a symbolic link to rcgo, for tools that run go themselves. Put\n"
		"DIR first in PATH. Under the name go, rcgo accepts the verbs of go only. It runs\n"
		"the next `go` in PATH, or RCGO_GO.\n"},
	{"overlay",
		"usage: rcgo overlay [-C DIR] [-o FILE] [-p]\n"
		"\n"
		"Writes the JSON file for `go build -overlay`. It is made for the current GOROOT.\n"
		"An overlay that GOFLAGS names is merged into it.\n"
		"\n"
		"  -o FILE, --output=FILE   write to FILE; standard output if \"-\" or not given\n"
		"  -p, --path               keep the file in the cache and print its path\n"
		"  -C DIR                   run as if started in DIR\n"
		"\n"
		"The cache for our sources is RCGO_CACHE, else XDG_CACHE_HOME/rcgo, else\n"
		"~/.cache/rcgo, else TMPDIR/rcgo-UID. You may remove it at any time: rcgo creates\n"
		"it again.\n"},
	{"init", "usage: rcgo init [-C DIR] [-dir NAME] [-remove]\n"
		 "\n"
		 "Installs the Go module runtime_cgo (packages allthreads, cmem, handle, leaf,\n"
		 "stats) beside go.mod, in directory NAME or runtime_cgo, and adds it to go.mod.\n"
		 "Commit the directory with your own files: a build then needs neither rcgo nor "
		 "the\n"
		 "network. Run rcgo init again to update it.\n"
		 "\n"
		 "  -dir NAME   the directory, below the one of go.mod\n"
		 "  -remove     remove the module and its lines in go.mod; keep files you changed\n"
		 "  -C DIR      run as if started in DIR\n"},
	{"leaf",
		"usage: rcgo leaf [-o FILE] [-package NAME] [-errno] [-cflags F] [-ldflags F]\n"
		"                 HEADER FUNC...\n"
		"\n"
		"Writes a Go file with a typed function for each C function. The function calls\n"
		"the C function as a leaf: see `go doc runtime_cgo/leaf` for what a leaf must not\n"
		"do. Prototypes are read from the debug information of the C compiler (go env "
		"CC).\n"
		"HEADER is a file, or else a name for #include <...>. In a Go file:\n"
		"\n"
		"  //go:generate rcgo leaf -o libm_leaf.go -ldflags -lm math.h hypot ldexp\n"
		"\n"
		"  -o FILE         write to FILE; standard output if \"-\" or not given\n"
		"  -package NAME   package of the file; default: GOPACKAGE (from go generate), "
		"main\n"
		"  -errno          each function also returns errno\n"
		"  -cflags FLAGS   flags for the compiler, here and in the file\n"
		"  -ldflags FLAGS  flags for the linker, in the file\n"
		"\n"
		"Variadic functions, structures passed by value and arguments that do not fit "
		"into\n"
		"registers are rejected with the reason.\n"},
	{"doctor", "usage: rcgo doctor [-C DIR] [-json]\n"
		   "\n"
		   "Checks everything that a cgo program needs to be built and run. Says for each\n"
		   "problem what to do. Exit status 1 if a check fails.\n"},
	{"abi", "usage: rcgo abi [-C DIR] [-json]\n"
		"\n"
		"Lists each symbol of the contract between Go and its C half: its kind, its part,\n"
		"the Go versions that import it, whether this GOROOT imports it and whether we\n"
		"supply it. Exit status 1 if this GOROOT imports a symbol that we do not "
		"supply.\n"},
	{"addr2line",
		"usage: rcgo addr2line [-afipsC] [-e FILE] [-j SECTION] [ADDRESS ...]\n"
		"\n"
		"Prints the file and line of each address of an ELF file. Addresses are "
		"arguments,\n"
		"or are read from standard input. Flags and output are those of binutils' "
		"addr2line.\n"
		"\n"
		"  -e, --exe=FILE       the program or library; default a.out\n"
		"  -f, --functions      print functions too\n"
		"  -i, --inlines        print the functions into which they are inlined too\n"
		"  -C, --demangle[=STYLE]   print names as they are in the source\n"
		"  -p, --pretty-print   print one line for each address\n"
		"  -s, --basenames      print files without directories\n"
		"  -a, --addresses      print the address before each answer\n"
		"  -j, --section=NAME   addresses are offsets in this section\n"
		"  -r, -R, -b TARGET    accepted for compatibility and ignored\n"
		"\n"
		"Debug information is read from the file, by build-id from /usr/lib/debug, by\n"
		".gnu_debuglink, or from the debuginfod cache. Nothing is downloaded.\n"},
	{"symbolize",
		"usage: rcgo symbolize -e PROGRAM [--debug FILE] [--base ADDRESS] [-C] [LOG]\n"
		"\n"
		"Copies the crash log of a Go program to standard output. Adds function, file and\n"
		"line where the log has only program counters of C code.\n"
		"\n"
		"  -e, --exe=PROGRAM    the program that crashed, stripped or not\n"
		"  -d, --debug=FILE     its debug information; default: search for it\n"
		"  -b, --base=ADDRESS   the load address, if the program is position independent\n"
		"                       and the log does not have it\n"
		"  -C, --demangle       print names of C++ and Rust as they are in the source\n"
		"\n"
		"For a library, give the library with -e. For several, run rcgo symbolize once "
		"for\n"
		"each, in a pipe.\n"},
	{"top", "usage: rcgo top [-d SECONDS] [-n COUNT] [-json] PID\n"
		"\n"
		"Shows the threads of a running program that was built with rcgo, and its thread\n"
		"counters: once a second on a terminal, else once.\n"
		"\n"
		"  -d SECONDS   seconds between updates; default 1\n"
		"  -n COUNT     number of updates\n"
		"  -json        print one JSON object per line for each update\n"
		"\n"
		"KIND is main, go (a thread that Go started) or c. S is the state, as in ps. IN "
		"is\n"
		"the code in which a thread waits: go or c; - if it runs, or if only root may "
		"know.\n"
		"This does not slow the program down. Calls from C to Go are counted only if the\n"
		"program was started with RCGO=stats=on. That also makes the counters readable if\n"
		"the kernel does not permit reading another process (kernel.yama.ptrace_scope).\n"},
	{"version",
		"usage: rcgo version [-sbom] [FILE | PID ...]\n"
		"\n"
		"Prints which C half is in a program, a library, an archive, a core file or a\n"
		"process: its version, the hash of its sources, the Go version, features and\n"
		"options. Exit status 1 if one has no C half of ours.\n"
		"\n"
		"  -sbom   print a line of CycloneDX for each; without FILE, for rcgo's C half\n"
		"\n"
		"Without FILE, prints the output of go version. On standard error it prints the\n"
		"version of rcgo, the hash of its C half, the Go versions it was tested with, and\n"
		"the current Go. `rcgo --version` prints these alone. With -m or -v, this runs "
		"go's\n"
		"own version.\n"},
	{"features",
		"usage: rcgo build|run|test|env|overlay|… --with=FEATURE,… --without=FEATURE,…\n"
		"\n"
		"Selects what a program gets beyond the plain C half. go never sees these flags.\n"
		"\n"
		"  traceback   C frames in crash reports and profiles (default: with)\n"
		"  contexts    C frames below calls from C to Go (default: without)\n"
		"  crash       reports of crashes on C threads (default: with)\n"
		"  signals     sharing of signals with C libraries (default: with, on amd64)\n"
		"  syscall     Go's own syscall.AllThreadsSyscall and AllThreadsSyscall6 in\n"
		"              programs with C (default: without): a system call on every\n"
		"              thread, for capabilities and Landlock. Overlays a changed\n"
		"              syscall_linux.go, made from your GOROOT, so go builds its standard\n"
		"              library once more. The Go package runtime_cgo/allthreads (rcgo\n"
		"              init) does the same without that.\n"
		"\n"
		"RCGO=traceback=off,contexts=on,crash=off,signals=off selects them when a program\n"
		"starts. RCGO=signals=trace writes to standard error which signals have a "
		"handler,\n"
		"and who changes it.\n"},
	{"help", "usage: rcgo help [VERB]\n"
		 "\n"
		 "Prints a summary, or help for one verb or topic. For one that only go has, "
		 "prints\n"
		 "go's own help.\n"},
	{"go", "usage: rcgo go VERB [ARGS]\n"
	       "\n"
	       "Runs any verb of go with our overlay, including those that rcgo has too:\n"
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

	if (text == NULL) { // as in rcgo VERB -h
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

// Returns whether go must answer these words after `help`, because rcgo has no page for them.
bool
help_is_gos(char *const *words)
{
	return words[0] != NULL && (words[1] != NULL || topic_text(words[0]) == NULL);
}
