// SPDX-License-Identifier: BSD-3-Clause
// Targets: the functions of rcgo_backtrace.h that do not depend on the kind of target.

#include <errno.h>
#include <string.h>

#include "rcgo_backtrace.h"

// Indirect: the function of this kind of target, which keeps the same rules.
void
rcgo_target_close(struct rcgo_target *target)
{
	if (target->ops != NULL && target->ops->close != NULL) {
		target->ops->close(target);
	}
	*target = (struct rcgo_target){0};
}

// Indirect: the function of this kind of target, which keeps the same rules.
size_t
rcgo_target_read(const struct rcgo_target *target, uint64_t address, void *to, size_t size)
{
	uint64_t most = UINT64_MAX - address;

	return target->ops->read(target, address, to, size > most ? (size_t)most : size);
}

// Indirect: the function of this kind of target, which keeps the same rules.
size_t
rcgo_target_read_pieces(
	const struct rcgo_target *target, const struct rcgo_target_piece *piece, size_t count)
{
	size_t done = 0;

	if (target->ops->read_pieces != NULL) {
		return target->ops->read_pieces(target, piece, count);
	}
	for (size_t i = 0; i < count; i++) {
		size_t n = rcgo_target_read(target, piece[i].address, piece[i].to, piece[i].size);

		done += n;
		if (n < piece[i].size) {
			break;
		}
	}
	return done;
}

// Indirect: the function of this kind of target, which keeps the same rules.
int
rcgo_target_each_module(const struct rcgo_target *target, rcgo_target_module_fn visit, void *arg)
{
	return target->ops->each_module(target, visit, arg);
}

// Indirect: the function of this kind of target, which keeps the same rules.
int
rcgo_target_each_thread(const struct rcgo_target *target, rcgo_target_thread_fn visit, void *arg)
{
	return target->ops->each_thread(target, visit, arg);
}

// Indirect: the function of this kind of target, which keeps the same rules.
int
rcgo_target_registers(
	const struct rcgo_target *target, int32_t tid, struct rcgo_target_thread *thread)
{
	return target->ops->registers(target, tid, thread);
}

// Indirect: the function of this kind of target, which keeps the same rules.
bool
rcgo_target_auxv(const struct rcgo_target *target, uint64_t type, uint64_t *value)
{
	return target->ops->auxv(target, type, value);
}
