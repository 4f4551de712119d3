// SPDX-License-Identifier: BSD-3-Clause
// Reads what an outer rcgo or `eval "$(rcgo env)"` has recorded of the environment, and restores
// the user's values.
#include "rcgo.h"

#include <stdlib.h>
#include <string.h>

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

// Sets an environment variable; NULL removes it.
void
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
	const char *text = getenv(SESSION_VARIABLE);

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
	set_variable(SESSION_VARIABLE, NULL);
}

// Reads what an overlay of ours, or a session, says of the user's own overlay and of the features.
void
session_read_record(const json_t *record, struct user_overlay *u)
{
	const char *original = json_string_value(json_object_get(record, "overlay"));

	u->original = original == NULL ? NULL : xstrdup(original);
	u->features = features_from_lists(json_string_value(json_object_get(record, "with")),
		json_string_value(json_object_get(record, "without")));
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
		session_read_record(outer, u);
		return true;
	}
	return name != NULL && has_prefix(name, "/overlay-") && has_suffix(name, ".json") &&
	       strspn(name + strlen("/overlay-"), "0123456789abcdef") == 16 &&
	       strlen(name) == strlen("/overlay-0123456789abcdef.json");
}
