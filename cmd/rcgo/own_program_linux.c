// SPDX-License-Identifier: BSD-3-Clause
// The files of running programs, by the kernel's links in /proc. They lead to the right file also
// when another has its name now.
#include "rcgo.h"

const char *
own_program(void)
{
	return "/proc/self/exe";
}

char *
program_of(const char *pid)
{
	return fmt("/proc/%s/exe", pid);
}
