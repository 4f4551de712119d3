// SPDX-License-Identifier: BSD-3-Clause
// What must hold before a build can use our C half; each failure has a message of its own.
#include "rcgo.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const platforms[] = {"linux/amd64", "linux/arm64"};

void
check_version(const struct goenv *e)
{
	if (e->minor >= 0 && e->minor < OLDEST_GO) {
		fail(fmt("Go is too old: %s (%s)", e->version, e->go),
			fmt("the oldest Go whose runtime/cgo rcgo can replace is 1.%d", OLDEST_GO),
			"install a newer Go, or set RCGO_GO to the path of a newer go command");
	}
	if (e->minor > NEWEST_GO) {
		warn(fmt("Go is newer than tested: %s", e->version),
			fmt("rcgo was tested with Go 1.%d to 1.%d; a newer runtime may want more "
			    "of its C half",
				OLDEST_GO, NEWEST_GO),
			"see `rcgo abi` for names that are not supplied, and look for a newer "
			"rcgo");
	} else if (e->minor < 0) {
		warn(fmt("Go is of an unknown version: %s", *e->version == '\0' ? "?" : e->version),
			fmt("rcgo was tested with Go 1.%d to 1.%d", OLDEST_GO, NEWEST_GO),
			"see `rcgo abi` for names that are not supplied");
	}
	if (e->minor < 0 || e->minor > NEWEST_GO) {
		struct contract c;
		char *why = NULL, *names = xstrdup("");

		if (!contract_load(e, &c, &why) || c.missing == 0) {
			return;
		}
		for (size_t i = 0; i < c.n; i++) {
			if (c.at[i].imported && !c.at[i].supplied) {
				names = fmt("%s %s", names, c.at[i].name);
			}
		}
		warn(fmt("this Go imports names that rcgo does not supply:%s", names),
			"a program that uses cgo will most likely not link",
			"use a Go between the two versions above, or look for a newer rcgo");
	}
}

void
check_goroot(const struct goenv *e)
{
	struct stat st;

	if (stat(e->cgo_dir, &st) == 0 && S_ISDIR(st.st_mode)) {
		return;
	}
	const char *pkg = e->minor > 0 ? fmt("golang-1.%d-src", e->minor) : "golang-src";

	fail(fmt("GOROOT has no sources of runtime/cgo: %s is not there", e->cgo_dir),
		"our files take the place of those sources",
		fmt("install them: `apt install golang-src %s` on Debian and Ubuntu, `dnf install "
		    "golang-src` "
		    "on Fedora; or use the distribution from https://go.dev/dl",
			pkg));
}

bool
platform_supported(const struct goenv *e)
{
	const char *platform = fmt("%s/%s", e->goos, e->goarch);

	for (size_t i = 0; i < sizeof platforms / sizeof *platforms; i++) {
		if (strcmp(platform, platforms[i]) == 0) {
			return true;
		}
	}
	return false;
}

void
check_platform(const struct goenv *e)
{
	if (!platform_supported(e)) {
		fail(fmt("unsupported platform: GOOS=%s GOARCH=%s", e->goos, e->goarch),
			fmt("rcgo replaces the C half on %s and %s only, so far", platforms[0],
				platforms[1]),
			"unset GOOS and GOARCH (also `go env -u GOOS GOARCH`), or build this one "
			"with plain go");
	}
}

// Whether a file of NAME=VALUE lines, such as `go env -w` writes, sets a variable.
static bool
env_file_sets(const char *path, const char *name)
{
	size_t size;
	char *text = *path == '\0' ? NULL : read_file(path, &size);

	if (text == NULL) {
		return false;
	}
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		if (has_prefix(line, name) && line[strlen(name)] == '=') {
			return true;
		}
	}
	return false;
}

// Who turned cgo off: "env" or "file" when the user said so, "cross" or "cc" when go decided.
char *
cgo_off_by(const struct goenv *e)
{
	const char *env = getenv("CGO_ENABLED");

	if (strcmp(e->cgo_enabled, "0") != 0) {
		return NULL;
	}
	if (env != NULL && *env != '\0') {
		return xstrdup("env");
	}
	if (env_file_sets(e->goenv_file, "CGO_ENABLED")) {
		return xstrdup("file");
	}
	if (strcmp(e->goos, e->gohostos) != 0 || strcmp(e->goarch, e->gohostarch) != 0) {
		return xstrdup("cross");
	}
	return xstrdup(path_search(first_word(e->cc)) == NULL ? "cc" : "go");
}

static _Noreturn void
no_compiler(const struct goenv *e)
{
	fail(fmt("no C compiler found: CC=%s is not in PATH", e->cc),
		"a program that uses cgo is compiled by Go and a C compiler together",
		"install one (`apt install gcc libc6-dev` on Debian and Ubuntu), or set CC to the "
		"one you have");
}

void
check_cgo(const struct goenv *e)
{
	static const char off_means[] =
		"without cgo no C is compiled, so a program would silently lack our C half";
	const char *by = cgo_off_by(e);

	if (by == NULL) {
		if (path_search(first_word(e->cc)) == NULL) {
			no_compiler(e);
		}
		return;
	}
	if (strcmp(by, "cc") == 0) {
		no_compiler(e);
	}
	if (strcmp(by, "env") == 0) {
		fail("cgo is off: the environment sets CGO_ENABLED=0", off_means,
			"unset CGO_ENABLED or set it to 1; or build this program with plain go");
	}
	if (strcmp(by, "file") == 0) {
		fail(fmt("cgo is off: %s sets CGO_ENABLED=0", e->goenv_file), off_means,
			"run `go env -u CGO_ENABLED`, or set CGO_ENABLED=1 in the environment");
	}
	if (strcmp(by, "cross") == 0) {
		fail(fmt("cgo is off: this is a cross build for %s/%s on %s/%s", e->goos, e->goarch,
			     e->gohostos, e->gohostarch),
			off_means,
			fmt("set CGO_ENABLED=1 and CC to a C compiler for %s (`apt install "
			    "gcc-aarch64-linux-gnu` gives CC=aarch64-linux-gnu-gcc)",
				e->goarch));
	}
	fail("cgo is off: this go command was built without it (CGO_ENABLED=0)", off_means,
		"set CGO_ENABLED=1");
}
