// SPDX-License-Identifier: BSD-3-Clause
// Go for R's .C and for Tcl's load. Tcl's functions are found in the program that loads this.
#include <stddef.h>

int golib_add(int a, int b);
int golib_work(void);
int golib_fault(void);
int golib_back(int (*f)(int), int n);
void golib_env(void);

static int
twice(int i)
{
	return 2 * i;
}

void
golib_use(int *result)
{
	golib_env();
	*result = golib_add(2, 3) == 5 && golib_work() == 1 && golib_fault() == 1 &&
		  golib_back(twice, 4) == 12;
}

#ifdef WITH_TCL
#	include <tcl.h>

static int
command(ClientData unused, Tcl_Interp *interp, int argc, Tcl_Obj *const argv[])
{
	int result;

	(void)unused;
	(void)argc;
	(void)argv;
	golib_use(&result);
	Tcl_SetObjResult(interp, Tcl_NewIntObj(result));
	return TCL_OK;
}

int Golib_Init(Tcl_Interp *interp);

int
Golib_Init(Tcl_Interp *interp)
{
	return Tcl_CreateObjCommand(interp, "golib", command, NULL, NULL) != NULL ? TCL_OK
										  : TCL_ERROR;
}
#endif
