// SPDX-License-Identifier: BSD-3-Clause
#ifndef CASES_SECCOMP_H
#define CASES_SECCOMP_H

// Installs a filter for all threads that permits what stock Go and glibc need for threads, memory,
// time and signals, and answers all other calls by action. Returns 0 or an error number.
int seccomp_lock(unsigned action);

void seccomp_sleep(void);
void seccomp_fault(void);
void seccomp_fault_on_a_thread(void);
void seccomp_abort(void);

#endif // CASES_SECCOMP_H
