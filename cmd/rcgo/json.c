// SPDX-License-Identifier: BSD-3-Clause
// Strings in JSON objects.
#include "rcgo.h"

#include <string.h>
#include <strings.h>

// Sets the key to a string. Ends rcgo if that is not UTF-8.
void
json_set_text(json_t *object, const char *key, const char *value)
{
	if (json_object_set_new(object, key, json_string(value)) != 0) {
		fail(fmt("a path is not valid UTF-8: %s -> %s", key, value),
			"the overlay is a JSON file, and JSON text must be UTF-8",
			"rename the directory, or set RCGO_CACHE (or GOROOT) to a path in UTF-8");
	}
}

// Returns the value of the key without regard to case, as Go's JSON package does. The go command
// also accepts "replace" for "Replace".
json_t *
json_get_nocase(json_t *object, const char *key)
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

// Returns a copy of the string with this key; "" if there is none.
char *
json_get_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return xstrdup(text == NULL ? "" : text);
}
