// SPDX-License-Identifier: BSD-3-Clause
// Stress: what the preloaded library and the program that runs it share: counters in a file that
// all processes of a run map.
#ifndef STRESS_H
#define STRESS_H

#include <stdint.h>

#define STRESS_PCS 160 // the most frames of a sample
#define STRESS_BAD 12  // so many bad samples are kept

// One frame of a bad sample.
struct stress_frame {
	uint64_t offset; // in the file
	char module[40]; // the end of its path
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
	uint64_t wanted;   // stop after so many samples
	uint64_t interval; // microseconds
	uint64_t alone;	   // do not compare
	uint64_t show_longer;
	uint64_t processes;
	uint64_t samples;
	// Their walk was not asked, or never came to the signal.
	uint64_t uncompared;
	uint64_t kind[STRESS_KINDS];
	uint64_t ours_ns, theirs_ns, ours_frames, theirs_frames;
	uint64_t deepest;
	uint64_t forbidden; // calls of what no handler may call, during our walk
	char forbidden_name[40];
	uint64_t bad_n;
	struct stress_bad bad[STRESS_BAD];
};

// The file's name.
#define STRESS_FILE "STRESS_FILE"

// The counters of this run; NULL when this process is not in one.
extern struct stress_counts *stress_counts;

// Takes a sample: the signal's handler.
void stress_sample(int sig, void *info, void *ucontext);

// Whether the calling thread is in our walk now.
extern __thread int stress_walking __attribute__((tls_model("initial-exec")));

#endif // STRESS_H
