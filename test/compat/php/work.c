// SPDX-License-Identifier: BSD-3-Clause
#include <sapi/embed/php_embed.h>

#include "_cgo_export.h"
#include "work.h"

// go_work(n): calls Go.
ZEND_BEGIN_ARG_INFO_EX(arguments, 0, 0, 1)
ZEND_ARG_INFO(0, n)
ZEND_END_ARG_INFO()

ZEND_FUNCTION(go_work)
{
	zend_long n;

	if (zend_parse_parameters(ZEND_NUM_ARGS(), "l", &n) == FAILURE) {
		return;
	}
	RETURN_LONG(workInGo((int)n));
}

static const zend_function_entry functions[] = {ZEND_FE(go_work, arguments) ZEND_FE_END};

int
work_start(char *program)
{
	if (php_embed_init(0, NULL) != SUCCESS ||
		zend_register_functions(NULL, functions, NULL, MODULE_PERSISTENT) != SUCCESS) {
		return -1;
	}
	return zend_eval_string(program, NULL, "work") == SUCCESS ? 0 : -1;
}

int
work_round(void)
{
	zval result;
	int right;

	if (zend_eval_string("round_of_work()", &result, "work") != SUCCESS) {
		return -1;
	}
	right = zend_is_true(&result);
	zval_ptr_dtor(&result);
	return right ? 0 : -1;
}
