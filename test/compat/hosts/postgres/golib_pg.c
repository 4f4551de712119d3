// SPDX-License-Identifier: BSD-3-Clause
// A PostgreSQL extension library that loads Go in the postmaster (shared_preload_libraries), so
// that every backend is a forked child of it. golib_short() makes calls that need no other thread
// of Go.
#include "postgres.h"

#include "fmgr.h"

#include "../rest.h"

PG_MODULE_MAGIC;

extern int golib_add(int, int);
extern int golib_work(void);

void _PG_init(void);
PG_FUNCTION_INFO_V1(golib_short);

void
_PG_init(void)
{
	if (golib_work() != 1) {
		elog(ERROR, "golib_work failed");
	}
	golib_rest(10);
}

Datum
golib_short(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(golib_add(PG_GETARG_INT32(0), 1));
}
