// SPDX-License-Identifier: BSD-3-Clause
// The lines that our overlay adds to the preamble of runtime/cgo. They tell our C sources about
// this build, and stop a build by another version of Go.
#include "rcgo.h"

#include <ctype.h>
#include <string.h>

// Returns s with only those characters that the go command accepts in a -D flag of a package.
static char *
as_word(const char *s)
{
	char *out = xstrdup(s);

	for (char *p = out; *p != '\0'; p++) {
		if (!isalnum((unsigned char)*p) && strchr("._,", *p) == NULL) {
			*p = '_';
		}
	}
	return out;
}

// The identity that `rcgo version FILE` prints (runtime/base/x_cgo_build_info.c).
static char *
identity_line(const struct goenv *e, struct features f)
{
	return fmt("#cgo CFLAGS: -DRCGO_BUILD_VERSION=%s -DRCGO_BUILD_PAYLOAD=%s"
		   " -DRCGO_BUILD_GO=%s -DRCGO_BUILD_FEATURES=%s\n",
		as_word(rcgo_version), payload_hash, as_word(e->version),
		as_word(features_in_force(f)));
}

// An overlay is made for one version of Go. After an upgrade in place it would replace other
// sources, so these lines stop the compiler.
static char *
other_go_lines(const struct goenv *e)
{
	if (e->minor < 0) {
		return xstrdup("");
	}
	return fmt("#cgo !go1.%d CFLAGS: -DRCGO_OTHER_GO=1\n"
		   "#cgo go1.%d CFLAGS: -DRCGO_OTHER_GO=1\n"
		   "#ifdef RCGO_OTHER_GO\n"
		   "#error \"runtime_cgo: the overlay in GOFLAGS was made for Go 1.%d, and this is "
		   "another Go. Run: eval \\\"$(rcgo env)\\\"\"\n"
		   "#endif\n",
		e->minor, e->minor + 1, e->minor);
}

char *
build_lines(const struct goenv *e, struct features f)
{
	char *defines = patch_cflags(e, f);

	return fmt("%s%s%s%s%s", *defines == '\0' ? "" : "#cgo CFLAGS:", defines,
		*defines == '\0' ? "" : "\n", identity_line(e, f), other_go_lines(e));
}
