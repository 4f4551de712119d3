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
	"  rcgo go VERB …     a verb of go that rcgo has too: env, help, version\n"
	"  rcgo env           print what a shell needs: eval \"$(rcgo env)\"\n"
	"  rcgo overlay       write the overlay as JSON\n"
	"  rcgo init          give a module the Go packages allthreads, cmem, handle, leaf, stats\n"
	"  rcgo leaf          write Go functions that call C at the price of C\n"
	"  rcgo doctor        look at Go, C compiler, libc and limits; say what to do\n"
	"  rcgo abi           the names this Go wants beside those we supply\n"
	"  rcgo addr2line     functions, files and lines of addresses, as binutils has it\n"
	"  rcgo symbolize     name the C functions in the crash log of a stripped program\n"
	"  rcgo top PID       the threads of a running program, and what is counted of them\n"
	"  rcgo version       of rcgo, its C half and Go\n"
	"  rcgo help [VERB]   this, or more about a verb or features\n"
	"\n"
	"Exit status: go's own; 2 when rcgo itself has to say something.\n"
	"Environment: RCGO_GO (the go command, else that in PATH), RCGO_CACHE.\n";

static const struct {
	const char *verb, *text;
} topics[] = {
	{"env", "usage: rcgo env [-C DIR] [-json | -u]\n"
		"\n"
		"Prints shell commands after which plain go, and all that runs go, builds on our "
		"C\n"
		"half. For sh, bash, dash, zsh and other POSIX shells (not fish or csh):\n"
		"\n"
		"  eval \"$(rcgo env)\"       on\n"
		"  eval \"$(rcgo env -u)\"    off again: GOFLAGS as it was\n"
		"\n"
		"Where GOROOT is in the module cache, GOROOT and PATH change as well: from Go 1.25 "
		"on\n"
		"go takes no overlay there, and is to see it through a link.\n"
		"\n"
		"  -json    print a JSON object instead\n"
		"  -u       print the way back\n"
		"  -C DIR   as if started in DIR\n"
		"\n"
		"What it prints holds for the Go at hand; after a change of Go, run it again.\n"},
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
		"Lays the Go module runtime_cgo (packages allthreads, cmem, handle, leaf, stats)\n"
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
		"leaf: see `go doc runtime_cgo/leaf` for what such a function may not do. "
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
		"usage: rcgo doctor [-C DIR]\n"
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
		"may know. The program pays nothing. Calls from C to Go are counted only when it\n"
		"was started with RCGO=stats=on, which also makes the counters readable where the\n"
		"kernel lets nobody look into another process (kernel.yama.ptrace_scope).\n"},
	{"version", "usage: rcgo version\n"
		    "\n"
		    "Prints the version of rcgo, the hash of its C half, the Go versions it was "
		    "tested\n"
		    "with, and the Go in use. Go's own: rcgo go version.\n"},
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
		"              runtime_cgo/allthreads (rcgo init) does the same without that.\n"
		"\n"
		"RCGO=traceback=off,contexts=on,crash=off,signals=off says it as a program "
		"starts.\n"
		"RCGO=signals=trace writes on standard error which signals have a handler, and "
		"who\n"
		"changes that.\n"},
	{"help", "usage: rcgo help [VERB]\n\nGo's own: rcgo go help [TOPIC].\n"},
	{"go", "usage: rcgo go VERB [ARGS]\n"
	       "\n"
	       "Runs any verb of go with our overlay, also those that rcgo has itself:\n"
	       "`rcgo go env GOROOT`, `rcgo go version`, `rcgo go help build`.\n"},
};

static const char go_verb[] =
	"usage: rcgo %s [ARGS]\n"
	"\n"
	"The same as `go %s [ARGS]`, with our C half laid over runtime/cgo by -overlay in\n"
	"GOFLAGS, so that go commands which it starts see it too. An -overlay or GOFLAGS of\n"
	"yours is merged. The exit status is go's. More: rcgo go help %s\n";

void
help_short(void *stream)
{
	fputs(overview, stream);
}

int
verb_help(int argc, char **argv)
{
	if (argc > 2) {
		usage_error("help", "help takes one verb");
	}
	if (argc < 2) {
		help_short(stdout);
		return 0;
	}
	for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
		if (strcmp(argv[1], topics[i].verb) == 0) {
			fputs(topics[i].text, stdout);
			return 0;
		}
	}
	printf(go_verb, argv[1], argv[1], argv[1]);
	return 0;
}
