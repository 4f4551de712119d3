// SPDX-License-Identifier: BSD-3-Clause
// Stress: counters in a file that all processes of a run map: the preloaded library, and the
// program that starts the run.
#ifndef STRESS_H
#define STRESS_H

#include <stdint.h>

#define STRESS_PCS 160 // the most frames of a sample
#define STRESS_BAD 12  // so many bad samples are kept

// One frame of a bad sample.
struct stress_frame {
	uint64_t offset; // in the file
	char module[40]; // the end of the path
};

struct stress_bad {
	uint32_t kind, ours_n, theirs_n, depth;
	struct stress_frame ours[STRESS_PCS], theirs[STRESS_PCS];
};

enum stress_kind {
	STRESS_SAME,
	STRESS_SHORTER, // ours ends before theirs
	STRESS_LONGER,
	STRESS_DIFFERENT,
	STRESS_KINDS
};

struct stress_counts {
	uint64_t wanted;   // number of samples after which to stop
	uint64_t interval; // microseconds
	uint64_t alone;	   // do not compare
	uint64_t show_longer;
	uint64_t processes;
	uint64_t samples;
	// The reference unwinder was not used, or did not reach the signal frame.
	uint64_t uncompared;
	uint64_t kind[STRESS_KINDS];
	uint64_t ours_ns, theirs_ns, ours_frames, theirs_frames;
	uint64_t deepest;
	uint64_t forbidden; // calls of functions that are not async-signal-safe, during our unwind
	char forbidden_name[40];
	uint64_t bad_n;
	struct stress_bad bad[STRESS_BAD];
};

// The name of the file.
#define STRESS_FILE "STRESS_FILE"

// Returns the counters of this run; NULL if this process is not part of one.
extern struct stress_counts *stress_counts;

// The signal handler: takes a sample.
void stress_sample(int sig, void *info, void *ucontext);

// Returns whether the calling thread is in our unwinder now.
extern __thread int stress_walking __attribute__((tls_model("initial-exec")));

#endif // STRESS_H
