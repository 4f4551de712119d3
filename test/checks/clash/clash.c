// SPDX-License-Identifier: BSD-3-Clause
// The user's own functions, under the names that the stock runtime/cgo of some Go version leaks.
// Each counts 1, the last one by way of Go, so that a call from C to Go is made too.

#include <stddef.h>

#include "_cgo_export.h"

int clash_sum(void);
int clash_count(void);

#define EACH_NAME(one)                    \
	one(fatalf);                      \
	one(threadentry);                 \
	one(crosscall1);                  \
	one(crosscall_amd64);             \
	one(x_cgo_inittls);               \
	one(x_cgo_threadentry_platform);  \
	one(_cgo_try_pthread_create);     \
	one(_cgo_sys_thread_start);       \
	one(_cgo_get_context_function);   \
	one(_cgo_get_traceback_function); \
	one(_cgo_get_symbolizer_function)

#define DECLARE(name) int name(void)
#define DEFINE(name)      \
	int name(void)    \
	{                 \
		return 1; \
	}                 \
	int name(void)
#define ADD(name) sum += name()

EACH_NAME(DECLARE);
int _cgo_set_stacklo(void);

EACH_NAME(DEFINE);

int
_cgo_set_stacklo(void)
{
	return clashFromC(1);
}

int
clash_sum(void)
{
	int sum = 0;

	EACH_NAME(ADD);
	sum += _cgo_set_stacklo();
	return sum;
}

int
clash_count(void)
{
	return 12;
}
