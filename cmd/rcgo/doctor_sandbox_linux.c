// SPDX-License-Identifier: BSD-3-Clause
// rcgo doctor: checks what a container, a sandbox or the kernel's settings withhold from a program
// or from rcgo, which looks into other processes.
#include "doctor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "yama.h"

static bool
exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool
is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && *value != '\0';
}

// Returns the number behind a name in /proc/self/status; -1 if there is none.
static int
status_number(const char *name)
{
	size_t size;
	char *text = read_file("/proc/self/status", &size);
	char *line = text == NULL ? NULL : strstr(text, fmt("\n%s:", name));

	return line == NULL ? -1 : atoi(line + strlen(name) + 2);
}

// gVisor always reports the same kernel version.
static bool
is_gvisor(void)
{
	struct utsname u;

	return uname(&u) == 0 && strcmp(u.version, "#1 SMP Sun Jan 10 15:06:54 PST 2016") == 0;
}

static void
add(char **list, const char *what)
{
	*list = fmt("%s%s%s", *list, **list == '\0' ? "" : ", ", what);
}

// Returns the profile of a security module; NULL if none confines this process.
static char *
security_profile(void)
{
	size_t size;
	char *text = read_file("/proc/self/attr/current", &size);

	if (text == NULL) {
		return NULL;
	}
	text[strcspn(text, "\n")] = '\0';
	return *text == '\0' || strcmp(text, "unconfined") == 0 ||
			       strstr(text, "unconfined_t") != NULL
		       ? NULL
		       : text;
}

static char *
surroundings(void)
{
	char *list = xstrdup(""), *profile = security_profile();

	if (exists("/.dockerenv")) {
		add(&list, "docker");
	}
	if (exists("/run/.containerenv")) {
		add(&list, "podman");
	}
	if (is_set("KUBERNETES_SERVICE_HOST")) {
		add(&list, "Kubernetes");
	}
	if (is_set("NIX_BUILD_TOP")) {
		add(&list, "a Nix build");
	}
	if (is_set("BAZEL_TEST") || is_set("RUNFILES_DIR")) {
		add(&list, "Bazel");
	}
	if (is_set("SNAP")) {
		add(&list, "a snap");
	}
	if (exists("/.flatpak-info")) {
		add(&list, "a flatpak");
	}
	if (is_gvisor()) {
		add(&list, "gVisor");
	}
	if (status_number("Seccomp") == 2) {
		add(&list, "a seccomp filter");
	}
	if (status_number("NoNewPrivs") == 1) {
		add(&list, "no new privileges");
	}
	if (profile != NULL) {
		add(&list, fmt("profile %s", profile));
	}
	return list;
}

static void
report_surroundings(void)
{
	char *list = surroundings();

	if (*list == '\0') {
		finding(LEVEL_OK, "sandbox", "none that can be seen from here", NULL);
	} else {
		finding(LEVEL_OK, "sandbox",
			fmt("%s; what is enough for Go's own runtime/cgo is enough for ours", list),
			NULL);
	}
}

static void
report_proc(void)
{
	if (exists("/proc/self/maps") && exists("/proc/self/task")) {
		finding(LEVEL_OK, "/proc", "is there", NULL);
	} else {
		finding(LEVEL_WARN, "/proc", "is not there",
			"mount it (`mount -t proc proc /proc`): without it, crash reports name "
			"fewer C functions, and rcgo stack, top and record see no process");
	}
}

// Tries what `rcgo stack PID` does, on a child. Returns 0 or an error number.
static int
try_ptrace(void)
{
	pid_t child = fork();
	int err = 0;

	if (child < 0) {
		return errno;
	}
	if (child == 0) {
		for (;;) {
			pause();
		}
	}
	if (ptrace(PTRACE_SEIZE, child, NULL, NULL) != 0) {
		err = errno;
	}
	kill(child, SIGKILL);
	while (waitpid(child, NULL, __WALL) < 0 && errno == EINTR) {
	}
	return err;
}

static void
report_ptrace(void)
{
	char scope = yama_scope();
	int err = try_ptrace();

	if (err != 0) {
		finding(LEVEL_WARN, "ptrace",
			fmt("%s: rcgo stack, top and record cannot look into processes here",
				strerror(err)),
			scope == YAMA_NOBODY
				? YAMA_ADVICE
				: "allow it: --cap-add=SYS_PTRACE of docker or podman, "
				  "capabilities.add of Kubernetes");
	} else if (scope > '0' && geteuid() != 0) {
		finding(LEVEL_OK, "ptrace",
			fmt("children only (kernel.yama.ptrace_scope is %c): rcgo stack, top and "
			    "record want sudo for others",
				scope),
			NULL);
	} else {
		finding(LEVEL_OK, "ptrace", "allowed: rcgo stack, top and record work", NULL);
	}
}

void
doctor_sandbox(void)
{
	report_surroundings();
	report_proc();
	report_ptrace();
}
