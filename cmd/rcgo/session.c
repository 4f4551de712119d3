// SPDX-License-Identifier: BSD-3-Clause
// The environment that rcgo sets for the go commands below it. `rcgo env` prints the same for a
// shell. Every rcgo first undoes what an outer one has set (session_record.c), works with the
// user's values, and sets the variables again.
#include "rcgo.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Records data of the overlay, for the case that its file is gone later.
static void
remember_overlay(json_t *json, const struct overlay *o)
{
	static const char *const names[] = {"overlay", "with", "without"};
	const json_t *own = json_object_get(o->json, OVERLAY_OWN_KEY);

	json_set_text(json, "path", o->path);
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
	json_set_text(s->set, name, value);
	json_set_text(s->variables, name, value);
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
		json_set_text(s.set, "PATH", bin != NULL ? bin : session_outer("PATH"));
	}
	const char *go = getenv("RCGO_GO");

	if (go != NULL && *go != '\0') {
		json_set_text(json, "go", go);
	}
	json_object_set(json, "was", s.was);
	json_object_set(json, "set", s.set);
	remember_overlay(json, o);
	json_set_text(s.variables, SESSION_VARIABLE,
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
