// SPDX-License-Identifier: BSD-3-Clause
// A program that brings no traceback functions: what it shows of C is what the C half shows.
#ifndef FRAMES_H
#define FRAMES_H

// Each goes through fr_outer, fr_middle and the inlined fr_inlined.
enum fr_way { FR_SEGV, FR_ABORT, FR_CALL_GO, FR_BUSY, FR_BACKTRACE, FR_HANDLER, FR_RAISE };

void fr_outer(int way, int arg);

// The same on a thread of C's own, and waits for it.
void fr_on_a_thread(int way, int arg);

// The same on a thread whose signal stack is as small as they come, with a page that nobody may
// touch below.
void fr_on_a_small_stack(int way, int arg);

#endif // FRAMES_H
