// SPDX-License-Identifier: BSD-3-Clause
// rcgo init: adds the Go module runtime_cgo to a user's module, and removes it. Its files are
// embedded in rcgo and installed beside go.mod. They are committed with the user's own files, so a
// build needs neither rcgo nor the network.
#include "rcgo.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MODULE "runtime_cgo"

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

static void
edit(const struct goenv *e, char *first, char *second)
{
	char *argv[] = {e->go, "mod", "edit", first, second, NULL};
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

	if (stat(dir, &st) == 0 && (text == NULL || !has_prefix(text, "module " MODULE "\n"))) {
		fail(fmt("%s exists and is not the Go module " MODULE, dir), NULL,
			"move it elsewhere, or use -dir NAME");
	}
}

int
verb_init(int argc, char **argv)
{
	static const struct option longs[] = {
		{"remove", no_argument, NULL, 'r'}, {"dir", required_argument, NULL, 'd'}, {0}};
	const char *name = MODULE, *where = NULL;
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

	if (undo) {
		edit(&e, "-droprequire=" MODULE, "-dropreplace=" MODULE);
		module_remove(root, dir);
		printf("removed the module " MODULE " from %s/go.mod\n", root);
		return 0;
	}
	check_foreign(dir);
	module_install(root, dir);
	edit(&e, "-require=" MODULE "@v0.0.0",
		fmt("-replace=" MODULE "=./%s", dir + strlen(root) + 1));
	printf("%s: import \"" MODULE "/leaf\", \"" MODULE "/handle\", \"" MODULE
	       "/cmem\", \"" MODULE "/allthreads\", \"" MODULE "/stats\"\n",
		dir);
	return 0;
}
