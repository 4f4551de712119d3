// SPDX-License-Identifier: BSD-3-Clause
// rcgo doctor: declarations shared by its files.
#ifndef DOCTOR_H
#define DOCTOR_H

#include "rcgo.h"

enum { DOCTOR_FEW_THREADS = 1024 }; // fewer are a finding

enum level { LEVEL_OK, LEVEL_WARN, LEVEL_FAIL };

// Prints one finding. todo says what to do; NULL if there is nothing to do.
void finding(enum level level, const char *name, const char *text, const char *todo);
void finding_of(enum level level, const char *name, const struct problem *p);

// With -json: collects the findings. findings_end prints them, or the summary, and returns the
// number of failures.
void findings_as_json(void);
unsigned findings_end(void);

// Returns why an overlay of ours is not for the current Go and rcgo; NULL if it is.
const char *doctor_overlay_stale(const struct goenv *e, const struct user_overlay *u);

void doctor_editor(const struct goenv *e);
void doctor_sandbox(void);
void doctor_compiler(const struct goenv *e);
void doctor_cache(const struct goenv *e);
void doctor_limits(void);
void doctor_kernel_limits(void); // those that each system has in its own way
void doctor_program(const char *path);
#endif
