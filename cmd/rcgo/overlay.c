// SPDX-License-Identifier: BSD-3-Clause
// The JSON file for `go build -overlay`. It removes the C sources of this GOROOT's runtime/cgo,
// adds ours, and keeps the user's other entries. It is made again at every run, so that a changed
// GOROOT is noticed.
#include "rcgo.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char core_prefix[] = "rcgo_core_";

static bool
is_stock_source(const char *name)
{
	return has_suffix(name, ".c") || has_suffix(name, ".S") ||
	       (has_prefix(name, "libcgo") && has_suffix(name, ".h"));
}

// Returns whether a file of ours is installed. Without C frames, only the core is, which does not
// depend on the other parts, and no Go file that imports their symbols. Without signal
// interposition, the Go file that exports the interposers is left out.
static bool
is_installed(const struct goenv *e, struct features f, const char *name)
{
	bool frames = features_traceback(f);

	// C files of other systems would be names without a file for tools that ignore the overlay.
	if (has_suffix(name, strcmp(e->goos, "freebsd") == 0 ? "_linux.c" : "_freebsd.c")) {
		return false;
	}
	// Files of one system. Appended to a file of GOROOT, they lose their own constraints.
	if (strcmp(name, "rcgo_syscall.go") == 0) {
		return strcmp(e->goos, "linux") == 0;
	}
	if (strcmp(name, "rcgo_callers.go") == 0) {
		return strcmp(e->goos, "freebsd") == 0 && strcmp(e->goarch, "amd64") == 0;
	}
	if (!features_heap(f) && strstr(name, "_heap") != NULL) {
		return false;
	}
	if (!features_signals(f) && strcmp(name, "rcgo_signals.go") == 0) {
		return false;
	}
	if (has_suffix(name, ".c")) {
		return frames || has_prefix(name, core_prefix);
	}
	return frames || strcmp(name, "rcgo_traceback.go") != 0;
}

// Returns the path of a file of ours inside GOROOT. Assembly has the path of the file that it
// replaces: tools open the files for other CPUs on disk and ignore the overlay, such as
// golangci-lint and, before Go 1.24, `go vet`.
static char *
key_of(const struct goenv *e, const char *name)
{
	char *key = path_join(e->cgo_dir, name);
	char *taken = NULL;

	if (has_prefix(name, "gcc_rcgo_")) {
		taken = path_join(e->cgo_dir, fmt("gcc_%s", name + strlen("gcc_rcgo_")));
	}
	return taken != NULL && access(taken, R_OK) == 0 ? taken : key;
}

// Replaces Go's cgo.go by a copy with our compiler flags. Returns false if that is not possible, or
// if the user replaces cgo.go. The flags then need a separate file.
static bool
set_flags(
	const struct goenv *e, struct features f, const char *src, const json_t *users, json_t *map)
{
	char *key = path_join(e->cgo_dir, "cgo.go"), *path;
	size_t size;
	char *text = json_object_get(users, key) != NULL ? NULL
							 : patch_flags(e, build_lines(e, f), &size);

	if (text == NULL || (path = cache_put_patched(src, "cgo.go", text, size)) == NULL) {
		return false;
	}
	json_set_text(map, key, path);
	return true;
}

// Returns the path of a file of ours in the cache: as embedded, except for the flags file if
// options are set.
static char *
path_of(const struct goenv *e, const char *src, struct features f, const char *name)
{
	size_t size;
	char *text = patch_is_flags(name) ? patch_flags_file(build_lines(e, f), &size) : NULL;
	if (text == NULL) {
		return path_join(src, name);
	}
	char *path = cache_put_patched(src, name, text, size);

	if (path == NULL) {
		fail(fmt("cannot write %s", path_join(src, name)),
			"it says which features the program is built with",
			"free some disk space, or set RCGO_CACHE to another directory");
	}
	return path;
}

// Replaces one file of GOROOT by a copy to which append_file has appended our files. Does nothing
// if the file has an unknown form, or if the user replaces it; our files then stay separate.
static void
set_appended(const struct goenv *e, struct features f, const char *src, const char *target,
	const json_t *users, json_t *map)
{
	size_t size;
	char *key = path_join(e->cgo_dir, target);
	char *text = json_object_get(users, key) != NULL ? NULL : read_file(key, &size);

	for (size_t i = 0; i < payload_count && text != NULL; i++) {
		const char *wanted = append_target(e, payload[i].name);

		if (wanted != NULL && strcmp(wanted, target) == 0 &&
			is_installed(e, f, payload[i].name)) {
			text = append_file(text, payload_text(&payload[i]));
		}
	}
	if (text != NULL && has_suffix(target, ".s")) {
		text = patch_undo_flag(target, text);
	}
	char *path = text == NULL ? NULL : cache_put_patched(src, target, text, strlen(text));

	if (path != NULL) {
		json_set_text(map, key, path);
	}
}

// Returns whether the file of ours is already part of a file of GOROOT.
static bool
is_appended(const struct goenv *e, const char *name, const json_t *map)
{
	const char *target = append_target(e, name);

	return target != NULL && json_object_get(map, path_join(e->cgo_dir, target)) != NULL;
}

static json_t *
our_entries(const struct goenv *e, struct features f, const char *src, const json_t *users)
{
	json_t *map = json_object();
	DIR *d = opendir(e->cgo_dir);
	size_t gone = 0;

	if (d == NULL) {
		fail(fmt("cannot list %s: %s", e->cgo_dir, strerror(errno)),
			"rcgo must replace every C file of this GOROOT's runtime/cgo",
			"check that GOROOT is complete and readable");
	}
	for (struct dirent *n; (n = readdir(d)) != NULL;) {
		if (is_stock_source(n->d_name)) {
			json_set_text(map, path_join(e->cgo_dir, n->d_name), "");
			gone++;
		}
	}
	closedir(d);
	if (gone == 0) {
		fail(fmt("GOROOT has no C sources of runtime/cgo to replace: no C files in %s",
			     e->cgo_dir),
			"these are not the sources of runtime/cgo that rcgo knows",
			"check that GOROOT is a complete distribution of Go");
	}
	bool flagged = set_flags(e, f, src, users, map);

	set_appended(e, f, src, append_target(e, ".go"), users, map);
	set_appended(e, f, src, append_target(e, ".s"), users, map);
	for (size_t i = 0; i < payload_count; i++) {
		const char *name = payload[i].name;

		if (payload_is_source(&payload[i]) && is_installed(e, f, name) &&
			!is_appended(e, name, map) && !(flagged && patch_is_flags(name))) {
			json_set_text(map, key_of(e, name), path_of(e, src, f, name));
		}
	}
	if (features_syscall(f)) {
		json_set_text(map, patch_syscall_key(e), patch_syscall(e, src));
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
				"rcgo replaces all C sources of runtime/cgo, so your file would "
				"have no effect",
				"take that file out of your overlay, or build with plain go");
		}
	}
	json_object_update(ours, users);
}

// Makes the overlay. user is the path of the user's overlay; NULL and "" mean none, as in go.
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
	f = features_of_system(e, features_over(u.features, f));
	if (features_heap(f) && !features_traceback(f)) {
		fail("--with=heap and --without=traceback exclude each other",
			"a heap profile consists of stacks", "leave one of them out");
	}

	json_t *map = our_entries(e, f, src, u.entries);

	json_set_text(own, "payload", payload_hash);
	json_set_text(own, "goroot", e->goroot);
	json_set_text(own, "go", e->version);
	json_set_text(own, "with", features_list(f, FEATURE_WITH));
	json_set_text(own, "without", features_list(f, FEATURE_WITHOUT));
	if (u.original != NULL) {
		merge(map, u.entries, u.original);
		json_set_text(own, "overlay", u.original);
		json_object_set_new(own, "Replace", u.entries);
	}
	json_object_set_new(o.json, "Replace", map);
	json_object_set_new(o.json, OVERLAY_OWN_KEY, own);
	o.checks_goroot = is_appended(e, ".s", map);
	o.text = fmt("%s\n", json_dumps(o.json, JSON_INDENT(2) | JSON_SORT_KEYS));
	o.size = strlen(o.text);
	return o;
}

void
overlay_store(struct overlay *o, const struct goenv *e, struct cache *c)
{
	o->path = cache_put_overlay(c, o->text, o->size, e->minor);
}
