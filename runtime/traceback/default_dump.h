// SPDX-License-Identifier: BSD-3-Clause
// Thread dumps: what each thread of the process does in C, while the process goes on.
// rcgo_dump_threads (runtime_cgo.h) writes one, and RCGO=dump=SIGNAL writes one on a signal.
//
// A thread that waits in the kernel is not disturbed: /proc/self/task/TID/syscall has its program
// counter and stack pointer, and its stack is read while it waits. If it has moved meanwhile, it is
// read again. A thread that runs Go's C calls gets Go's preemption signal, and stores its frames
// itself. Runs on any stack, also in signal handlers.
#ifndef RCGO_DEFAULT_DUMP_H
#define RCGO_DEFAULT_DUMP_H

#include "compat.h"

// Installs the handler of RCGO=dump=SIGNAL, if that is set.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=set alloc=no lock=none
RCGO_INTERN void rcgo__dump_init(void);

#endif // RCGO_DEFAULT_DUMP_H
