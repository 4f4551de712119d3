// SPDX-License-Identifier: BSD-3-Clause
// Makes copies of files of the user's GOROOT with additions of ours. The copies are made with the
// overlay and never embedded. A file of unknown form is not copied.
#include "rcgo.h"

#include <stdlib.h>
#include <string.h>

static const char flags_file[] = "rcgo_flags.go";
static const char flags_mark[] = "#cgo ";
static const char preamble_end[] = "\n*/\nimport \"C\"\n";

// Returns the text of our flags file; NULL if it is not embedded.
static char *
flags_text(void)
{
	for (size_t i = 0; i < payload_count; i++) {
		if (patch_is_flags(payload[i].name)) {
			return payload_text(&payload[i]);
		}
	}
	return NULL;
}

// Returns the flags of the C compiler that depend on this build, each preceded by a space.
char *
patch_cflags(const struct goenv *e, struct features f)
{
	return fmt("%s%s", compiler_debug_flags(e), features_cflags(f));
}

bool
patch_is_flags(const char *name)
{
	return strcmp(name, flags_file) == 0;
}

// Returns Go's cgo.go with our flags file joined to it: our preamble, from its flags on, at the end
// of Go's, where the flags take precedence, and the rest of the file at the end. Each Go file with
// a preamble costs a run of the compiler, so this saves one run against a separate file. Returns
// NULL if cgo.go does not end its preamble as all known versions do.
char *
patch_flags(const struct goenv *e, const char *lines, size_t *size)
{
	char *text = read_file(path_join(e->cgo_dir, "cgo.go"), size), *ours = flags_text();
	char *end = text == NULL ? NULL : strstr(text, preamble_end);
	char *from = ours == NULL ? NULL : strstr(ours, flags_mark);
	char *to = from == NULL ? NULL : strstr(from, preamble_end);

	if (end == NULL || to == NULL || strstr(end + 1, preamble_end) != NULL) {
		return NULL;
	}
	end++;
	to++;
	char *out = fmt("%.*s%s%.*s%s%s", (int)(end - text), text, lines, (int)(to - from), from,
		end, to + strlen(preamble_end) - 1);

	*size = strlen(out);
	return out;
}

// Returns our flags file with these lines added.
char *
patch_flags_file(const char *lines, size_t *size)
{
	char *text = flags_text(), *at = text == NULL ? NULL : strstr(text, flags_mark);

	if (at == NULL) {
		return NULL;
	}
	char *out = fmt("%.*s%s%s", (int)(at - text), text, lines, at);

	*size = strlen(out);
	return out;
}
