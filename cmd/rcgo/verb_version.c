// SPDX-License-Identifier: BSD-3-Clause
// rcgo version: which rcgo, which sources of ours, which Go.
#include "rcgo.h"

#include <stdio.h>
#include <stdlib.h>

int
verb_version(int argc, char **argv)
{
	if (argc > 1) {
		usage_error("version",
			"version takes no arguments, got %s (go's own: `rcgo go version`)",
			argv[1]);
	}
	printf("rcgo %s, C half %s, tested with Go 1.%d to 1.%d\n", RCGO_VERSION, payload_hash,
		OLDEST_GO, NEWEST_GO);
	const char *wanted = getenv("RCGO_GO");

	if (path_search(wanted != NULL && *wanted != '\0' ? wanted : "go") == NULL) {
		printf("go: none found (see `rcgo doctor`)\n");
		return 0;
	}
	struct goenv e;

	goenv_load(&e, NULL);
	printf("go: %s %s/%s, GOROOT %s\n", e.version, e.goos, e.goarch, e.goroot);
	return 0;
}
