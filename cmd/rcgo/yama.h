// SPDX-License-Identifier: BSD-3-Clause
// Linux's security module Yama, which limits who may look at other processes.
#ifndef YAMA_H
#define YAMA_H

#define YAMA_NOBODY '3' // not even root, and only a new start of the system can lower it
#define YAMA_ADVICE \
	"set kernel.yama.ptrace_scope to 2 or less in /etc/sysctl.d, and start the system again"

// The digit of kernel.yama.ptrace_scope; '0' where the kernel has no Yama.
char yama_scope(void);

#endif
