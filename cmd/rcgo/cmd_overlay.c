// SPDX-License-Identifier: BSD-3-Clause
// rcgo overlay: writes the overlay for the current GOROOT.
#include "rcgo.h"

#include <getopt.h>
#include <stdio.h>

static struct problem *
doubt_renamed(const struct goenv *e)
{
	return problem("plain go rejects this overlay",
		"GOROOT is in the module cache, where go accepts no overlay",
		fmt("build with it by %s%s%s build -overlay ..., or with rcgo build",
			goroot_is_set(e) ? "GOROOT=" : "",
			goroot_is_set(e) ? fmt("%s ", shell_quote(e->goroot)) : "",
			shell_quote(e->go)));
}

// What is printed: the overlay, its path in the cache, or the flags for a go command.
enum output { OUTPUT_TEXT, OUTPUT_PATH, OUTPUT_FLAGS };

static int
put(const char *dir, struct features features, enum output how, const char *file)
{
	struct goenv e;

	goenv_load(&e, dir);
	check_overlay(&e);
	struct goflags flags = goflags_split(e.goflags, e.minor);
	struct cache cache = cache_open();

	if (goroot_rename(&e, &cache)) {
		warn(doubt_renamed(&e));
	}
	struct overlay o = overlay_make(&e, flags.overlay, features, &cache);

	if (how != OUTPUT_TEXT) {
		overlay_store(&o, &e, &cache);
		puts(how == OUTPUT_PATH ? o.path
					: goflags_with_ours(&(struct goflags){.rest = ""}, &o, &e));
	}
	if (how == OUTPUT_TEXT || file != NULL) {
		write_output(file, o.text);
	}
	// Not where the overlay could not be written: main says so.
	if (how == OUTPUT_TEXT && fflush(stdout) == 0 && ferror(stdout) == 0) {
		note(fmt(
			"this overlay is for %s in %s; another Go builds with its own runtime/cgo. "
			"`rcgo overlay --flags` prints flags that stop that",
			e.version, e.goroot));
	}
	return 0;
}

int
cmd_overlay(int argc, char **argv)
{
	static const struct option longs[] = {{"output", required_argument, NULL, 'o'},
		{"path", no_argument, NULL, 'p'}, {"flags", no_argument, NULL, 'f'}, {0}};
	const char *file = NULL, *dir = NULL;
	enum output how = OUTPUT_TEXT;
	struct features features = features_own_flags(&argc, argv);

	opterr = 0; // usage_flag prints the message
	for (int c; (c = getopt_long(argc, argv, "C:fo:p", longs, NULL)) != -1;) {
		switch (c) {
		case 'C':
			dir = optarg;
			break;
		case 'o':
			file = optarg;
			break;
		case 'f':
			how = OUTPUT_FLAGS;
			break;
		case 'p':
			how = OUTPUT_PATH;
			break;
		default:
			usage_flag("overlay", argv);
		}
	}
	if (optind < argc) {
		usage_error("overlay", "overlay takes no arguments, got %s", argv[optind]);
	}
	return put(dir, features, how, file);
}
