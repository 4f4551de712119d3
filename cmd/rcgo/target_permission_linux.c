// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the reasons why the kernel denies access to a process, and what to do.
#include "stack_target.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "yama.h"

enum { EXIT_NOT_PERMITTED = 3 };
#define CAP_SYS_PTRACE_BIT 19

// Returns a field of /proc/PID/status as text, or NULL.
static char *
status_field(const char *pid, const char *name)
{
	size_t n = 0;
	char *text = read_file(fmt("/proc/%s/status", pid), &n);
	char *line = text != NULL ? strstr(text, fmt("\n%s:\t", name)) : NULL;

	if (line == NULL) {
		return NULL;
	}
	line += strlen(name) + 3;
	line[strcspn(line, "\n")] = 0;
	return line;
}

static bool
has_ptrace(const char *pid)
{
	const char *caps = status_field(pid, "CapEff");

	return caps != NULL && (strtoull(caps, NULL, 16) >> CAP_SYS_PTRACE_BIT & 1) != 0;
}

static const char *
user_of(const char *pid, uid_t *uid)
{
	const char *field = status_field(pid, "Uid");
	FILE *passwd = fopen("/etc/passwd", "re");
	struct passwd *p = NULL;

	*uid = field != NULL ? (uid_t)strtoul(field, NULL, 10) : (uid_t)-1;
	// getpwuid would need the shared libraries of this glibc in a static program.
	while (passwd != NULL && (p = fgetpwent(passwd)) != NULL && p->pw_uid != *uid) {
	}
	const char *name = p != NULL ? xstrdup(p->pw_name) : fmt("uid %u", *uid);

	if (passwd != NULL) {
		fclose(passwd);
	}
	return name;
}

char
yama_scope(void)
{
	size_t n = 0;
	char *scope = read_file("/proc/sys/kernel/yama/ptrace_scope", &n);

	return scope != NULL && n > 0 ? scope[0] : '0';
}

static const char *
cause(pid_t pid, int err)
{
	const char *id = fmt("%d", pid);
	uid_t uid;
	const char *user = user_of(id, &uid);
	const char *seccomp = status_field("self", "Seccomp");
	char scope = yama_scope();

	if (scope == YAMA_NOBODY) {
		return "kernel.yama.ptrace_scope is 3: nobody may look at another process, not "
		       "even root";
	}
	if (uid != geteuid() && geteuid() != 0) {
		return fmt("it belongs to %s, and rcgo runs as uid %u", user, geteuid());
	}
	if (geteuid() == 0 && !has_ptrace("self")) {
		return "rcgo runs as root, but without the capability CAP_SYS_PTRACE";
	}
	if (scope > '0' && !has_ptrace("self")) {
		return fmt("kernel.yama.ptrace_scope is %c: only %s may look at it", scope,
			scope == '1' ? "its parents and root" : "root");
	}
	if (seccomp != NULL && seccomp[0] != '0') {
		return "a seccomp filter, such as that of a container, is on rcgo";
	}
	return fmt("the kernel says: %s. It may be privileged, or not dumpable", strerror(err));
}

void
process_fail(pid_t pid, int err, const char *command, const char *otherwise)
{
	const char *tgid = status_field(fmt("%d", pid), "Tgid");
	const char *why;

	if (tgid == NULL || err == ESRCH) {
		const char *state = status_field(fmt("%d", pid), "State");
		bool ended = tgid != NULL && (state == NULL || state[0] == 'Z' || state[0] == 'X');

		fail(fmt(tgid == NULL ? "there is no process %d"
			     : ended  ? "process %d has ended"
				      : "process %d has no program: it is a thread of the kernel",
			     pid),
			NULL, "look with `pgrep -l NAME` or `ps`");
	}
	if (atoi(tgid) != pid) {
		fail(fmt("%d is a thread, of process %s", pid, tgid), NULL,
			strcmp(command, "stack") == 0 ? fmt("rcgo stack -thread %d %s", pid, tgid)
						      : fmt("rcgo %s %s", command, tgid));
	}
	why = cause(pid, err);
	fflush(stdout);
	fprintf(stderr, "rcgo: no permission to read process %d\n      why: %s\n", pid, why);
	if (yama_scope() == YAMA_NOBODY) {
		fprintf(stderr, "      do:  %s\n      or:  %s\n", YAMA_ADVICE, otherwise);
	} else {
		fprintf(stderr,
			"      do:  sudo rcgo %s %d\n"
			"      or:  in a container, start it with --cap-add SYS_PTRACE\n"
			"      or:  %s\n",
			command, pid, otherwise);
	}
	exit(EXIT_NOT_PERMITTED);
}
