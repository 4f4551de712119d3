// SPDX-License-Identifier: BSD-3-Clause
// Runs a subcommand of go with our overlay. rcgo executes go in its own process, so status and
// signals are those of go.
#include "rcgo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool
is_among(const char *word, const char *const *words)
{
	while (*words != NULL && strcmp(*words, word) != 0) {
		words++;
	}
	return *words != NULL;
}

// Returns whether a subcommand compiles. For these, any obstacle to our runtime/cgo is an error.
// The others get the overlay if possible, because they may list, generate or run a nested go.
static bool
compiles(const char *command)
{
	return is_among(
		command, (const char *const[]){"build", "install", "run", "test", "vet", NULL});
}

// Returns whether a subcommand neither builds nor runs anything. These get the user's environment,
// so that `go env -w` and similar commands see nothing of ours.
static bool
is_plain(const char *command)
{
	return is_among(command, (const char *const[]){"bug", "clean", "doc", "env", "fmt", "get",
					 "help", "mod", "telemetry", "version", "work", NULL});
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
		"check that it is a program for this machine");
}

// Returns why a build has no runtime/cgo that ours could replace; NULL if it has one.
static const char *
why_stock(const struct goenv *e)
{
	struct problem *p = problem_platform(e);

	if (p == NULL && strcmp(e->cgo_enabled, "1") != 0) {
		p = problem_cgo(e);
	}
	return p == NULL ? NULL : p->what;
}

// Runs go without rcgo's environment, with any words or none.
void
run_go_plain(char **argv)
{
	struct goenv e;
	struct strings args = {0};

	for (char **word = argv; *word != NULL; word++) {
		strings_add(&args, *word);
	}
	fail_on(goenv_find(&e, NULL));
	session_forget(&e);
	exec_go(&e, &args);
}

// Inserts a flag after the subcommand.
static void
insert_flag(struct cmdline *cl, char *flag)
{
	strings_add(&cl->args, NULL);
	for (size_t i = cl->args.n - 1; i > cl->command_words; i--) {
		cl->args.at[i] = cl->args.at[i - 1];
	}
	cl->args.at[cl->command_words] = flag;
}

static _Noreturn void
run_stock(const struct goenv *e, struct cmdline *cl, const char *why)
{
	if (compiles(cl->command) && strcmp(cl->command, "vet") != 0) {
		note(fmt("%s; go builds this without our runtime/cgo", why));
	}
	if (cl->overlay != NULL) {
		insert_flag(cl, fmt("-overlay=%s", cl->overlay));
	}
	session_forget(e);
	exec_go(e, &cl->args);
}

// `go test` strips test binaries, so C functions would have no names in a report of lost memory. A
// later flag wins over go's own. The user's flags win over ours.
static void
keep_symbols(struct cmdline *cl, const char *goflags)
{
	for (size_t i = 0; i < cl->args.n; i++) {
		if (has_prefix(cl->args.at[i], "-ldflags") ||
			has_prefix(cl->args.at[i], "--ldflags")) {
			return;
		}
	}
	if (strcmp(cl->command, "test") == 0 && strstr(goflags, "-ldflags") == NULL) {
		insert_flag(cl, xstrdup("-ldflags=-s=false -w=false"));
	}
}

// Heap profiling defines malloc. In a library these names would be a host's allocator, or that of
// half of it.
static void
check_heap(const struct cmdline *cl)
{
	static const char *const libraries[] = {"c-shared", "c-archive", "plugin", "shared", NULL};

	for (size_t i = 0; i < cl->args.n; i++) {
		const char *word = cl->args.at[i], *mode = NULL;

		if (strcmp(word, "--") == 0 || strcmp(word, "-args") == 0) {
			return;
		}
		word += has_prefix(word, "--");
		if (has_prefix(word, "-buildmode=")) {
			mode = word + strlen("-buildmode=");
		} else if (strcmp(word, "-buildmode") == 0 && i + 1 < cl->args.n) {
			mode = cl->args.at[i + 1];
		}
		if (mode != NULL && is_among(mode, libraries)) {
			fail(fmt("--with=heap does not go with -buildmode=%s", mode),
				"a library with malloc of its own would replace the allocator of "
				"its host",
				"build the library without it and record the host: rcgo heap run "
				"-any HOST");
		}
	}
}

// Returns whether a list of linker flags asks for a static program.
static bool
asks_static(const char *flags)
{
	for (const char *at = flags; (at = strstr(at, "-static")) != NULL;) {
		at += strlen("-static");
		at += has_prefix(at, "-pie") ? strlen("-pie") : 0;
		if (strchr(" \t'\",", *at) != NULL) { // or the end
			return true;
		}
	}
	return false;
}

static bool
is_static(const struct cmdline *cl, const char *goflags, const char *cgo_ldflags)
{
	bool found = asks_static(goflags) || asks_static(cgo_ldflags);

	for (size_t i = 0; i < cl->args.n && strcmp(cl->args.at[i], "-args") != 0; i++) {
		const char *word = cl->args.at[i];

		word += has_prefix(word, "--");
		if (has_prefix(word, "-ldflags=")) {
			found = asks_static(word);
		} else if (strcmp(word, "-ldflags") == 0 && i + 1 < cl->args.n) {
			found = asks_static(cl->args.at[i + 1]);
		}
	}
	return found;
}

// In a static program nothing follows our malloc: libc's archive defines another one, beside one
// with a second name that ours calls. The linker must take both, and for malloc the first of two.
static void
link_static_heap(const struct goenv *e, const struct cmdline *cl, const char *goflags)
{
	const char *own = getenv("CGO_LDFLAGS");

	own = own == NULL ? "-O2 -g" : own;
	if (!is_static(cl, goflags, own)) {
		return;
	}
	setenv("CGO_CFLAGS", fmt("%s -DRCGO_HEAP_STATIC", e->cgo_cflags), 1);
	setenv("CGO_LDFLAGS",
		fmt("%s -Wl,-z,muldefs -Wl,-u,__libc_malloc -Wl,-u,__libc_free "
		    "-Wl,-u,__libc_calloc -Wl,-u,__libc_realloc -Wl,-u,__libc_memalign",
			own),
		1);
}

int
run_go(char **argv)
{
	struct goenv e;

	if (argv[0] == NULL || argv[0][0] == '-' || is_plain(argv[0])) {
		run_go_plain(argv);
	}
	struct cmdline cl = cmdline_scan(argv);

	goenv_load(&e, cl.dir);
	const char *why = why_stock(&e);

	if (why != NULL || (!compiles(cl.command) && !overlay_possible(&e))) {
		run_stock(&e, &cl, why);
	}
	if (compiles(cl.command)) {
		check_build(&e);
	}
	struct goflags flags = goflags_split(e.goflags, e.minor);
	struct cache c = cache_open();

	goroot_follow_switch(&e);
	goroot_rename(&e, &c);

	if (features_heap(cl.features)) {
		check_heap(&cl);
		keep_symbols(&cl, flags.rest);
		link_static_heap(&e, &cl, flags.rest);
	}

	const char *user = cl.overlay != NULL ? cl.overlay : flags.overlay;
	struct user_overlay outer = {0};

	// An overlay on the command line replaces the one of GOFLAGS, but not the features that an
	// outer rcgo was given.
	if (cl.overlay != NULL && flags.overlay != NULL && *flags.overlay != 0 &&
		overlay_user(&e, flags.overlay, &outer) == NULL) {
		cl.features = features_over(outer.features, cl.features);
	}
	struct overlay o = overlay_make(&e, user, cl.features, &c);

	overlay_store(&o, &e, &c);
	struct session s = session_make(&e, goflags_with_ours(&flags, &o, &e), NULL, &o);

	session_enter(&s);
	exec_go(&e, &cl.args);
}
