// SPDX-License-Identifier: BSD-3-Clause
// A program without traceback functions of its own: its C frames are found by runtime/cgo.
#ifndef FRAMES_H
#define FRAMES_H

// Each function is called through fr_outer, fr_middle and the inlined fr_inlined.
enum fr_way { FR_SEGV, FR_ABORT, FR_CALL_GO, FR_BUSY, FR_BACKTRACE, FR_HANDLER, FR_RAISE };

void fr_outer(int way, int arg);

// Does the same on a new C thread, and waits for it.
void fr_on_a_thread(int way, int arg);

// Does the same on a thread with the smallest possible signal stack, with an inaccessible page
// below it.
void fr_on_a_small_stack(int way, int arg);

#endif // FRAMES_H
