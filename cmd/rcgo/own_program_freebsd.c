// SPDX-License-Identifier: BSD-3-Clause
// The files of running programs, by sysctl kern.proc.pathname.
#include "rcgo.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/sysctl.h>

static char *
path_of(pid_t pid)
{
	int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, pid};
	char path[PATH_MAX];
	size_t size = sizeof path;

	return sysctl(name, sizeof name / sizeof *name, path, &size, NULL, 0) == 0 ? xstrdup(path)
										   : NULL;
}

const char *
own_program(void)
{
	char *path = path_of(-1); // this process

	return path != NULL ? path : "";
}

char *
program_of(const char *pid)
{
	long n = strtol(pid, NULL, 10);

	if (n <= 0 || n > INT_MAX) {
		errno = ESRCH;
		return NULL;
	}
	return path_of((pid_t)n);
}
