// SPDX-License-Identifier: BSD-3-Clause
// Makes copies of files of the user's GOROOT with additions of ours. The copies are made with the
// overlay and never embedded. A file of unknown form is not copied.
#include "rcgo.h"

#include <stdlib.h>
#include <string.h>

static const char flags_file[] = "rcgo_flags.go";
static const char flags_mark[] = "#cgo ";
static const char preamble_end[] = "\n*/\nimport \"C\"\n";

// Returns the #cgo lines of our flags file, the only place that has the flags, after those of
// build_lines.
static char *
our_flags(const char *lines)
{
	char *out = xstrdup(lines);

	for (size_t i = 0; i < payload_count; i++) {
		if (strcmp(payload[i].name, flags_file) != 0) {
			continue;
		}
		char *text = payload_text(&payload[i]), *rest = NULL;

		for (char *line = strtok_r(text, "\n", &rest); line != NULL;
			line = strtok_r(NULL, "\n", &rest)) {
			if (has_prefix(line, flags_mark)) {
				out = fmt("%s%s\n", out, line);
			}
		}
	}
	return out;
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

// Returns Go's cgo.go with our compiler flags at the end of its preamble, where they take
// precedence. Each Go file with a preamble costs a run of the compiler, so this saves one run
// against a separate file. Returns NULL if cgo.go does not end its preamble as all known versions
// do.
char *
patch_flags(const struct goenv *e, const char *lines, size_t *size)
{
	char *text = read_file(path_join(e->cgo_dir, "cgo.go"), size);
	char *end = text == NULL ? NULL : strstr(text, preamble_end);

	if (end == NULL || strstr(end + 1, preamble_end) != NULL) {
		return NULL;
	}
	end++;
	char *out = fmt("%.*s%s%s", (int)(end - text), text, our_flags(lines), end);

	*size = strlen(out);
	return out;
}

// Returns our flags file with these lines added.
char *
patch_flags_file(const char *lines, size_t *size)
{
	for (size_t i = 0; i < payload_count; i++) {
		if (!patch_is_flags(payload[i].name)) {
			continue;
		}
		char *text = payload_text(&payload[i]);
		char *at = strstr(text, flags_mark);

		if (at == NULL) {
			break;
		}
		char *out = fmt("%.*s%s%s", (int)(at - text), text, lines, at);

		*size = strlen(out);
		return out;
	}
	return NULL;
}
