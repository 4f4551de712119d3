// SPDX-License-Identifier: BSD-3-Clause
// Answers the signal part's questions about a thread. Runs in signal handlers.

#include "signal_handling.h"
#include "thread_management.h"
#include "thread_record.h"

bool
rcgo__thread_for_signal(struct rcgo_signal_thread *t)
{
	struct rcgo_thread_record *record = rcgo__thread_record();

	if (record == NULL) {
		t->unknown_in_go = !rcgo__m_binding_is_complete();
		return false;
	}
	t->stack_lo = record->stack_lo;
	t->stack_hi = record->stack_hi;
	t->alt_c_stack_lo = record->alt_c_stack_lo;
	t->alt_c_stack_hi = record->alt_c_stack_hi;
	t->altstack = &record->altstack;
	t->g0 = record->g0;
	t->is_foreign = record->kind == RCGO_THREAD_FOREIGN;
	return true;
}
