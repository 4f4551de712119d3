// SPDX-License-Identifier: BSD-3-Clause

// pythonembed runs CPython in a Go program. A goroutine is in Python code that calls Go, which calls
// C and waits there; another waits for Python's lock, and a thread of Python's own sleeps.
package main

/*
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <unistd.h>

extern void goFromPython(void);

static int never[2];

static void wait_forever(void) { char c; while (read(never[0], &c, 1) != 1) { } }

static PyObject *call_go(PyObject *self, PyObject *args) {
	(void)self, (void)args;
	goFromPython();
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"call_go", call_go, METH_NOARGS, ""}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "here", NULL, -1, methods, NULL, NULL, NULL, NULL};
static PyObject *make_module(void) { return PyModule_Create(&module); }

static void python_open(void) {
	if (pipe(never) != 0) { _exit(3); }
	PyImport_AppendInittab("here", make_module);
	Py_InitializeEx(0);
	PyRun_SimpleString("import threading, time\nthreading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n");
	PyEval_SaveThread();
}

static void python_run(const char *text) {
	PyGILState_STATE state = PyGILState_Ensure();
	PyRun_SimpleString(text);
	PyGILState_Release(state);
}

static void python_run_c(void) { python_run("import here\ndef f():\n here.call_go()\nf()\n"); }
static void python_want(void) { python_run("pass"); }
*/
import "C"

import (
	"fmt"
	"os"
	"time"
)

var called = make(chan bool)

//export goFromPython
func goFromPython() {
	called <- true
	C.wait_forever()
}

//go:noinline
func runPython() { C.python_run_c() }

//go:noinline
func wantPython() { C.python_want() }

func main() {
	C.python_open()
	go runPython()
	<-called
	go wantPython()
	time.Sleep(300 * time.Millisecond)
	fmt.Println("ready")
	os.Stdin.Read(make([]byte, 1))
}
