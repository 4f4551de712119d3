// SPDX-License-Identifier: BSD-3-Clause
// rcgo doctor: placeholder until next commit
#include "rcgo.h"
int
verb_doctor(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 0;
}
