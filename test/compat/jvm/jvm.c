// SPDX-License-Identifier: BSD-3-Clause
#include <jni.h>
#include <stddef.h>

#include "_cgo_export.h"
#include "jvm.h"

static JavaVM *vm;
static jclass work;
static jmethodID one_round;

static jint JNICALL
to_go(JNIEnv *env, jclass class, jint n)
{
	(void)env, (void)class;
	return workInGo(n);
}

int
jvm_start(char *class_path)
{
	static JNINativeMethod natives[] = {{"go", "(I)I", (void *)to_go}};
	JavaVMOption options[] = {{class_path, NULL}, {"-Xmx128m", NULL}};
	JavaVMInitArgs args = {
		JNI_VERSION_1_8, sizeof options / sizeof options[0], options, JNI_FALSE};
	JNIEnv *env;

	if (JNI_CreateJavaVM(&vm, (void **)&env, &args) != JNI_OK) {
		return -1;
	}
	work = (*env)->FindClass(env, "Work");
	if (work == NULL) {
		return -1;
	}
	work = (*env)->NewGlobalRef(env, work);
	one_round = (*env)->GetStaticMethodID(env, work, "round", "()I");
	return one_round != NULL && (*env)->RegisterNatives(env, work, natives, 1) == 0 ? 0 : -1;
}

int
jvm_round(void)
{
	JNIEnv *env;
	jint result;

	if ((*vm)->AttachCurrentThread(vm, (void **)&env, NULL) != JNI_OK) {
		return -1;
	}
	result = (*env)->CallStaticIntMethod(env, work, one_round);
	if ((*env)->ExceptionCheck(env)) {
		(*env)->ExceptionDescribe(env);
		return -1;
	}
	return result;
}
