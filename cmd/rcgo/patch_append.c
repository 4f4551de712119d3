// SPDX-License-Identifier: BSD-3-Clause
// Appends our Go and Go assembly files to files that every GOROOT has. Tools built on go/packages
// (gopls, staticcheck, deadcode) and go vet before Go 1.24 get the names of a package's files from
// `go list` and open them on disk, where a file that only the overlay has does not exist.
#include "rcgo.h"

#include <string.h>

// What ends the part of a file of ours that its host has for itself.
static const char package_line[] = "\npackage cgo\n";
static const char include_line[] = "\n#include \"textflag.h\"\n";
static const char import_line[] = "\nimport \"unsafe\"\n";

// The file of runtime/cgo that a file of ours (or all that end as name does) is joined to; NULL for
// what is not Go's to compile, and for our flags, which derive_flags puts where they count.
char *
derive_joined_host(const struct goenv *e, const char *name)
{
	if (derive_is_flags(name)) {
		return NULL;
	}
	if (has_suffix(name, ".go")) {
		return xstrdup("linux.go");
	}
	return has_suffix(name, ".s") ? fmt("asm_%s.s", e->goarch) : NULL;
}

// What follows a line of the text; NULL when it has no such line.
static const char *
after(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	return at == NULL ? NULL : at + strlen(line);
}

// The host's text with ours at its end; NULL when either has a shape we do not know.
char *
derive_joined(const char *host, const char *ours)
{
	const char *head = strstr(ours, package_line) != NULL ? package_line : include_line;
	const char *body = after(ours, head);

	if (body == NULL || after(host, head) == NULL) {
		return NULL;
	}
	const char *imported = after(body - 1, import_line);

	if (imported != NULL && after(host, import_line) == NULL) {
		return NULL;
	}
	return fmt("%s\n%s", host, imported == NULL ? body : imported);
}

// Has Go's assembly take back the flag that goflags_with_ours puts into GOFLAGS. Lines keep their
// numbers: the assembler counts the line of #line, too.
char *
derive_guard(const char *host, const char *text)
{
	return fmt("#ifdef TEXT\n#undef TEXT\n#endif\n#line 2 \"%s\"\n%s", host, text);
}
