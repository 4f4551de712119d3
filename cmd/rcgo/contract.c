// SPDX-License-Identifier: BSD-3-Clause
// The symbols that the Go files of this GOROOT import from the C sources of runtime/cgo, and the
// symbols that ours define.
#include "rcgo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct contract_name *
find(struct contract *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->at[i].name, name) == 0) {
			return &c->at[i];
		}
	}
	return NULL;
}

static struct contract_name *
add(struct contract *c, const char *name)
{
	struct contract_name *at = xalloc((c->n + 1) * sizeof *at);

	if (c->n > 0) {
		memcpy(at, c->at, c->n * sizeof *at);
	}
	c->at = at;
	at += c->n++;
	at->name = xstrdup(name);
	at->kind = at->part = at->versions = at->by = xstrdup("-");
	return at;
}

// Adds the lines of symbols.txt: name, kind, part, Go versions, importer.
static void
add_ours(struct contract *c)
{
	char *save, *text = payload_symbols();

	for (char *line = strtok_r(text, "\n", &save); line != NULL;
		line = strtok_r(NULL, "\n", &save)) {
		char *name, *kind, *part, *versions, *by;

		if (*line == '#' || sscanf(line, "%ms %ms %ms %ms %ms", &name, &kind, &part,
					    &versions, &by) != 5) {
			continue;
		}
		struct contract_name *n = add(c, name);

		n->kind = kind;
		n->part = part;
		n->versions = versions;
		n->by = by;
		n->supplied = true;
	}
}

static void
mark_imported(struct contract *c, const char *name)
{
	struct contract_name *n = find(c, name);

	if (n == NULL) {
		n = add(c, name);
		n->by = xstrdup("runtime/cgo");
	}
	n->imported = true;
}

// Marks every `//go:cgo_import_static NAME` of a Go file as imported.
static void
scan_file(struct contract *c, const char *path)
{
	static const char directive[] = "//go:cgo_import_static ";
	size_t size;
	char *save, *text = read_file(path, &size);

	if (text == NULL) {
		return;
	}
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
		line = strtok_r(NULL, "\n", &save)) {
		if (has_prefix(line, directive)) {
			char *name = line + strlen(directive);

			name[strcspn(name, " \t\r")] = '\0';
			mark_imported(c, name);
		}
	}
}

// Asks the go command which Go files it compiles for the target, because it evaluates the build
// constraints. Returns false and stores the reason if it fails.
bool
contract_load(const struct goenv *e, struct contract *c, char **why)
{
	static const char template[] =
		"{{range .GoFiles}}{{.}}\n{{end}}{{range .CgoFiles}}{{.}}\n{{end}}";
	char *argv[] = {e->go, xstrdup("list"), xstrdup("-f"), xstrdup(template),
		xstrdup("runtime/cgo"), NULL};

	memset(c, 0, sizeof *c);
	// Restore CGO_ENABLED afterwards: the build must see the user's value.
	const char *was = getenv("CGO_ENABLED");

	was = was == NULL ? NULL : xstrdup(was);
	setenv("CGO_ENABLED", "1", 1);
	struct spawned s = spawn(e->dir, argv, STDERR_MERGE);

	if (was == NULL) {
		unsetenv("CGO_ENABLED");
	} else {
		setenv("CGO_ENABLED", was, 1);
	}

	if (s.status != 0) {
		*why = fmt(
			"`go list runtime/cgo` failed: %s", s.status < 0 ? strerror(s.err) : s.out);
		return false;
	}
	add_ours(c);
	char *save;

	for (char *f = strtok_r(s.out, "\n", &save); f != NULL; f = strtok_r(NULL, "\n", &save)) {
		scan_file(c, path_join(e->cgo_dir, f));
	}
	// In every version, the C code that cmd/cgo generates imports these two.
	mark_imported(c, "_cgo_wait_runtime_init_done");
	mark_imported(c, "_cgo_release_context");
	for (size_t i = 0; i < c->n; i++) {
		c->imported += c->at[i].imported;
		c->missing += c->at[i].imported && !c->at[i].supplied;
	}
	return true;
}
