// SPDX-License-Identifier: BSD-3-Clause
// rcgo env: prints the variables with which go uses our runtime/cgo in a shell, and restores them.
#include "rcgo.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
set_null_or(json_t *json, const char *name, const char *value)
{
	if (value == NULL) {
		json_object_set_new(json, name, json_null());
	} else {
		json_set_text(json, name, value);
	}
}

// Returns the variables to restore. This needs no go command, no cache and no overlay, because the
// environment records the old values.
static json_t *
undo(const struct goenv *e)
{
	json_t *json = json_object();
	const char *was = session_outer("PATH");

	set_null_or(json, "GOFLAGS", session_users_goflags(e));
	// session_leave has restored it in our own environment, unless the user had changed it.
	if (session_outer("GOROOT") != NULL) {
		set_null_or(json, "GOROOT", getenv("GOROOT"));
	}
	if (was != NULL) {
		json_set_text(json, "PATH", shim_path(was, false));
	}
	if (session_is_on()) {
		json_object_set_new(json, "RCGO_ENV", json_null());
	}
	return json;
}

static int
print(json_t *variables, const char *format)
{
	if (!env_print(variables, format)) {
		usage_error("env", "there is no format \"%s\"; there is %s", format, env_formats());
	}
	return 0;
}

static json_t *
make(const char *dir, struct features features, bool json)
{
	struct goenv e;

	goenv_load(&e, dir);
	check_overlay(&e);
	struct goflags flags = goflags_split(e.goflags, e.minor);
	struct cache cache = cache_open();

	goroot_follow_switch(&e);
	goroot_rename(&e, &cache);
	struct overlay o = overlay_make(&e, flags.overlay, features, &cache);

	overlay_store(&o, &e, &cache);
	char *bin = shim_dir(&cache);
	struct session s = session_make(&e, goflags_with_ours(&flags, &o, &e), bin, &o);

	if (bin != NULL) {
		json_set_text(s.variables, "PATH", shim_path(bin, true));
	}
	if (json) {
		json_set_text(s.variables, "RCGO_OVERLAY", o.path);
	}
	return s.variables;
}

int
cmd_env(int argc, char **argv)
{
	static const struct option longs[] = {{"format", required_argument, NULL, 'f'},
		{"json", no_argument, NULL, 'j'}, {"unset", no_argument, NULL, 'u'}, {0}};
	bool off = false;
	const char *dir = NULL, *format = "sh";
	struct features features = features_own_flags(&argc, argv);
	struct goenv e;

	opterr = 0; // usage_flag prints the message
	for (int c; (c = getopt_long_only(argc, argv, "C:u", longs, NULL)) != -1;) {
		switch (c) {
		case 'C':
			dir = optarg;
			break;
		case 'f':
			format = optarg;
			break;
		case 'j':
			format = "json";
			break;
		case 'u':
			off = true;
			break;
		default:
			usage_flag("env", argv);
		}
	}
	if (off) {
		memset(&e, 0, sizeof e);
		e.dir = working_dir(dir == NULL ? "." : dir);
		e.minor = -1;
		return print(undo(&e), format);
	}
	return print(make(dir, features, strcmp(format, "json") == 0), format);
}

// Returns whether go's own env must handle these words: they have a variable's name, or a flag that
// only go has.
bool
env_is_gos(char *const *words)
{
	static const char *const ours[] = {"json", "u", "unset", "h", "help"};

	for (; *words != NULL; words++) {
		const char *name = *words;
		bool known = false;

		if (*name != '-') {
			return true;
		}
		name += 1 + (name[1] == '-');
		for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
			known |= strcmp(name, ours[i]) == 0;
		}
		size_t n = strcspn(name, "=");
		bool valued = (n == 1 && *name == 'C') || (n == 6 && has_prefix(name, "format")) ||
			      (n == 4 && has_prefix(name, "with")) ||
			      (n == 7 && has_prefix(name, "without"));

		if (!known && !valued) {
			return true;
		}
		words += valued && name[n] == '\0' && words[1] != NULL;
	}
	return false;
}
