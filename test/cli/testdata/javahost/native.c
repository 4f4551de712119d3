// SPDX-License-Identifier: BSD-3-Clause
#include "_cgo_export.h"

// The native method Host.enter, of a JNIEnv and a class.
void
Java_Host_enter(void *env, void *class)
{
	(void)env;
	(void)class;
	goEnter();
}
