// SPDX-License-Identifier: BSD-3-Clause
// Asks the current go command once for all values that rcgo needs.
#include "rcgo.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char install_go[] = "install Go 1.19 or newer: `apt install golang-go` on Debian and "
				 "Ubuntu, or https://go.dev/dl; "
				 "or set RCGO_GO to the path of a go command";

// Set for the go commands that we run. Without it, a `go` that is a script around rcgo would
// recurse without end.
static const char asking[] = "RCGO_ASKING";

static struct problem *
find_go(char **go)
{
	const char *wanted = getenv("RCGO_GO");
	bool in_path = wanted == NULL || *wanted == '\0';

	if (getenv(asking) != NULL) {
		return problem(fmt("no Go found: %s leads back to rcgo",
				       in_path ? "`go` in PATH" : fmt("RCGO_GO=%s", wanted)),
			"rcgo runs the go command that you have and brings none of its own",
			"set RCGO_GO to the path of a real go command");
	}
	*go = in_path ? path_search_other("go") : path_search(wanted);
	if (*go != NULL && path_is_self(*go)) {
		return problem(fmt("no Go found: RCGO_GO=%s is rcgo itself", wanted),
			"RCGO_GO says which go command rcgo runs",
			"set it to the path of a real go command, or unset it");
	}
	if (*go != NULL) {
		return NULL;
	}
	return in_path ? problem("no Go found: there is no `go` in PATH",
				 "rcgo runs the go command that you have and brings none of its "
				 "own",
				 install_go)
		       : problem(fmt("no Go found: RCGO_GO=%s is not a program", wanted),
				 "RCGO_GO says which go command rcgo runs",
				 "set it to the path of a go command, or unset it to take the one "
				 "in PATH");
}

// Returns 22 for "go1.22.1", "go1.22rc1", "go1.22.1-custom" or "devel go1.22-0a1b2c"; -1 if the
// version has no such number ("devel +0a1b2c").
static int
go_minor(const char *version)
{
	for (const char *p = version; (p = strstr(p, "go1.")) != NULL; p++) {
		if (isdigit((unsigned char)p[4])) {
			return (int)strtol(p + 4, NULL, 10);
		}
	}
	return -1;
}

static struct problem *
broken(const char *go, const char *how, const char *output)
{
	size_t n = strcspn(output, "\n");
	char *what = fmt("Go does not run: `%s env` %s", go, how);

	if (n > 0) {
		what = fmt("%s: %.*s", what, (int)n, output);
	}
	return problem(what,
		"rcgo must know the GOROOT and the version before it can make an overlay",
		"check that `go version` works here; any message of go itself is printed above");
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
	e->cgo_cflags = field(json, "CGO_CFLAGS");
	e->cgo_cppflags = field(json, "CGO_CPPFLAGS");
	e->goflags = field(json, "GOFLAGS");
	e->gotoolchain = field(json, "GOTOOLCHAIN");
	e->gocache = field(json, "GOCACHE");
	e->goenv_file = field(json, "GOENV");
	e->gomodcache = field(json, "GOMODCACHE");
}

// `go env` prints GOVERSION from Go 1.16 on. For older versions, parse `go version`.
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

static struct problem *
ask(struct goenv *e)
{
	// Name the variables, because a full `go env` also runs the C compiler several times.
	static const char *const words[] = {"env", "-json", "GOROOT", "GOVERSION", "GOOS", "GOARCH",
		"GOHOSTOS", "GOHOSTARCH", "CGO_ENABLED", "CC", "CGO_CFLAGS", "CGO_CPPFLAGS",
		"GOFLAGS", "GOTOOLCHAIN", "GOCACHE", "GOENV", "GOMODCACHE"};
	struct strings argv = {0};
	json_error_t err;

	strings_add(&argv, e->go);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		strings_add(&argv, xstrdup(words[i]));
	}
	setenv(asking, "1", 1);
	struct spawned s = spawn(e->dir, argv.at, STDERR_KEEP);

	unsetenv(asking);
	if (s.status < 0 && s.err == ETIMEDOUT) {
		return broken(
			e->go, fmt("has not ended within %ld s (RCGO_WAIT)", spawn_seconds()), "");
	}
	if (s.status < 0) {
		return broken(e->go, s.err == EFBIG ? "prints without end" : "could not be started",
			strerror(s.err));
	}
	if (s.status != 0) {
		return broken(e->go, fmt("ended with status %d", s.status), "");
	}
	json_t *json = json_loads(s.out, 0, &err);

	if (!json_is_object(json)) {
		return broken(e->go, "printed no JSON", s.out);
	}
	fill(e, json);
	return *e->goroot == '\0' ? broken(e->go, "knows no GOROOT", "") : NULL;
}

// Finds the go command without running it.
struct problem *
goenv_find(struct goenv *e, const char *dir)
{
	struct stat st;

	memset(e, 0, sizeof *e);
	e->minor = -1;
	struct problem *p = find_go(&e->go);

	if (p != NULL) {
		return p;
	}
	// rcgo may change the directory later, because of -C.
	e->go = path_absolute(working_dir("."), e->go);
	// If the directory of -C does not exist, let go report that.
	bool usable = dir != NULL && stat(dir, &st) == 0 && S_ISDIR(st.st_mode);
	e->dir = working_dir(usable ? dir : ".");
	return NULL;
}

struct problem *
goenv_ask(struct goenv *e, const char *dir)
{
	struct problem *p = goenv_find(e, dir);

	p = p != NULL ? p : ask(e);
	if (p == NULL && sysroot_use(e)) {
		p = ask(e);
	}
	if (p != NULL) {
		return p;
	}
	if (*e->version == '\0') {
		ask_version(e);
	}
	e->minor = go_minor(e->version);
	e->cgo_dir = path_join(e->goroot, "src/runtime/cgo");
	return NULL;
}

void
goenv_load(struct goenv *e, const char *dir)
{
	fail_on(goenv_ask(e, dir));
}
