// SPDX-License-Identifier: BSD-3-Clause
// Checks the conditions of a build with our runtime/cgo. Each failure has its own message.
#include "rcgo.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const platforms[] = {"linux/amd64", "linux/arm64", "linux/386", "linux/riscv64",
	"linux/arm", "linux/s390x", "freebsd/amd64", "freebsd/arm64", "freebsd/386",
	"freebsd/riscv64", "freebsd/arm"};

struct problem *
problem_version(const struct goenv *e)
{
	if (e->minor < 0 || e->minor >= OLDEST_GO) {
		return NULL;
	}
	return problem(fmt("Go is too old: %s (%s)", e->version, e->go),
		fmt("the oldest Go whose runtime/cgo rcgo can replace is 1.%d", OLDEST_GO),
		"install a newer Go, or set RCGO_GO to the path of a newer go command");
}

struct problem *
doubt_version(const struct goenv *e)
{
	if (e->minor > NEWEST_GO) {
		return problem(fmt("Go is newer than tested: %s", e->version),
			fmt("rcgo was tested with Go 1.%d to 1.%d; a newer runtime may import more "
			    "symbols from the C sources",
				OLDEST_GO, NEWEST_GO),
			"run `rcgo abi` to list names that are not supplied, and look for a newer "
			"rcgo");
	}
	if (e->minor < 0) {
		return problem(fmt("Go is of an unknown version: \"%s\"", e->version),
			fmt("rcgo was tested with Go 1.%d to 1.%d", OLDEST_GO, NEWEST_GO),
			"run `rcgo abi` to list names that are not supplied");
	}
	return NULL;
}

// Checks whether an untested Go imports symbols that we lack. Tested versions import no others, so
// they skip the check.
struct problem *
doubt_names(const struct goenv *e)
{
	struct contract c;
	char *why = NULL, *names = xstrdup("");

	if (doubt_version(e) == NULL || !contract_load(e, &c, &why) || c.missing == 0) {
		return NULL;
	}
	for (size_t i = 0; i < c.n; i++) {
		if (c.at[i].imported && !c.at[i].supplied) {
			names = fmt("%s %s", names, c.at[i].name);
		}
	}
	return problem(fmt("this Go imports names that rcgo does not supply:%s", names),
		"a program that uses cgo will most likely not link",
		fmt("use a Go between 1.%d and 1.%d, or look for a newer rcgo", OLDEST_GO,
			NEWEST_GO));
}

struct problem *
problem_goroot(const struct goenv *e)
{
	struct stat st;

	if (stat(e->cgo_dir, &st) == 0 && S_ISDIR(st.st_mode)) {
		return NULL;
	}
	const char *pkg = e->minor > 0 ? fmt("golang-1.%d-src", e->minor) : "golang-src";

	return problem(fmt("GOROOT has no sources of runtime/cgo: %s is not there", e->cgo_dir),
		"our files take the place of those sources",
		fmt("install them (Debian, Ubuntu: `apt install %s`; Fedora: `dnf install "
		    "golang-src`), or "
		    "use the distribution from https://go.dev/dl",
			pkg));
}

struct problem *
problem_platform(const struct goenv *e)
{
	const char *platform = fmt("%s/%s", e->goos, e->goarch), *list = "";
	const size_t n = sizeof platforms / sizeof *platforms;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(platform, platforms[i]) == 0) {
			return NULL;
		}
		list = fmt("%s%s%s", list, i == 0 ? "" : i == n - 1 ? " and " : ", ", platforms[i]);
	}
	return problem(fmt("unsupported platform: GOOS=%s GOARCH=%s", e->goos, e->goarch),
		fmt("rcgo replaces runtime/cgo on %s only", list),
		"unset GOOS and GOARCH (also `go env -u GOOS GOARCH`), or build this one with "
		"plain go");
}

// Returns whether a file of NAME=VALUE lines, such as `go env -w` writes, sets a variable.
bool
env_file_sets(const char *path, const char *name)
{
	size_t size;
	char *save, *text = *path == '\0' ? NULL : read_file(path, &size);

	if (text == NULL) {
		return false;
	}
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
		line = strtok_r(NULL, "\n", &save)) {
		if (has_prefix(line, name) && line[strlen(name)] == '=') {
			return true;
		}
	}
	return false;
}

static struct problem *
no_compiler(const struct goenv *e)
{
	return problem(
		fmt("no C compiler found: %s is not in PATH (CC=%s)", first_word(e->cc), e->cc),
		"a program that uses cgo is compiled by Go and a C compiler together",
		compiler_advice(e));
}

static struct problem *
other_compiler(const struct goenv *e)
{
	const char *target = compiler_for_other_cpu(e);

	return target == NULL
		       ? NULL
		       : problem(fmt("the C compiler makes code for another CPU: %s for %s, not "
				     "for "
				     "GOARCH=%s (CC=%s)",
					 first_word(e->cc), target, e->goarch, e->cc),
				 "C and Go in one program need the same CPU", compiler_advice(e));
}

// The go command disables cgo for four reasons, each of which needs its own message.
static struct problem *
cgo_off(const struct goenv *e)
{
	static const char off_means[] =
		"without cgo no C is compiled, so the program would silently lack our runtime/cgo";
	const char *env = getenv("CGO_ENABLED");

	if (env != NULL && *env != '\0') {
		return problem(fmt("cgo is off: the environment sets CGO_ENABLED=%s", env),
			off_means,
			"unset CGO_ENABLED or set it to 1; or build this program with plain go");
	}
	if (env_file_sets(e->goenv_file, "CGO_ENABLED")) {
		return problem(fmt("cgo is off: %s sets CGO_ENABLED=0", e->goenv_file), off_means,
			"run `go env -u CGO_ENABLED`, or set CGO_ENABLED=1 in the environment");
	}
	if (problem_sysroot(e) != NULL) {
		return problem_sysroot(e);
	}
	if (strcmp(e->goos, e->gohostos) != 0 || strcmp(e->goarch, e->gohostarch) != 0) {
		return problem(fmt("cgo is off: this is a cross build for %s/%s on %s/%s", e->goos,
				       e->goarch, e->gohostos, e->gohostarch),
			off_means,
			fmt("set CGO_ENABLED=1; for a C compiler that makes %s code, %s", e->goarch,
				compiler_advice(e)));
	}
	if (path_search(first_word(e->cc)) == NULL) {
		return no_compiler(e);
	}
	return problem("cgo is off: this go command has CGO_ENABLED=0 built in", off_means,
		"set CGO_ENABLED=1 in the environment");
}

struct problem *
problem_cgo(const struct goenv *e)
{
	if (strcmp(e->cgo_enabled, "1") != 0) {
		return cgo_off(e);
	}
	return path_search(first_word(e->cc)) == NULL ? no_compiler(e) : other_compiler(e);
}

// Checks the conditions of a subcommand that needs an overlay.
void
check_overlay(const struct goenv *e)
{
	fail_on(problem_version(e));
	fail_on(problem_platform(e));
	fail_on(problem_goroot(e));
	warn(doubt_version(e));
	warn(doubt_names(e));
}

// Checks the conditions of a subcommand that compiles.
void
check_build(const struct goenv *e)
{
	check_overlay(e);
	fail_on(problem_cgo(e));
}

// Returns whether the overlay can be made, for a subcommand that also works without it.
bool
overlay_possible(const struct goenv *e)
{
	return problem_version(e) == NULL && problem_platform(e) == NULL &&
	       problem_goroot(e) == NULL;
}
