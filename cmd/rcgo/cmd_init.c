// SPDX-License-Identifier: BSD-3-Clause
// rcgo init: adds our Go module to a user's module, and removes it. Its files are
// embedded in rcgo and installed beside go.mod. They are committed with the user's own files, so a
// build needs neither rcgo nor the network.
#include "rcgo.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// The version that rcgo init requires. No published version has this number.
#define OWN_VERSION "v0.0.0"

static char *
go_mod_path(const struct goenv *e)
{
	char *argv[] = {e->go, "env", "GOMOD", NULL};
	struct spawned s = spawn(e->dir, argv, STDERR_KEEP);
	char *path = s.status == 0 ? strndup(s.out, strcspn(s.out, "\n")) : xstrdup("");

	if (*path == '\0' || strcmp(path, "/dev/null") == 0) {
		fail("there is no go.mod here or above", "rcgo init adds a requirement to a module",
			"create one with: go mod init NAME");
	}
	return path;
}

// Returns go.mod as `go mod edit -json` prints it.
static json_t *
read_go_mod(const struct goenv *e)
{
	char *argv[] = {e->go, "mod", "edit", "-json", NULL};
	struct spawned s = spawn(e->dir, argv, STDERR_KEEP);
	json_t *json = s.status == 0 ? json_loads(s.out, 0, NULL) : NULL;

	if (json == NULL) {
		fail("cannot read go.mod", NULL, "run: go mod edit -json");
	}
	return json;
}

// Returns the path that go.mod replaces our module by, for any version, or NULL.
static const char *
replacement(const json_t *go_mod)
{
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(go_mod, "Replace"), i, item)
	{
		const json_t *old = json_object_get(item, "Old");
		const char *path = json_string_value(json_object_get(old, "Path"));

		if (path != NULL && strcmp(path, RCGO_MODULE) == 0 &&
			json_object_get(old, "Version") == NULL) {
			return json_string_value(
				json_object_get(json_object_get(item, "New"), "Path"));
		}
	}
	return NULL;
}

// Returns the version of our module that go.mod requires, or NULL.
static const char *
required_version(const json_t *go_mod)
{
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(go_mod, "Require"), i, item)
	{
		const char *path = json_string_value(json_object_get(item, "Path"));

		if (path != NULL && strcmp(path, RCGO_MODULE) == 0) {
			return json_string_value(json_object_get(item, "Version"));
		}
	}
	return NULL;
}

static void
edit(const struct goenv *e, char *flag)
{
	char *argv[] = {e->go, "mod", "edit", flag, NULL};
	struct spawned s = spawn(e->dir, argv, STDERR_MERGE);

	if (s.status != 0) {
		fail(fmt("go mod edit failed: %s", s.out == NULL ? strerror(s.err) : s.out), NULL,
			NULL);
	}
}

// Rejects a directory of this name that is not our module.
static void
check_foreign(const char *dir)
{
	size_t size;
	char *text = read_file(path_join(dir, "go.mod"), &size);
	struct stat st;

	if (stat(dir, &st) == 0 &&
		(text == NULL || !has_prefix(text, "module " RCGO_MODULE "\n"))) {
		fail(fmt("%s exists and is not the Go module " RCGO_MODULE, dir), NULL,
			"move it elsewhere, or use -dir NAME");
	}
}

// Rejects a go.mod that takes our module from elsewhere by a replacement of the user's.
static void
check_replaced(const struct goenv *e, const char *to)
{
	const char *now = replacement(read_go_mod(e));

	if (now != NULL && strcmp(now, to) != 0) {
		fail(fmt("go.mod replaces " RCGO_MODULE " by %s", now),
			fmt("rcgo init would replace it by %s", to),
			"remove the line with: go mod edit -dropreplace=" RCGO_MODULE);
	}
}

// Adds our module to go.mod. A version that is required already stays.
static void
add_to_go_mod(const struct goenv *e, const char *to)
{
	if (required_version(read_go_mod(e)) == NULL) {
		edit(e, "-require=" RCGO_MODULE "@" OWN_VERSION);
	}
	edit(e, fmt("-replace=" RCGO_MODULE "=%s", to));
}

// Removes from go.mod what rcgo init added: not a requirement of another version, and not a
// replacement by another directory.
static void
drop_from_go_mod(const struct goenv *e, const char *to)
{
	json_t *go_mod = read_go_mod(e);
	const char *now = replacement(go_mod), *version = required_version(go_mod);

	if (now != NULL && strcmp(now, to) != 0) {
		fail(fmt("go.mod replaces " RCGO_MODULE " by %s, not by %s", now, to), NULL,
			"name the directory of rcgo init with -dir");
	}
	if (now != NULL) {
		edit(e, "-dropreplace=" RCGO_MODULE);
	}
	if (version != NULL && strcmp(version, OWN_VERSION) == 0) {
		edit(e, "-droprequire=" RCGO_MODULE);
	}
}

// Prints the import paths of the packages for users: the directories at the top of the module that
// contain Go files, except include and internal.
static void
print_packages(const char *dir)
{
	const char *last = "", *separator = ": import ";

	fputs(dir, stdout);
	for (size_t i = 0; i < module_count; i++) {
		const char *name = module_files[i].name;
		size_t n = strcspn(name, "!");
		char *package = strndup(name, n);

		if (strchr(name + n + (name[n] != '\0'), '!') != NULL || name[n] == '\0' ||
			!has_suffix(name, ".go") || strcmp(package, last) == 0 ||
			strcmp(package, "include") == 0 || strcmp(package, "internal") == 0) {
			continue;
		}
		printf("%s\"" RCGO_MODULE "/%s\"", separator, package);
		separator = ", ";
		last = package;
	}
	puts("");
}

int
cmd_init(int argc, char **argv)
{
	static const struct option longs[] = {
		{"remove", no_argument, NULL, 'r'}, {"dir", required_argument, NULL, 'd'}, {0}};
	const char *name = "runtime_cgo", *where = NULL;
	bool undo = false;
	struct goenv e;

	opterr = 0; // usage_flag prints the message
	for (int c; (c = getopt_long_only(argc, argv, "C:", longs, NULL)) != -1;) {
		switch (c) {
		case 'C':
			where = optarg;
			break;
		case 'd':
			name = optarg;
			break;
		case 'r':
			undo = true;
			break;
		default:
			usage_flag("init", argv);
		}
	}
	if (optind < argc || *name == '/' || strstr(name, "..") != NULL || *name == '\0') {
		usage_error("init", "init takes no arguments, and -dir a name below go.mod");
	}
	goenv_load(&e, where);
	fail_on(problem_version(&e));
	char *root = go_mod_path(&e);

	*strrchr(root, '/') = '\0';
	char *dir = path_clean(path_join(root, name));

	const char *to = fmt("./%s", dir + strlen(root) + 1);

	if (undo) {
		drop_from_go_mod(&e, to);
		module_remove(root, dir);
		printf("removed the module " RCGO_MODULE " from %s/go.mod\n", root);
		return 0;
	}
	check_foreign(dir);
	check_replaced(&e, to);
	module_install(root, dir);
	add_to_go_mod(&e, to);
	print_packages(dir);
	return 0;
}
