// SPDX-License-Identifier: BSD-3-Clause
// rcgo doctor: checks the C compiler, its linker and the C library with a program that has a
// thread.
#include "doctor.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char probe[] = "#include <pthread.h>\n"
			    "#include <stdio.h>\n"
			    "#include <signal.h>\n"
			    "#ifdef __GLIBC__\n"
			    "#include <gnu/libc-version.h>\n"
			    "#endif\n"
			    "static void *run(void *arg) { return arg; }\n"
			    "int main(void) {\n"
			    "	pthread_t t;\n"
			    "	void *got = 0;\n"
			    "	if (pthread_create(&t, 0, run, &t) != 0 || pthread_join(t, &got) "
			    "!= 0 || got != &t)\n"
			    "		return 1;\n"
			    "#ifdef __GLIBC__\n"
			    "	printf(\"glibc %s\", gnu_get_libc_version());\n"
			    "#else\n"
			    "	printf(\"not glibc\");\n"
			    "#endif\n"
			    "	return 0;\n"
			    "}\n";

static struct spawned
run_with(const struct strings *words, const char *dir, const char *const *more)
{
	struct strings argv = {0};

	for (size_t i = 0; i < words->n; i++) {
		strings_add(&argv, words->at[i]);
	}
	for (; *more != NULL; more++) {
		strings_add(&argv, xstrdup(*more));
	}
	return spawn(dir, argv.at, STDERR_MERGE);
}

static char *
first_line(char *s)
{
	s[strcspn(s, "\n")] = '\0';
	return s;
}

static void
report_linker(const struct strings *words)
{
	struct spawned s = run_with(words, NULL, (const char *[]){"-print-prog-name=ld", NULL});
	char *ld = s.status == 0 ? path_search(first_line(s.out)) : NULL;

	if (ld == NULL) {
		finding(LEVEL_WARN, "linker", "the compiler does not report which linker it uses",
			"install binutils (`apt install binutils` on Debian and Ubuntu)");
		return;
	}
	s = spawn(NULL, (char *[]){ld, xstrdup("--version"), NULL}, STDERR_MERGE);
	finding(LEVEL_OK, "linker", fmt("%s: %s", ld, first_line(s.out)), NULL);
}

// musl prints its version when its loader is run without arguments.
static char *
musl_version(void)
{
	glob_t g;
	char *found = NULL;

	if (glob("/lib/ld-musl-*.so.1", 0, NULL, &g) != 0) {
		return NULL;
	}
	struct spawned s = spawn(NULL, (char *[]){g.gl_pathv[0], NULL}, STDERR_MERGE);
	const char *version = strstr(s.out, "Version ");

	if (version != NULL) {
		found = fmt("musl %s", first_line(xstrdup(version + strlen("Version "))));
	}
	globfree(&g);
	return found;
}

static void
report_libc(const struct goenv *e, const char *dir)
{
	static const char todo[] = "check for a noexec mount or a missing loader: "
				   "programs of this compiler must run here";

	if (strcmp(e->goarch, e->gohostarch) != 0 || strcmp(e->goos, e->gohostos) != 0) {
		finding(LEVEL_OK, "libc", "that of the target: a cross build is not run here",
			NULL);
		return;
	}
	struct spawned s = spawn(dir, (char *[]){path_join(dir, "probe"), NULL}, STDERR_MERGE);

	if (s.status != 0) {
		const char *how = s.status < 0 ? strerror(s.err) : fmt("status %d", s.status);

		finding(LEVEL_FAIL, "libc",
			fmt("a compiled program with a thread does not run: %s", how), todo);
		return;
	}
	char *musl = strcmp(s.out, "not glibc") == 0 ? musl_version() : NULL;

	finding(LEVEL_OK, "libc", musl != NULL ? musl : s.out, NULL);
}

static void
report_compiler(const struct goenv *e, const struct strings *words, const char *dir)
{
	int err = write_file(path_join(dir, "probe.c"), probe, sizeof probe - 1);

	if (err != 0) {
		finding(LEVEL_FAIL, "C compiler",
			fmt("cannot write to %s: %s", dir, strerror(-err)),
			"set TMPDIR to a directory with free space");
		return;
	}
	struct spawned s = run_with(
		words, dir, (const char *[]){"-pthread", "-O2", "-o", "probe", "probe.c", NULL});

	if (s.status != 0) {
		finding(LEVEL_FAIL, "C compiler",
			fmt("%s cannot build a program with a thread: %s", e->cc,
				first_line(s.out)),
			"install libc's headers too (`apt install libc6-dev`), or set CC to "
			"another compiler");
		return;
	}
	s = run_with(words, NULL, (const char *[]){"--version", NULL});
	finding(LEVEL_OK, "C compiler", fmt("%s: %s", words->at[0], first_line(s.out)), NULL);
	report_linker(words);
	report_libc(e, dir);
}

void
doctor_compiler(const struct goenv *e)
{
	struct strings words = compiler_words(e->cc);
	const char *tmp = getenv("TMPDIR");
	char *dir = path_join(tmp != NULL && *tmp == '/' ? tmp : "/tmp", "rcgo-doctor-XXXXXX");

	if (words.n == 0) {
		finding(LEVEL_FAIL, "C compiler",
			fmt("%s is not in PATH (CC=%s)", first_word(e->cc), e->cc),
			compiler_advice(e));
		return;
	}
	if (mkdtemp(dir) == NULL) {
		finding(LEVEL_FAIL, "C compiler",
			fmt("no temporary directory: %s", strerror(errno)),
			"set TMPDIR to a directory that you may write to: every build needs one");
		return;
	}
	report_compiler(e, &words, dir);
	unlink(path_join(dir, "probe.c"));
	unlink(path_join(dir, "probe"));
	rmdir(dir);
}
