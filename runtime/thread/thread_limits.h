// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: what the system says of threads and memory in use, read from /proc and the
// cgroup file systems without libc's buffers: memory may be what has run out.
#ifndef RCGO_THREAD_LIMITS_H
#define RCGO_THREAD_LIMITS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "compat.h"

#define RCGO_UNLIMITED UINT64_MAX

// A limit and how much of it is in use, in the same unit. value is RCGO_UNLIMITED when there is
// none.
struct rcgo_limit_usage {
	uint64_t value;
	uint64_t used;
};

// Each reads one limit and its use. Returns whether both are known.
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
// In KiB: memory that this process may write and shares with nobody.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__limit_usage_data(struct rcgo_limit_usage *u);
// In KiB; unlimited unless vm.overcommit_memory is 2.
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__limit_usage_commit(struct rcgo_limit_usage *u);

// pids.max of the cgroup on the way from this process's to the root (v2 or v1) that has the least
// room left; its directory goes into dir.
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__limit_usage_cgroup_pids(
	struct rcgo_limit_usage *u, char dir[PATH_MAX]);

// The number of threads of this process, 0 when unknown. Reads /proc/self/status, whose other
// lines rcgo__limit_usage_nproc and rcgo__limit_usage_data then use.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD uint64_t rcgo__limit_usage_self_threads(void);

#endif // RCGO_THREAD_LIMITS_H
