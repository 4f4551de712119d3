// SPDX-License-Identifier: BSD-3-Clause
// rcgo doctor: jails, and what of rcgo this system lacks.
#include "doctor.h"

#include <stddef.h>
#include <sys/sysctl.h>

void
doctor_sandbox(void)
{
	int jailed = 0;
	size_t size = sizeof jailed;

	if (sysctlbyname("security.jail.jailed", &jailed, &size, NULL, 0) != 0) {
		jailed = 0;
	}
	finding(LEVEL_OK, "sandbox",
		jailed != 0 ? "a jail; what is enough for Go's own runtime/cgo is enough for ours"
			    : "no jail",
		NULL);
	finding(LEVEL_OK, "processes",
		"rcgo stack reads core files only, and record and top do not work here: they "
		"read running processes through Linux's /proc",
		NULL);
}
