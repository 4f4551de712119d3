// SPDX-License-Identifier: BSD-3-Clause
#ifndef RCGO_TEST_COMPAT_JVM_H
#define RCGO_TEST_COMPAT_JVM_H

// Starts a JVM with the option -Djava.class.path=…; returns 0, or -1.
int jvm_start(char *class_path);

// Runs Work.round. Returns 0, or -1 when something in it went wrong.
int jvm_round(void);

#endif
