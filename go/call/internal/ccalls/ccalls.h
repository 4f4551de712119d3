// SPDX-License-Identifier: BSD-3-Clause
// The C side of package call.
#ifndef RCGO_CCALLS_H
#define RCGO_CCALLS_H

#include <stddef.h>
#include <stdint.h>

// One call of a batch. Go has a mirror in record.go.
struct call_record {
	uintptr_t fn, args[6], result;
};

void rcgo_call_batch(struct call_record *records, size_t n);
int rcgo_call_take_signal(void);
void rcgo_call_interrupt(int tid);

#endif
