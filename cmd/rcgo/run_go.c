// SPDX-License-Identifier: BSD-3-Clause
// Runs a go verb with our overlay. rcgo becomes go, so its status and signals are go's own.
#include "rcgo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The verbs that compile: for them anything that would leave our C half out is an error. The
// others get the overlay where it can be had, because they may list, generate or run a nested go.
static bool
compiles(const char *verb)
{
	static const char *const verbs[] = {"build", "install", "run", "test", "vet"};

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (strcmp(verb, verbs[i]) == 0) {
			return true;
		}
	}
	return false;
}

static _Noreturn void
exec_go(const struct goenv *e, struct strings *args)
{
	struct strings argv = {0};

	strings_add(&argv, xstrdup("go"));
	for (size_t i = 0; i < args->n; i++) {
		strings_add(&argv, args->at[i]);
	}
	execv(e->go, argv.at);
	fail(fmt("cannot run %s: %s", e->go, strerror(errno)), NULL,
		"see that it is a program for this machine");
}

// `go install PKG@VERSION` may find that PKG wants a later Go, and go on as that one, which has no
// overlay of ours. It says so instead when it is told to be this one.
static void
keep_toolchain(const struct goenv *e, const struct strings *args)
{
	bool at_version = false;

	for (size_t i = 0; i < args->n; i++) {
		at_version |= args->at[i][0] != '-' && strchr(args->at[i], '@') != NULL;
	}
	if (at_version && e->minor >= 21 &&
		strspn(e->version, "go.rc0123456789") == strlen(e->version)) {
		setenv("GOTOOLCHAIN", e->version, 1);
	}
}

int
run_go(char **argv)
{
	struct goenv e;

	if (argv[0] == NULL) {
		usage_error(NULL, "a verb of go must follow, as in `rcgo go env`");
	}
	struct cmdline cl = cmdline_scan(argv);

	goenv_load(&e, cl.dir);
	if (compiles(cl.verb)) {
		check_build(&e);
		keep_toolchain(&e, &cl.args);
	} else if (!overlay_possible(&e)) {
		exec_go(&e, &cl.args);
	}
	struct goflags flags = goflags_split(e.goflags, e.minor);
	struct cache c = cache_open();

	goroot_rename(&e, &c);

	const char *user = cl.overlay != NULL ? cl.overlay : flags.overlay;
	struct user_overlay outer = {0};

	// What is on the command line takes the place of what GOFLAGS says; not so what an rcgo
	// before this one was told.
	if (cl.overlay != NULL && flags.overlay != NULL && *flags.overlay != 0 &&
		overlay_user(&e, flags.overlay, &outer) == NULL) {
		cl.features = features_over(outer.features, cl.features);
	}
	struct overlay o = overlay_make(&e, user, cl.features, &c);

	overlay_store(&o, &e, &c);
	if (setenv("GOFLAGS", goflags_with_overlay(flags.rest, o.path), 1) != 0) {
		fail(fmt("cannot set GOFLAGS: %s", strerror(errno)), NULL, NULL);
	}
	exec_go(&e, &cl.args);
}
