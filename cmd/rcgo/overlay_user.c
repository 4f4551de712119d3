// SPDX-License-Identifier: BSD-3-Clause
// Reads the user's own overlay and makes its paths absolute. From an overlay of ours it takes the
// user's part.
#include "rcgo.h"

#include <errno.h>
#include <string.h>

// Makes the paths of the user's entries absolute. Relative paths refer to go's working directory,
// not to the directory of the JSON file, and our copy is in another directory.
static struct problem *
absolute_entries(const struct goenv *e, const char *path, json_t *replace, json_t **entries)
{
	json_t *to;
	const char *from;

	*entries = json_object();
	json_object_foreach(replace, from, to)
	{
		const char *value = json_string_value(to);

		if (value == NULL || *from == '\0') {
			return problem(fmt("the overlay %s has a bad entry: \"%s\"", path, from),
				"\"Replace\" must map the path of a file to the path of another, "
				"or to \"\"",
				"correct the file, see `go help build` under -overlay");
		}
		json_set_text(*entries, path_absolute(e->dir, from),
			*value == '\0' ? "" : path_absolute(e->dir, value));
	}
	return NULL;
}

// Restores the entries that were merged into an overlay of ours whose file is gone.
static struct problem *
overlay_lost(const struct goenv *e, struct user_overlay *u)
{
	struct features features = u->features;
	struct problem *p = NULL;

	if (u->original == NULL) {
		u->entries = json_object();
	} else {
		p = overlay_user(e, u->original, u);
	}
	u->ours = true;
	u->goroot = NULL;
	u->features = features;
	return p;
}

// Reads the user's overlay. From an overlay of ours it takes the user's part, which is known even
// if the file is gone, for example because our cache was removed.
struct problem *
overlay_user(const struct goenv *e, const char *path, struct user_overlay *u)
{
	json_error_t err;
	size_t size;
	char *full = path_absolute(e->dir, path);
	char *text = read_file(full, &size);

	if (text == NULL && errno == ENOENT && session_overlay(full, u)) {
		return overlay_lost(e, u);
	}
	if (text == NULL) {
		return problem(fmt("cannot read the overlay %s: %s", full, strerror(errno)),
			"GOFLAGS or the command line names it with -overlay",
			"correct the path, or leave -overlay out");
	}
	json_t *json = json_loadb(text, size, 0, &err);

	if (json == NULL) {
		return problem(fmt("the overlay %s is not valid JSON: line %d, column %d: %s", full,
				       err.line, err.column, err.text),
			"rcgo must merge it with its own, because go accepts only one",
			"correct the file, or leave -overlay out");
	}
	json_t *own = json_object_get(json, OVERLAY_OWN_KEY);
	json_t *replace = json_get_nocase(json_is_object(own) ? own : json, "Replace");

	u->original = full;
	u->ours = json_is_object(own);
	if (u->ours) {
		u->goroot = json_get_text(own, "goroot");
		u->go = json_get_text(own, "go");
		u->payload = json_get_text(own, "payload");
		session_read_record(own, u);
	}
	if (!json_is_object(json) ||
		(replace != NULL && !json_is_object(replace) && !json_is_null(replace))) {
		return problem(fmt("the overlay %s has no \"Replace\" object", full),
			"an overlay is a JSON object such as {\"Replace\": {\"/old.go\": "
			"\"/new.go\"}}",
			"correct the file, see `go help build` under -overlay");
	}
	return absolute_entries(e, full, replace, &u->entries);
}
