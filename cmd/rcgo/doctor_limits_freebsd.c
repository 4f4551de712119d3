// SPDX-License-Identifier: BSD-3-Clause
// rcgo doctor: the limits of FreeBSD on processes and threads, which sysctl tells.
#include "doctor.h"

#include <stddef.h>
#include <sys/sysctl.h>

static void
report_sysctl(const char *name, int wanted, const char *what)
{
	int n = 0;
	size_t size = sizeof n;

	if (sysctlbyname(name, &n, &size, NULL, 0) != 0) {
		return;
	}
	if (n < wanted) {
		finding(LEVEL_WARN, name, fmt("%d %s", n, what),
			fmt("raise it: `%s=%d` in /boot/loader.conf or by sysctl", name, wanted));
	} else {
		finding(LEVEL_OK, name, fmt("%d %s", n, what), NULL);
	}
}

void
doctor_kernel_limits(void)
{
	report_sysctl(
		"kern.threads.max_threads_per_proc", DOCTOR_FEW_THREADS, "threads of one process");
	report_sysctl("kern.maxproc", DOCTOR_FEW_THREADS, "processes on this machine");
	report_sysctl("kern.maxprocperuid", DOCTOR_FEW_THREADS / 2, "processes for each user");
}
