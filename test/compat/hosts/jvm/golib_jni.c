// SPDX-License-Identifier: BSD-3-Clause
// JNI between jvm/All.java and the Go library.
#include <jni.h>

extern int golib_add(int, int);
extern int golib_work(void);
extern int golib_fault(void);
extern int golib_signal(void);

JNIEXPORT jint JNICALL
Java_All_add(JNIEnv *env, jclass class, jint a, jint b)
{
	(void)env;
	(void)class;
	return golib_add(a, b);
}

JNIEXPORT jint JNICALL
Java_All_work(JNIEnv *env, jclass class)
{
	(void)env;
	(void)class;
	return golib_work() * golib_fault();
}
