// SPDX-License-Identifier: BSD-3-Clause
// Nocfi crashes in C in ways that are hard for who walks stacks.
package main

/*
#include <stdlib.h>
#include "nocfi.h"
#include <pthread.h>

static void *run(void *name) { run_case(name); return name; }
static void run_on_thread(char *name) {
	pthread_t t;
	pthread_create(&t, NULL, run, name);
	pthread_join(t, NULL);
}
*/
import "C"

import "os"

func main() {
	name := C.CString(os.Args[2])
	if os.Args[1] == "thread" {
		C.run_on_thread(name)
	} else {
		C.run_case(name)
	}
}
