// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack -pprof: the threads as a profile.
#include "stack_profile.h"

void
write_pprof(struct stacks *s, const char *path)
{
	static const char *const kinds[] = {"idle", "go", "c", "running", "unknown"};
	struct profile *p = profile_new("threads", "count");

	for (size_t i = 0; i < s->t.threads; i++) {
		const struct thread *th = &s->t.thread[i];
		enum thread_kind kind = thread_kind(s, th);
		struct profile_label labels[3] = {
			{"tid", NULL, th->tid}, {"state", kinds[kind], 0}};

		if (kind == KIND_UNKNOWN || (kind == KIND_IDLE && !s->options.all)) {
			continue;
		}
		if (th->goroutine != NULL) {
			labels[2] = (struct profile_label){
				"goroutine", NULL, (int64_t)th->goroutine->g.goid};
		}
		profile_add(p, s, th->stack, &(uint64_t){1}, labels, labels[2].key != NULL ? 3 : 2);
	}
	profile_write(p, path);
}
