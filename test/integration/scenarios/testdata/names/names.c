// SPDX-License-Identifier: BSD-3-Clause
#include "_cgo_export.h"

int
fatalf(void)
{
	return 1;
}

int
threadentry(void)
{
	return 2;
}

int
crosscall1(void)
{
	return 4;
}

int
_cgo_try_pthread_create(void)
{
	return 8;
}

int
_cgo_get_context_function(void)
{
	return 16;
}

int
_cgo_sys_thread_start(void)
{
	return 32;
}

int x_cgo_inittls = 64;

int
names_sum(void)
{
	return fatalf() + threadentry() + crosscall1() + _cgo_try_pthread_create() +
	       _cgo_get_context_function() + _cgo_sys_thread_start() + x_cgo_inittls;
}

int
names_back(int n)
{
	return namesGo(n);
}
