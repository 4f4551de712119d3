// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: what the signal part wants to know of a thread. Runs in handlers.

#include "rcgo_signal.h"
#include "rcgo_thread.h"
#include "rcgo_thread_record.h"

bool
rcgo__thread_for_signal(struct rcgo_signal_thread *t)
{
	struct rcgo_thread_record *record = rcgo__thread_record();

	if (record == NULL) {
		t->unknown_in_go = !rcgo__binds_all();
		return false;
	}
	t->stack_lo = record->stack_lo;
	t->stack_hi = record->stack_hi;
	t->switched_lo = record->switched_lo;
	t->switched_hi = record->switched_hi;
	t->altstack = &record->altstack;
	t->g0 = record->g0;
	t->made_by_c = record->kind == RCGO_THREAD_FOREIGN;
	return true;
}
