// SPDX-License-Identifier: BSD-3-Clause
// rcgo doctor: checks everything that a cgo program needs, and says for each finding what to do.
#include "doctor.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

static void
report_go(const struct goenv *e)
{
	char *real = realpath(e->go, NULL);
	bool linked = real != NULL && strcmp(real, e->go) != 0;
	struct problem *p = problem_version(e), *doubt = doubt_version(e);

	finding(LEVEL_OK, "go command", linked ? fmt("%s -> %s", e->go, real) : fmt("%s", e->go),
		NULL);
	if (p != NULL || doubt != NULL) {
		finding_of(
			p != NULL ? LEVEL_FAIL : LEVEL_WARN, "Go version", p != NULL ? p : doubt);
	} else {
		finding(LEVEL_OK, "Go version",
			fmt("%s (GOTOOLCHAIN=%s)", e->version, e->gotoolchain), NULL);
	}
	p = problem_goroot(e);
	if (p != NULL) {
		finding_of(LEVEL_FAIL, "GOROOT", p);
		return;
	}
	real = realpath(e->cgo_dir, NULL);
	linked = real != NULL && strcmp(real, e->cgo_dir) != 0;
	finding(LEVEL_OK, "GOROOT",
		goroot_in_module_cache(e) ? fmt("%s, in the module cache: rcgo builds with a "
						"directory of links to it",
						    e->goroot)
		: linked ? fmt("%s, runtime/cgo by symbolic links in %s", e->goroot, real)
			 : e->goroot,
		NULL);
	p = p == NULL ? doubt_names(e) : p;
	if (p != NULL) {
		finding_of(LEVEL_FAIL, "contract", p);
	}
}

static void
report_target(const struct goenv *e)
{
	struct problem *p = problem_platform(e);

	if (p != NULL) {
		finding_of(LEVEL_FAIL, "platform", p);
	} else {
		finding(LEVEL_OK, "platform", fmt("%s/%s", e->goos, e->goarch), NULL);
	}
	p = problem_cgo(e);
	if (p != NULL) {
		finding_of(LEVEL_FAIL, "cgo", p);
	} else {
		finding(LEVEL_OK, "cgo", "enabled", NULL);
	}
}

// Reports whether the overlay in GOFLAGS is for the current Go.
static void
report_our_overlay(const struct goenv *e, const struct user_overlay *u)
{
	const char *go = path_search("go"), *why = doctor_overlay_stale(e, u);

	if (why == NULL) {
		finding(LEVEL_OK, "overlay", "ours is in GOFLAGS: plain `go` builds with it", NULL);
	} else if (go != NULL && path_is_self(go)) {
		finding(LEVEL_OK, "overlay",
			fmt("%s; the `go` in PATH is rcgo, which makes the right one", why), NULL);
	} else {
		finding(LEVEL_WARN, "overlay", why, "run: eval \"$(rcgo env)\"");
	}
}

static void
report_overlay(const struct goenv *e)
{
	struct goflags flags = goflags_split(e->goflags, e->minor);
	struct user_overlay u = {0};

	finding(LEVEL_OK, "GOFLAGS", *e->goflags == '\0' ? "not set" : e->goflags, NULL);
	if (flags.overlay == NULL) {
		finding(LEVEL_OK, "overlay",
			"none of yours; `rcgo` adds ours, plain `go` builds without", NULL);
		return;
	}
	struct problem *p = overlay_user(e, flags.overlay, &u);

	if (p != NULL) {
		finding_of(LEVEL_FAIL, "overlay", p);
	} else if (!u.ours) {
		finding(LEVEL_OK, "overlay", fmt("yours, %s, is merged with ours", u.original),
			NULL);
	} else {
		report_our_overlay(e, &u);
	}
}

// Reports the options that programs started from here get.
static void
report_options(void)
{
	const char *options = getenv("RCGO");

	if (options == NULL || *options == '\0') {
		finding(LEVEL_OK, "RCGO", "not set", NULL);
	} else if (has_prefix(options, "stock") && (options[5] == '\0' || options[5] == ',')) {
		finding(LEVEL_OK, "RCGO",
			fmt("%s: programs behave as with Go's own runtime/cgo%s", options,
				options[5] == ',' ? ", but for the rest" : ""),
			NULL);
	} else {
		finding(LEVEL_OK, "RCGO", fmt("%s, for programs as they start", options), NULL);
	}
}

static void
report_kernel(void)
{
	struct utsname u;
	int major = 0, minor = 0;

	if (uname(&u) != 0) {
		return;
	}
	bool parsed = sscanf(u.release, "%d.%d", &major, &minor) == 2;

	if (parsed && (major < 3 || (major == 3 && minor < 2))) {
		finding(LEVEL_WARN, "kernel", fmt("%s %s", u.sysname, u.release),
			"Go 1.24 and newer want Linux 3.2: use an older Go, or a newer kernel");
	} else {
		finding(LEVEL_OK, "kernel", fmt("%s %s %s", u.sysname, u.release, u.machine), NULL);
	}
}

// Says whether leaf calls take the fast path with this Go, in a module that uses package leaf.
static void
report_leaf(const struct goenv *e)
{
	char *list[] = {e->go, "list", "-m", "-mod=mod", RCGO_MODULE, NULL};
	char *run[] = {e->go, "run", RCGO_MODULE "/leaf/fast", NULL};

	if (*e->cgo_enabled != '1' || spawn(e->dir, list, STDERR_DROP).status != 0) {
		return;
	}
	struct spawned s = spawn(e->dir, run, STDERR_DROP);
	char *text = s.out == NULL ? "" : strndup(s.out, strcspn(s.out, "\n"));

	if (s.status == 0) {
		finding(LEVEL_OK, "leaf calls", text, NULL);
	} else if (*text != '\0') {
		finding(LEVEL_WARN, "leaf calls", text,
			"they are ordinary cgo calls here, at the price of C.f; use another Go");
	}
}

static void
report_all(const char *dir)
{
	struct goenv e;

	finding(LEVEL_OK, "rcgo", fmt("runtime/cgo %s", payload_hash), NULL);
	struct problem *p = goenv_ask(&e, dir);

	if (p != NULL) {
		finding_of(LEVEL_FAIL, "go command", p);
	} else {
		report_go(&e);
		report_target(&e);
		doctor_compiler(&e);
		report_overlay(&e);
		report_leaf(&e);
		doctor_editor(&e);
	}
	report_options();
	report_kernel();
	doctor_cache(p == NULL ? &e : NULL);
	doctor_sandbox();
	doctor_limits();
}

int
cmd_doctor(int argc, char **argv)
{
	static const struct option longs[] = {{"json", no_argument, NULL, 'j'}, {0}};
	const char *dir = NULL;

	opterr = 0; // usage_flag prints the message
	for (int c; (c = getopt_long_only(argc, argv, "C:", longs, NULL)) != -1;) {
		if (c == 'j') {
			findings_as_json();
		} else if (c == 'C') {
			dir = optarg;
		} else {
			usage_flag("doctor", argv);
		}
	}
	if (optind == argc) {
		report_all(dir);
	}
	for (; optind < argc; optind++) {
		doctor_program(dir == NULL ? argv[optind] : path_join(dir, argv[optind]));
	}
	return findings_end() == 0 ? 0 : 1;
}
