// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: the report, by cmocka. CMOCKA_MESSAGE_OUTPUT=TAP selects TAP.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/wait.h>

#include "unit.h"

static void
report(void **state)
{
	static struct unit_end end;

	unit_run(&end, *state);
	if (WIFEXITED(end.status) && WEXITSTATUS(end.status) == UNIT_SKIPPED) {
		print_message("# skipped: %s\n", end.err);
		skip();
	}
	if (end.late || end.status != 0) {
		print_message("# status 0x%x\n", end.status);
		unit_print_comment(end.err);
		fail();
	}
}

int
unit_main(const struct unit_test *tests, size_t n)
{
	struct CMUnitTest *list = calloc(n, sizeof *list);
	int failed;

	for (size_t i = 0; i < n; i++) {
		list[i].name = tests[i].name;
		list[i].test_func = report;
		list[i].initial_state = (void *)(uintptr_t)&tests[i];
	}
	// Does what cmocka_run_group_tests does, for a list that is not a constant array.
	failed = _cmocka_run_group_tests("tests", list, n, NULL, NULL);
	free(list);
	return failed;
}
