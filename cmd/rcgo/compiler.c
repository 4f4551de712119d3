// SPDX-License-Identifier: BSD-3-Clause
// The current C compiler: its command line, and the debug information of our C code.
#include "rcgo.h"

#include <stdlib.h>
#include <string.h>

// The first version of gcc that has -gno-column-info. Every clang whose version number is at least
// this has it too.
enum { COLUMNLESS_CC = 8 };

// Returns the words of CC, such as "ccache gcc", with the full path of the program first; empty if
// the program is not found.
struct strings
compiler_words(const char *cc)
{
	struct strings words = {0};
	char *first = first_word(cc);
	char *path = path_search(first);

	if (path == NULL) {
		return words;
	}
	strings_add(&words, path);
	const char *rest = strstr(cc, first) + strlen(first);

	rest += *rest == '\'' || *rest == '"';
	for (char *word = first_word(rest); *word != '\0'; word = first_word(rest)) {
		strings_add(&words, word);
		rest = strstr(rest, word) + strlen(word);
		rest += *rest == '\'' || *rest == '"';
	}
	return words;
}

// Returns whether the compiler has -gno-column-info. This runs the compiler driver once, which
// costs 1 or 2 ms.
static bool
can_omit_columns(const char *cc)
{
	struct strings argv = compiler_words(cc);

	if (argv.n == 0) {
		return false;
	}
	strings_add(&argv, xstrdup("-dumpversion"));
	struct spawned s = spawn(NULL, argv.at, STDERR_DROP);

	return s.status == 0 && strtol(s.out, NULL, 10) >= COLUMNLESS_CC;
}

// Returns whether the flags select debug information by a plain -g, as Go does by default.
static bool
is_plain_debug(const char *flags)
{
	bool plain = false;
	char *rest = NULL;

	for (char *w = strtok_r(xstrdup(flags), " \t\r\n", &rest); w != NULL;
		w = strtok_r(NULL, " \t\r\n", &rest)) {
		if (has_prefix(w, "-g")) {
			plain = strcmp(w, "-g") == 0;
		}
	}
	return plain;
}

// Returns the debug flags for our C code, each preceded by a space. Tracebacks and profiles need
// lines and inlined calls. Columns, variables and types of our C code are included only if the user
// asks for -g2 or -g3.
const char *
compiler_debug_flags(const struct goenv *e)
{
	if (!is_plain_debug(e->cgo_cflags)) {
		return "";
	}
	return can_omit_columns(e->cc) ? " -g1 -gno-column-info" : " -g1";
}

// The CPUs of Go and the first part of a compiler's target (-dumpmachine) that makes code for them.
// gcc's and clang's names of one CPU may differ. The machine is that of Debian's packages.
static const struct cpu {
	const char *goarch;
	const char *machines; // separated by spaces; a * ends one
	const char *debian;   // gcc-TRIPLET; the compiler is TRIPLET-gcc
} cpus[] = {
	{"386", "i386 i486 i586 i686", "i686-linux-gnu"},
	{"amd64", "x86_64", "x86-64-linux-gnu"},
	{"arm", "arm*", "arm-linux-gnueabihf"},
	{"arm64", "aarch64 arm64", "aarch64-linux-gnu"},
	{"loong64", "loongarch64", "loongarch64-linux-gnu"},
	{"mips", "mips mipsisa32r6", "mips-linux-gnu"},
	{"mipsle", "mipsel mipsisa32r6el", "mipsel-linux-gnu"},
	{"mips64le", "mips64el mipsisa64r6el", "mips64el-linux-gnuabi64"},
	{"ppc64le", "powerpc64le ppc64le", "powerpc64le-linux-gnu"},
	{"riscv64", "riscv64", "riscv64-linux-gnu"},
	{"s390x", "s390x", "s390x-linux-gnu"},
};

static const struct cpu *
cpu_of(const char *goarch)
{
	for (size_t i = 0; i < sizeof cpus / sizeof *cpus; i++) {
		if (strcmp(cpus[i].goarch, goarch) == 0) {
			return &cpus[i];
		}
	}
	return NULL;
}

static bool
is_machine_of(const struct cpu *cpu, const char *machine)
{
	char *rest = NULL;

	for (char *w = strtok_r(xstrdup(cpu->machines), " ", &rest); w != NULL;
		w = strtok_r(NULL, " ", &rest)) {
		size_t n = strlen(w) - (w[strlen(w) - 1] == '*');

		if (strncmp(machine, w, n) == 0 && (w[n] == '*' || machine[n] == '\0')) {
			return true;
		}
	}
	return false;
}

// Returns what to do to get a C compiler for the build's CPU: a cross compiler where that is not
// the CPU of this machine.
const char *
compiler_advice(const struct goenv *e)
{
	const struct cpu *cpu = cpu_of(e->goarch);

	if (strcmp(e->gohostos, "freebsd") == 0) {
		return "FreeBSD's own is `cc`; install one (`pkg install llvm`) if that is "
		       "missing, "
		       "or set CC to the one you have";
	}
	if (cpu == NULL || strcmp(e->goarch, e->gohostarch) == 0) {
		return "install one (`apt install gcc libc6-dev` on Debian and Ubuntu), or set CC "
		       "to the "
		       "one you have";
	}
	const char *cc = strcmp(cpu->goarch, "amd64") == 0 ? "x86_64-linux-gnu" : cpu->debian;

	return fmt("install one (`apt install gcc-%s` on Debian and Ubuntu) and set CC=%s-gcc",
		cpu->debian, cc);
}

// Returns the target of the C compiler if it makes code for another CPU than the build's, else
// NULL, also if that is unknown. With -m32 gcc still names its default target. Runs the compiler
// once, and only for a cross build.
const char *
compiler_for_other_cpu(const struct goenv *e)
{
	const struct cpu *cpu = cpu_of(e->goarch);
	struct strings argv = {0};

	if (cpu == NULL || strcmp(e->goarch, e->gohostarch) == 0 ||
		(argv = compiler_words(e->cc)).n == 0) {
		return NULL;
	}
	if (strcmp(e->goarch, "386") == 0 && strcmp(e->gohostarch, "amd64") == 0) {
		return NULL; // Go passes -m32
	}
	strings_add(&argv, xstrdup("-dumpmachine"));
	struct spawned s = spawn(NULL, argv.at, STDERR_DROP);

	if (s.status != 0 || strchr(s.out, '-') == NULL) {
		return NULL;
	}
	s.out[strcspn(s.out, " \t\r\n")] = '\0';
	char *machine = xstrdup(s.out);

	machine[strcspn(machine, "-")] = '\0';
	return is_machine_of(cpu, machine) ? NULL : s.out;
}
