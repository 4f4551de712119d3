// SPDX-License-Identifier: BSD-3-Clause
// Appends our Go and Go assembly files to files that every GOROOT has. Tools built on go/packages
// (gopls, staticcheck, deadcode), and go vet before Go 1.24, get the names of a package's files
// from `go list` and open them on disk. A file that exists only in the overlay makes them fail.
#include "rcgo.h"

#include <string.h>

// The line that ends the head of a file of ours. The target file has a head of its own.
static const char package_line[] = "\npackage cgo\n";
static const char include_line[] = "\n#include \"textflag.h\"\n";
static const char import_line[] = "\nimport \"unsafe\"\n";

// Returns the name of the target file in runtime/cgo for a file of ours, or for all files whose
// name ends in name. Returns NULL for files that Go does not compile, and for our flags file, which
// patch_flags handles.
char *
append_target(const struct goenv *e, const char *name)
{
	if (patch_is_flags(name)) {
		return NULL;
	}
	if (has_suffix(name, ".go")) {
		// callbacks.go imports unsafe on every system.
		return xstrdup(strcmp(e->goos, "linux") == 0 ? "linux.go" : "callbacks.go");
	}
	return has_suffix(name, ".s") ? fmt("asm_%s.s", e->goarch) : NULL;
}

// Returns the text after a line; NULL if the line is missing.
static const char *
after(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	return at == NULL ? NULL : at + strlen(line);
}

// Returns the target's text with ours appended; NULL if either has an unknown form.
char *
append_file(const char *target, const char *ours)
{
	const char *head = strstr(ours, package_line) != NULL ? package_line : include_line;
	const char *body = after(ours, head);

	if (body == NULL || after(target, head) == NULL) {
		return NULL;
	}
	const char *imported = after(body - 1, import_line);

	if (imported != NULL && after(target, import_line) == NULL) {
		return NULL;
	}
	return fmt("%s\n%s", target, imported == NULL ? body : imported);
}

// Makes Go's assembly undo the flag that goflags_with_ours adds to GOFLAGS. Line numbers stay
// correct, because the assembler counts the #line line too.
char *
patch_undo_flag(const char *target, const char *text)
{
	return fmt("#ifdef TEXT\n#undef TEXT\n#endif\n#line 2 \"%s\"\n%s", target, text);
}
