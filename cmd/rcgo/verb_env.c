// SPDX-License-Identifier: BSD-3-Clause
// rcgo env: prints what a shell needs so that plain go uses our C half.
#include "rcgo.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// PATH with the directory in front of it, or without it.
static char *
path_with(const char *dir, bool with)
{
	const char *path = getenv("PATH");
	char *rest = xstrdup(""), *save, *words = xstrdup(path == NULL ? "" : path);

	for (char *word = strtok_r(words, ":", &save); word != NULL;
		word = strtok_r(NULL, ":", &save)) {
		if (strcmp(word, dir) != 0) {
			rest = fmt("%s%s%s", rest, *rest == '\0' ? "" : ":", word);
		}
	}
	return with ? fmt("%s:%s", dir, rest) : rest;
}

// The state before `eval "$(rcgo env)"`: GOFLAGS with the user's own overlay back in its place.
static int
print_undo(const struct goenv *e)
{
	struct goflags flags = goflags_split(e->goflags, e->minor);
	struct user_overlay u = {0};
	char *was = flags.rest;

	if (flags.overlay != NULL) {
		fail_on(overlay_user(e, flags.overlay, &u));
	}
	if (u.original != NULL) {
		was = goflags_with_overlay(flags.rest, u.original);
	}
	if (goroot_is_renamed(e)) {
		puts("unset GOROOT");
		printf("export PATH=%s\n",
			shell_quote(path_with(path_join(e->goroot, "bin"), false)));
		unsetenv("GOROOT");
	}
	// What `go env -w` or a default of the toolchain says needs no variable.
	unsetenv("GOFLAGS");
	struct goenv plain;

	goenv_load(&plain, e->dir);
	if (strcmp(was, plain.goflags) == 0) {
		puts("unset GOFLAGS");
	} else {
		printf("export GOFLAGS=%s\n", shell_quote(was));
	}
	return 0;
}

// renamed is the Go whose GOROOT has another name now, or NULL.
static int
print_json(const char *goflags, const struct overlay *o, const struct goenv *renamed)
{
	json_t *json = json_pack("{s:s, s:s}", "GOFLAGS", goflags, "RCGO_OVERLAY", o->path);

	if (renamed != NULL) {
		char *bin = path_join(renamed->goroot, "bin");

		overlay_set(json, "GOROOT", renamed->goroot);
		overlay_set(json, "PATH", path_with(bin, true));
	}
	if (json == NULL || json_dumpf(json, stdout, JSON_INDENT(2)) != 0) {
		fail("cannot print the environment as JSON", NULL, NULL);
	}
	puts("");
	return 0;
}

static int
print_shell(const char *goflags, const struct goenv *renamed)
{
	if (renamed != NULL) {
		char *bin = path_join(renamed->goroot, "bin");

		printf("export GOROOT=%s\n", shell_quote(renamed->goroot));
		printf("export PATH=%s\n", shell_quote(path_with(bin, true)));
	}
	printf("export GOFLAGS=%s\n", shell_quote(goflags));
	return 0;
}

int
verb_env(int argc, char **argv)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'}, {"unset", no_argument, NULL, 'u'}, {0}};
	bool json = false, undo = false;
	const char *dir = NULL;
	struct features features = features_own_flags(&argc, argv);
	struct goenv e;

	opterr = 0; // usage_flag says it
	for (int c; (c = getopt_long_only(argc, argv, "C:u", longs, NULL)) != -1;) {
		switch (c) {
		case 'C':
			dir = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'u':
			undo = true;
			break;
		default:
			usage_flag("env", argv[optind - 1]);
		}
	}
	if (optind < argc) {
		usage_error("env", "env takes no arguments, got %s (go's own: `rcgo go env %s`)",
			argv[optind], argv[optind]);
	}
	goenv_load(&e, dir);
	if (undo) {
		return print_undo(&e);
	}
	check_overlay(&e);
	struct goflags flags = goflags_split(e.goflags, e.minor);
	struct cache cache = cache_open();
	bool renamed = goroot_rename(&e, &cache);
	struct overlay o = overlay_make(&e, flags.overlay, features, &cache);

	overlay_store(&o, &e, &cache);
	char *goflags = goflags_with_overlay(flags.rest, o.path);

	if (json) {
		return print_json(goflags, &o, renamed ? &e : NULL);
	}
	return print_shell(goflags, renamed ? &e : NULL);
}
