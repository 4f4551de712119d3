// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: the report as TAP, for platforms without cmocka.

#include <stdio.h>
#include <sys/wait.h>

#include "unit.h"

int
unit_main(const struct unit_test *tests, size_t n)
{
	static struct unit_end end;
	int failed = 0;

	if (unit_guard_pages != NULL) {
		unit_guard_pages();
	}
	printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		fflush(stdout);
		unit_run(&end, &tests[i]);
		if (WIFEXITED(end.status) && WEXITSTATUS(end.status) == UNIT_SKIPPED) {
			printf("ok %zu - %s # SKIP %s\n", i + 1, tests[i].name, end.err);
		} else if (end.late || end.status != 0) {
			printf("not ok %zu - %s\n# status 0x%x\n", i + 1, tests[i].name,
				end.status);
			unit_print_comment(end.err);
			failed++;
		} else {
			printf("ok %zu - %s\n", i + 1, tests[i].name);
		}
	}
	return failed;
}
