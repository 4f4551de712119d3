// SPDX-License-Identifier: BSD-3-Clause
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "_cgo_export.h"
#include "python.h"

static PyObject *
to_go(PyObject *self, PyObject *args)
{
	int n;

	(void)self;
	if (!PyArg_ParseTuple(args, "i", &n)) {
		return NULL;
	}
	Py_BEGIN_ALLOW_THREADS n = workInGo(n);
	Py_END_ALLOW_THREADS return PyLong_FromLong(n);
}

static PyMethodDef methods[] = {{"work", to_go, METH_VARARGS, ""}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {
	PyModuleDef_HEAD_INIT, "go", NULL, -1, methods, NULL, NULL, NULL, NULL};

static PyObject *
init_module(void)
{
	return PyModule_Create(&module);
}

int
python_start(const char *program)
{
	PyImport_AppendInittab("go", init_module);
	Py_InitializeEx(1);
	return PyRun_SimpleString(program);
}

int
python_round(void)
{
	return PyRun_SimpleString("round_of_work()");
}
