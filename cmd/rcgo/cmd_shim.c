// SPDX-License-Identifier: BSD-3-Clause
// rcgo shim: writes a `go` that is rcgo, for tools that run go themselves.
#include "rcgo.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int
cmd_shim(int argc, char **argv)
{
	opterr = 0; // usage_flag prints the message
	if (getopt(argc, argv, "") != -1) {
		usage_flag("shim", argv);
	}
	if (argc - optind != 1) {
		usage_error("shim", "shim wants one directory");
	}
	char *dir = path_absolute(working_dir("."), argv[optind]);

	if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
		fail(fmt("%s: %s", dir, strerror(errno)), NULL,
			"name a directory that can be created");
	}
	int err = shim_put(dir);

	if (err == -EEXIST) {
		fail(fmt("%s/go is there already, and is no link", dir),
			"rcgo does not replace a go command",
			"name another directory, and put it first in PATH");
	}
	if (err != 0) {
		fail(fmt("%s/go: %s", dir, strerror(-err)), NULL, NULL);
	}
	puts(path_join(dir, "go"));
	return 0;
}
