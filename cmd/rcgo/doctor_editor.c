// SPDX-License-Identifier: BSD-3-Clause
// rcgo doctor: checks which go command the tools of this directory run: gopls and linters by PATH,
// VS Code by its settings, and shells by direnv.
#include "doctor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *
doctor_overlay_stale(const struct goenv *e, const struct user_overlay *u)
{
	// Behind links, which a GOROOT in our cache has too.
	char *made = u->goroot == NULL ? NULL : realpath(path_join(u->goroot, "src/runtime"), NULL);
	char *here = realpath(path_join(e->goroot, "src/runtime"), NULL);

	if (u->goroot == NULL) {
		return "ours is in GOFLAGS, but its file is gone";
	}
	if (strcmp(u->payload, payload_hash) != 0) {
		return fmt("our overlay in GOFLAGS is of runtime/cgo %s", u->payload);
	}
	if (made == NULL || here == NULL || strcmp(made, here) != 0 ||
		strcmp(u->go, e->version) != 0) {
		return fmt("ours in GOFLAGS is for %s in %s, and here runs %s in %s", u->go,
			u->goroot, e->version, e->goroot);
	}
	return NULL;
}

// Returns the path of a file in this directory or the nearest one above it, up to that of the
// repository; NULL if there is none.
static char *
find_above(const char *dir, const char *name)
{
	for (char *at = xstrdup(dir), *slash; *at != '\0'; *slash = '\0') {
		char *path = path_join(at, name);

		if (access(path, R_OK) == 0) {
			return path;
		}
		slash = strrchr(at, '/');
		if (access(path_join(at, ".git"), F_OK) == 0 || slash == NULL) {
			break;
		}
	}
	return NULL;
}

// Replaces comments, and commas before a closing bracket, by spaces: VS Code accepts both.
static void
make_plain_json(char *text)
{
	char *comma = NULL;

	for (char *p = text; *p != '\0'; p++) {
		if (*p == '"') {
			for (p++; *p != '\0' && *p != '"';
				p += *p == '\\' && p[1] != '\0' ? 2 : 1) {
			}
			comma = NULL;
			if (*p == '\0') {
				return;
			}
		} else if (p[0] == '/' && (p[1] == '/' || p[1] == '*')) {
			char *end = p[1] == '/' ? strchr(p, '\n') : strstr(p + 2, "*/");
			size_t n = end == NULL ? strlen(p) : (size_t)(end - p) + 2 * (p[1] == '*');

			memset(p, ' ', n);
		} else if (*p == ',') {
			comma = p;
		} else if ((*p == '}' || *p == ']') && comma != NULL) {
			*comma = ' ';
		}
		if (strchr(", \t\r\n", *p) == NULL) {
			comma = NULL;
		}
	}
}

static void
report_path(const struct goenv *e)
{
	const char *go = path_search("go");
	struct goflags flags = goflags_split(e->goflags, e->minor);
	struct user_overlay u = {0};

	if (go != NULL && path_is_self(go)) {
		finding(LEVEL_OK, "tools",
			fmt("%s is rcgo: gopls, linters and debuggers of this shell use our "
			    "runtime/cgo",
				go),
			NULL);
	} else if (flags.overlay != NULL && overlay_user(e, flags.overlay, &u) == NULL && u.ours &&
		   doctor_overlay_stale(e, &u) == NULL) {
		finding(LEVEL_OK, "tools",
			"gopls, linters and debuggers of this shell use our runtime/cgo, by "
			"GOFLAGS",
			NULL);
	} else {
		finding(LEVEL_OK, "tools",
			"gopls, linters and debuggers of this shell use Go's own runtime/cgo; "
			"`eval "
			"\"$(rcgo env)\"` before they start changes that",
			NULL);
	}
}

static const char vscode_todo[] =
	"merge what `rcgo env -format vscode` prints into it, and restart the language server";

// Returns why VS Code does not use our runtime/cgo with these settings; NULL if it does.
static const char *
why_not_vscode(const struct goenv *e, const json_t *settings)
{
	const char *go = json_string_value(
		json_object_get(json_object_get(settings, "go.alternateTools"), "go"));
	const char *text = json_string_value(
		json_object_get(json_object_get(settings, "go.toolsEnvVars"), "GOFLAGS"));
	struct goflags flags = goflags_split(text == NULL ? "" : text, e->minor);
	struct user_overlay u = {0};

	if (go != NULL && access(go, X_OK) != 0) {
		return fmt("names %s as its go command, which is not there", go);
	}
	if (go != NULL && path_is_self(go)) {
		return NULL;
	}
	if (flags.overlay == NULL || overlay_user(e, flags.overlay, &u) != NULL || !u.ours) {
		return "builds with Go's own runtime/cgo";
	}
	return doctor_overlay_stale(e, &u);
}

static void
report_vscode(const struct goenv *e)
{
	char *path = find_above(e->dir, ".vscode/settings.json"), *text;
	size_t size;
	json_t *settings;
	const char *why;

	if (path == NULL || (text = read_file(path, &size)) == NULL) {
		return;
	}
	make_plain_json(text);
	settings = json_loads(text, 0, NULL);
	if (!json_is_object(settings)) {
		finding(LEVEL_WARN, "VS Code", fmt("%s is not valid JSON", path),
			"correct the file; VS Code reads none of it");
		return;
	}
	why = why_not_vscode(e, settings);
	finding(why == NULL ? LEVEL_OK : LEVEL_WARN, "VS Code",
		fmt("%s: %s", path, why == NULL ? "uses our runtime/cgo" : why),
		why == NULL ? NULL : vscode_todo);
}

static void
report_direnv(const struct goenv *e)
{
	char *path = find_above(e->dir, ".envrc"), *text;
	const char *loaded = getenv("DIRENV_DIR");
	size_t size;

	if (path == NULL || (text = read_file(path, &size)) == NULL) {
		return;
	}
	if (strstr(text, "rcgo") == NULL) {
		finding(LEVEL_OK, "direnv", fmt("%s does not use rcgo", path), NULL);
	} else if (loaded == NULL || *loaded == '\0') {
		finding(LEVEL_WARN, "direnv", fmt("%s uses rcgo, and is not loaded here", path),
			"run `direnv allow`, and start editors and tools from a shell that has "
			"loaded it");
	} else {
		finding(LEVEL_OK, "direnv", fmt("%s uses rcgo, and is loaded", path), NULL);
	}
}

void
doctor_editor(const struct goenv *e)
{
	report_path(e);
	report_vscode(e);
	report_direnv(e);
}
