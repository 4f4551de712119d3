// SPDX-License-Identifier: BSD-3-Clause
// Limits on threads and memory and their current use, read from /proc and the cgroup file
// systems. libc's buffered I/O is not used, because the process may be out of memory.
#ifndef RCGO_THREAD_LIMITS_H
#define RCGO_THREAD_LIMITS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "compat.h"

#define RCGO_UNLIMITED UINT64_MAX

// A limit and its current use, in the same unit. value is RCGO_UNLIMITED if there is no limit.
struct rcgo_limit_usage {
	uint64_t value;
	uint64_t used;
};

// Each of these functions reads one limit and its use. Returns whether both are known.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__limit_usage_nproc(struct rcgo_limit_usage *u);
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__limit_usage_threads_max(struct rcgo_limit_usage *u);
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__limit_usage_pid_max(struct rcgo_limit_usage *u);
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__limit_usage_map_count(struct rcgo_limit_usage *u);
// In KiB.
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__limit_usage_address_space(struct rcgo_limit_usage *u);
// In KiB: private writable memory of this process.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__limit_usage_data(struct rcgo_limit_usage *u);
// In KiB: memory that the system has promised to all processes. There is a limit only if
// vm.overcommit_memory is 2.
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__limit_usage_commit(struct rcgo_limit_usage *u);

// Reads pids.max of the cgroup with the least room left, among this process's cgroup and its
// ancestors (v2 or v1). The directory of that cgroup is stored in dir.
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__limit_usage_cgroup_pids(
	struct rcgo_limit_usage *u, char dir[PATH_MAX]);

// Returns the number of threads of this process, or 0 if unknown. Reads /proc/self/status, whose
// other lines rcgo__limit_usage_nproc and rcgo__limit_usage_data use afterwards.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD uint64_t rcgo__limit_usage_self_threads(void);

struct rcgo_strbuf;

// Append the head of the table, and a row; hit marks a limit that is reached.
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__limits_table_head(struct rcgo_strbuf *t);
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__limits_table_row(
	struct rcgo_strbuf *t, const char *name, const struct rcgo_limit_usage *u, bool hit);

#endif // RCGO_THREAD_LIMITS_H
