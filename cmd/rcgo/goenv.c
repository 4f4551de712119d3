// SPDX-License-Identifier: BSD-3-Clause
// Asks the go command at hand, once, for everything that rcgo wants to know of it.
#include "rcgo.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char install_go[] = "install Go 1.19 or newer: `apt install golang-go` on Debian and "
				 "Ubuntu, or https://go.dev/dl; "
				 "or set RCGO_GO to the path of a go command";

char *
find_go(void)
{
	const char *wanted = getenv("RCGO_GO");

	if (wanted == NULL || *wanted == '\0') {
		char *go = path_search("go");

		if (go == NULL) {
			fail("no Go found: there is no `go` in PATH",
				"rcgo runs the go command that you have and brings none of its own",
				install_go);
		}
		return go;
	}
	char *go = path_search(wanted);

	if (go == NULL) {
		fail(fmt("no Go found: RCGO_GO=%s is not a program", wanted),
			"RCGO_GO says which go command rcgo runs",
			"set it to the path of a go command, or unset it to take the one in PATH");
	}
	return go;
}

// The 22 of "go1.22.1", "go1.22rc1", "go1.22.1-custom" or "devel go1.22-0a1b2c"; -1 when the
// version says nothing of the kind ("devel +0a1b2c").
int
go_minor(const char *version)
{
	for (const char *p = version; (p = strstr(p, "go1.")) != NULL; p++) {
		if (isdigit((unsigned char)p[4])) {
			return (int)strtol(p + 4, NULL, 10);
		}
	}
	return -1;
}

static _Noreturn void
broken(const char *go, const char *how, const char *output)
{
	size_t n = strcspn(output, "\n");
	char *what = fmt("Go does not run: `%s env` %s", go, how);

	if (n > 0) {
		what = fmt("%s: %.*s", what, (int)n, output);
	}
	fail(what, "rcgo must know the GOROOT and the version before it can lay files over it",
		"see that `go version` works here; a message of go's own, if any, stands above");
}

static char *
field(json_t *json, const char *name)
{
	const char *s = json_string_value(json_object_get(json, name));

	return xstrdup(s == NULL ? "" : s);
}

static void
fill(struct goenv *e, json_t *json)
{
	e->goroot = field(json, "GOROOT");
	e->version = field(json, "GOVERSION");
	e->goos = field(json, "GOOS");
	e->goarch = field(json, "GOARCH");
	e->gohostos = field(json, "GOHOSTOS");
	e->gohostarch = field(json, "GOHOSTARCH");
	e->cgo_enabled = field(json, "CGO_ENABLED");
	e->cc = field(json, "CC");
	e->goflags = field(json, "GOFLAGS");
	e->gotoolchain = field(json, "GOTOOLCHAIN");
	e->gocache = field(json, "GOCACHE");
	e->goenv_file = field(json, "GOENV");
}

// GOVERSION is known to `go env` from Go 1.16 on; older ones still say it in words.
static void
ask_version(struct goenv *e)
{
	char *argv[] = {e->go, xstrdup("version"), NULL};
	struct spawned s = spawn(e->dir, argv, STDERR_DROP);
	const char *v = strstr(s.out, "go version ");

	if (s.status == 0 && v != NULL) {
		v += strlen("go version ");
		e->version = strndup(v, strcspn(v, " \n"));
	}
}

// Only named variables: a full `go env` also runs the C compiler several times to find GOGCCFLAGS.
void
goenv_load(struct goenv *e, const char *dir)
{
	static const char *const words[] = {"env", "-json", "GOROOT", "GOVERSION", "GOOS", "GOARCH",
		"GOHOSTOS", "GOHOSTARCH", "CGO_ENABLED", "CC", "GOFLAGS", "GOTOOLCHAIN", "GOCACHE",
		"GOENV"};
	struct strings argv = {0};
	struct stat st;

	memset(e, 0, sizeof *e);
	e->go = find_go();
	if (e->go[0] != '/') {
		// We may be about to change directory, on behalf of -C.
		e->go = path_absolute(working_dir("."), e->go);
	}
	// When the directory of -C is not there, go itself says so best.
	bool usable = dir != NULL && stat(dir, &st) == 0 && S_ISDIR(st.st_mode);
	e->dir = working_dir(usable ? dir : ".");
	strings_add(&argv, e->go);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		strings_add(&argv, xstrdup(words[i]));
	}
	struct spawned s = spawn(e->dir, argv.at, STDERR_KEEP);

	if (s.status < 0) {
		broken(e->go, "could not be started", strerror(s.err));
	}
	if (s.status != 0) {
		broken(e->go, fmt("ended with status %d", s.status), "");
	}
	json_error_t err;
	json_t *json = json_loads(s.out, 0, &err);

	if (!json_is_object(json)) {
		broken(e->go, "printed no JSON", s.out);
	}
	fill(e, json);
	if (*e->version == '\0') {
		ask_version(e);
	}
	if (*e->goroot == '\0') {
		broken(e->go, "knows no GOROOT", "");
	}
	e->minor = go_minor(e->version);
	e->cgo_dir = path_join(e->goroot, "src/runtime/cgo");
}
