// SPDX-License-Identifier: BSD-3-Clause
// The JSON for `go build -overlay`: the C half of this GOROOT's runtime/cgo goes, ours comes, and
// what the user laid over other files stays. Made anew at every run, so a changed GOROOT is seen.
#include "rcgo.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FIRST_GO_VET_SEES_OVERLAYS 24

static const char whole_prefix[] = "rcgo_linux_";
static const char core_prefix[] = "rcgo_core_";
static const char core_asm[] = "gcc_rcgo_core_linux.S";

// Under this key our overlays remember what the user's own one was. The go command ignores it, and
// an rcgo that runs below another (or after `eval "$(rcgo env)"`) starts again from there.
static const char own_key[] = "rcgo";

static bool
is_c_half(const char *name)
{
	return has_suffix(name, ".c") || has_suffix(name, ".S") ||
	       (has_prefix(name, "libcgo") && has_suffix(name, ".h"));
}

static void
set(json_t *object, const char *key, const char *value)
{
	if (json_object_set_new(object, key, json_string(value)) != 0) {
		fail(fmt("a path is not valid UTF-8: %s -> %s", key, value),
			"the overlay is a JSON file, and JSON can hold no other text",
			"rename the directory, or set RCGO_CACHE (or GOROOT) to a path in UTF-8");
	}
}

// The user's entries with absolute paths. Relative ones count from where go works, not from where
// the JSON lies, and our copy of them lies elsewhere.
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
		set(*entries, path_absolute(e->dir, from),
			*value == '\0' ? "" : path_absolute(e->dir, value));
	}
	return NULL;
}

// The go command takes "replace" for "Replace" too, as Go's JSON package does.
static json_t *
get_nocase(json_t *object, const char *key)
{
	const char *k;
	json_t *v, *found = NULL;

	json_object_foreach(object, k, v)
	{
		if (strcasecmp(k, key) == 0) {
			found = v;
		}
	}
	return found;
}

// Reads the user's overlay. If it is one of ours, what counts is the user's part of it.
struct problem *
overlay_user(const struct goenv *e, const char *path, struct user_overlay *u)
{
	json_error_t err;
	size_t size;
	char *full = path_absolute(e->dir, path);
	char *text = read_file(full, &size);

	if (text == NULL) {
		return problem(fmt("cannot read the overlay %s: %s", full, strerror(errno)),
			"GOFLAGS or the command line names it with -overlay",
			"correct the path, or leave -overlay out");
	}
	json_t *json = json_loadb(text, size, 0, &err);

	if (json == NULL) {
		return problem(fmt("the overlay %s is not valid JSON: line %d, column %d: %s", full,
				       err.line, err.column, err.text),
			"rcgo must merge it with its own, as go takes only one",
			"correct the file, or leave -overlay out");
	}
	json_t *own = json_object_get(json, own_key);
	json_t *replace = get_nocase(json_is_object(own) ? own : json, "Replace");

	u->original = full;
	if (json_is_object(own)) {
		const char *was = json_string_value(json_object_get(own, "overlay"));

		u->original = was == NULL ? NULL : xstrdup(was);
		u->features = features_from_lists(json_string_value(json_object_get(own, "with")),
			json_string_value(json_object_get(own, "without")));
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

// Without C frames only the core is laid, which knows nothing of the other parts, and no Go file
// that asks for them; without the guard of signals, no Go file that exports its functions.
static bool
is_laid(struct features f, const char *name)
{
	bool frames = features_traceback(f);

	if (!features_signals(f) && strcmp(name, "rcgo_signals.go") == 0) {
		return false;
	}
	if (has_suffix(name, ".c")) {
		return has_prefix(name, frames ? whole_prefix : core_prefix);
	}
	if (has_suffix(name, "_linux.S")) {
		return frames || strcmp(name, core_asm) == 0;
	}
	return frames || strcmp(name, "rcgo_traceback.go") != 0;
}

// The path that a file of ours gets inside of GOROOT. Before 1.24 the go command tells `go vet` of
// the files of other CPUs by these paths, and vet opens them on disk, overlay or not: so there ours
// take the names of those that they replace.
static char *
key_of(const struct goenv *e, const char *name)
{
	char *key = path_join(e->cgo_dir, name);
	char *taken = NULL;

	if (e->minor < 0 || e->minor >= FIRST_GO_VET_SEES_OVERLAYS) {
		return key;
	}
	if (has_prefix(name, "gcc_rcgo_")) {
		taken = path_join(e->cgo_dir, fmt("gcc_%s", name + strlen("gcc_rcgo_")));
	} else if (has_prefix(name, whole_prefix)) {
		taken = path_join(e->cgo_dir, fmt("gcc_%s", name + strlen("rcgo_")));
	} else if (has_prefix(name, core_prefix)) {
		taken = path_join(e->cgo_dir, fmt("gcc_%s", name + strlen(core_prefix)));
	}
	return taken != NULL && access(taken, R_OK) == 0 ? taken : key;
}

// Lays Go's cgo.go with our compiler flags in it. False when that cannot be, or when the user lays
// a cgo.go: then the flags need a file of their own.
static bool
set_flags(
	const struct goenv *e, struct features f, const char *src, const json_t *users, json_t *map)
{
	char *key = path_join(e->cgo_dir, "cgo.go"), *path;
	size_t size;
	char *text = json_object_get(users, key) != NULL
			     ? NULL
			     : derive_flags(e, shape_defines(e, f), &size);

	if (text == NULL || (path = cache_put_derived(src, "cgo.go", text, size)) == NULL) {
		return false;
	}
	set(map, key, path);
	return true;
}

// The path of a file of ours: in the cache as it is carried, but for the flags file when the C half
// is told something.
static char *
path_of(const struct goenv *e, const char *src, struct features f, const char *name)
{
	size_t size;
	char *text = derive_is_flags(name) ? derive_flags_file(shape_defines(e, f), &size) : NULL;
	if (text == NULL) {
		return path_join(src, name);
	}
	char *path = cache_put_derived(src, name, text, size);

	if (path == NULL) {
		fail(fmt("cannot write %s", path_join(src, name)),
			"it says which features the program is built with",
			"see that there is room, or choose another place with RCGO_CACHE");
	}
	return path;
}

static json_t *
our_entries(const struct goenv *e, struct features f, const char *src, const json_t *users)
{
	json_t *map = json_object();
	DIR *d = opendir(e->cgo_dir);
	size_t gone = 0;

	if (d == NULL) {
		fail(fmt("cannot list %s: %s", e->cgo_dir, strerror(errno)),
			"every C file of this GOROOT's runtime/cgo must be replaced",
			"see that GOROOT is complete and readable");
	}
	for (struct dirent *n; (n = readdir(d)) != NULL;) {
		if (is_c_half(n->d_name)) {
			set(map, path_join(e->cgo_dir, n->d_name), "");
			gone++;
		}
	}
	closedir(d);
	if (gone == 0) {
		fail(fmt("GOROOT has no C half to replace: no C files in %s", e->cgo_dir),
			"these are not the sources of runtime/cgo that rcgo knows",
			"see that GOROOT is a complete distribution of Go");
	}
	bool flagged = set_flags(e, f, src, users, map);

	for (size_t i = 0; i < payload_count; i++) {
		const char *name = payload[i].name;

		if (payload_is_source(&payload[i]) && is_laid(f, name) &&
			!(flagged && derive_is_flags(name))) {
			set(map, key_of(e, name), path_of(e, src, f, name));
		}
	}
	if (features_syscall(f)) {
		set(map, derive_syscall_key(e), derive_syscall(e, src));
	}
	return map;
}

static void
merge(json_t *ours, json_t *users, const char *user)
{
	const char *from;
	json_t *to;

	json_object_foreach(users, from, to)
	{
		if (json_object_get(ours, from) != NULL) {
			fail(fmt("two overlays want the same file: %s replaces %s", user, from),
				"rcgo replaces the whole C half of runtime/cgo, so yours would "
				"have no effect",
				"take that file out of your overlay, or build with plain go");
		}
	}
	json_object_update(ours, users);
}

// user is the path of the user's overlay; NULL and, as for go, "" are none.
struct overlay
overlay_make(const struct goenv *e, const char *user, struct features f, struct cache *c)
{
	struct overlay o = {.json = json_object()};
	json_t *own = json_object();
	char *src = cache_put_payload(c);
	struct user_overlay u = {0};

	if (user != NULL && *user != '\0') {
		fail_on(overlay_user(e, user, &u));
	}
	f = features_over(u.features, f);

	json_t *map = our_entries(e, f, src, u.entries);

	set(own, "payload", payload_hash);
	set(own, "goroot", e->goroot);
	set(own, "with", features_list(f, FEATURE_WITH));
	set(own, "without", features_list(f, FEATURE_WITHOUT));
	if (u.original != NULL) {
		merge(map, u.entries, u.original);
		set(own, "overlay", u.original);
		json_object_set_new(own, "Replace", u.entries);
	}
	json_object_set_new(o.json, "Replace", map);
	json_object_set_new(o.json, own_key, own);
	o.text = fmt("%s\n", json_dumps(o.json, JSON_INDENT(2) | JSON_SORT_KEYS));
	o.size = strlen(o.text);
	return o;
}

void
overlay_store(struct overlay *o, const struct goenv *e, struct cache *c)
{
	o->path = cache_put_overlay(c, o->text, o->size, e->minor);
}
