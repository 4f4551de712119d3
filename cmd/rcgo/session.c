// SPDX-License-Identifier: BSD-3-Clause
// The environment that rcgo sets for the go commands below it, and its restoration. `rcgo env`
// prints the same for a shell. Every rcgo first undoes what an outer one has set, works with the
// user's values, and sets the variables again.
#include "rcgo.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// GOFLAGS contains -overlay, and flags that stop another Go from building without it. GOROOT is set
// only if the user sets it to a directory in the module cache (goroot.c). This variable records the
// old and the new values of both.
static const char session_variable[] = "RCGO_ENV";

static json_t *outer;

const char *
session_outer(const char *name)
{
	return json_string_value(json_object_get(json_object_get(outer, "set"), name));
}

const char *
session_was(const char *name)
{
	return json_string_value(json_object_get(json_object_get(outer, "was"), name));
}

bool
session_is_on(void)
{
	return outer != NULL;
}

static void
set_variable(const char *name, const char *value)
{
	if ((value == NULL ? unsetenv(name) : setenv(name, value, 1)) != 0) {
		fail(fmt("cannot set %s: out of memory", name), NULL, NULL);
	}
}

// Restores the variables that an outer rcgo or `eval "$(rcgo env)"` has set, unless the user has
// changed them since. GOFLAGS stays, because an overlay of ours in it records the user's own one.
void
session_leave(void)
{
	const char *text = getenv(session_variable);

	outer = text == NULL ? NULL : json_loads(text, 0, NULL);
	if (!json_is_object(outer)) {
		outer = NULL;
	}
	const char *now = getenv("GOROOT"), *set = session_outer("GOROOT");

	if (now != NULL && set != NULL && strcmp(now, set) == 0) {
		set_variable("GOROOT", session_was("GOROOT"));
	}
	const char *go = json_string_value(json_object_get(outer, "go"));

	if (go != NULL && getenv("RCGO_GO") == NULL) {
		set_variable("RCGO_GO", go);
	}
	set_variable(session_variable, NULL);
}

// Records data of the overlay, for the case that its file is gone later.
static void
remember_overlay(json_t *json, const struct overlay *o)
{
	static const char *const names[] = {"overlay", "with", "without"};
	const json_t *own = json_object_get(o->json, OVERLAY_OWN_KEY);

	overlay_set(json, "path", o->path);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		json_t *value = json_object_get(own, names[i]);

		if (value != NULL) {
			json_object_set(json, names[i], value);
		}
	}
}

static void
remember(struct session *s, const char *name, const char *was, const char *value)
{
	json_object_set_new(s->was, name, was == NULL ? json_null() : json_string(was));
	overlay_set(s->set, name, value);
	overlay_set(s->variables, name, value);
}

// Returns the variables for this Go and this overlay. bin is the directory to put into PATH, or
// NULL.
struct session
session_make(const struct goenv *e, const char *goflags, const char *bin, const struct overlay *o)
{
	struct session s = {json_object(), json_object(), json_object()};
	json_t *json = json_object();

	remember(&s, "GOFLAGS", session_users_goflags(e), goflags);
	if (e->renamed && goroot_is_set(e)) {
		remember(&s, "GOROOT", getenv("GOROOT"), e->goroot);
	}
	if (bin != NULL || session_outer("PATH") != NULL) {
		overlay_set(s.set, "PATH", bin != NULL ? bin : session_outer("PATH"));
	}
	const char *go = getenv("RCGO_GO");

	if (go != NULL && *go != '\0') {
		overlay_set(json, "go", go);
	}
	json_object_set(json, "was", s.was);
	json_object_set(json, "set", s.set);
	remember_overlay(json, o);
	overlay_set(s.variables, session_variable,
		json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII));
	return s;
}

void
session_enter(const struct session *s)
{
	const char *name;
	json_t *value;

	json_object_foreach(s->variables, name, value)
	{
		set_variable(name, json_string_value(value));
	}
}

// Stores the user's part of an overlay of ours whose file is gone, from the record of the session.
// Without a record, recognises our overlay by its name. Returns false if the path is not one of
// ours.
bool
session_overlay(const char *path, struct user_overlay *u)
{
	const char *known = json_string_value(json_object_get(outer, "path"));
	const char *name = strrchr(path, '/');

	if (known != NULL && strcmp(known, path) == 0) {
		const char *was = json_string_value(json_object_get(outer, "overlay"));

		u->original = was == NULL ? NULL : xstrdup(was);
		u->features = features_from_lists(json_string_value(json_object_get(outer, "with")),
			json_string_value(json_object_get(outer, "without")));
		return true;
	}
	return name != NULL && has_prefix(name, "/overlay-") && has_suffix(name, ".json") &&
	       strspn(name + strlen("/overlay-"), "0123456789abcdef") == 16 &&
	       strlen(name) == strlen("/overlay-0123456789abcdef.json");
}

// Returns the user's GOFLAGS: without our overlay, and with the user's own one instead. Returns
// NULL if the variable was not set.
char *
session_users_goflags(const struct goenv *e)
{
	const char *now = getenv("GOFLAGS"), *set = session_outer("GOFLAGS");

	if (now == NULL || (set != NULL && strcmp(now, set) == 0)) {
		const char *was = now == NULL ? NULL : session_was("GOFLAGS");

		return was == NULL ? NULL : xstrdup(was);
	}
	struct goflags flags = goflags_split(now, e->minor);
	struct user_overlay u = {0};

	if (flags.overlay == NULL || overlay_user(e, flags.overlay, &u) != NULL || !u.ours) {
		return xstrdup(now);
	}
	if (u.original != NULL) {
		return goflags_with_overlay(flags.rest, u.original);
	}
	return *flags.rest == '\0' ? NULL : flags.rest;
}

// Restores the user's GOFLAGS, for a go command that builds nothing or builds without
// our runtime/cgo.
void
session_forget(const struct goenv *e)
{
	set_variable("GOFLAGS", session_users_goflags(e));
}
