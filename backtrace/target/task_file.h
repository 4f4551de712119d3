// SPDX-License-Identifier: BSD-3-Clause
// task_file.h: the files of a thread in /proc/PID/task.
#ifndef RCGO_TASK_FILE_H
#define RCGO_TASK_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "rcgo_backtrace.h"

// Returns the descriptor of the directory of the process's threads, /proc/PID/task. It belongs to
// the target.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__target_task_dir(const struct rcgo_target *target);

// Opens a file of a thread. Returns the descriptor, or -1 with errno set.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__task_file_open(int dir, int32_t tid, const char *file);

// Reads a file of a thread to text, with a terminating NUL. dir is the directory of the threads of
// its process. Returns the size, at most size - 1, or -errno: -ESRCH if the thread has ended.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN long rcgo__task_file(int dir, int32_t tid, const char *file, char *text, size_t size);

#endif // RCGO_TASK_FILE_H
