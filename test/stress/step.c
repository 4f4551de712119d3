// SPDX-License-Identifier: BSD-3-Clause
// Stress: compares the unwinder with the true stack at each single instruction of calls into libc
// and libcrypto. Prints TAP.
// usage: step [-v] [-n MOST] [PATTERN]    -v: name the places where neither is right
//                                         -n: at most this many instructions of each call

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unwind.h>

#include "step.h"

// The processor's trap flag stops the thread after each instruction. A shadow stack follows calls
// and returns, and the unwinder must report the same. Where it does not, libgcc is asked too: if
// both fail, the object's own unwind tables are wrong.
struct step_counts step_counts;
size_t step_most = SIZE_MAX;

static uintptr_t ours[STEP_PCS], theirs[STEP_PCS];
static size_t theirs_n;
static uintptr_t their_from;

static _Unwind_Reason_Code
their_frame(struct _Unwind_Context *context, void *arg)
{
	int pc_is_precise;
	uintptr_t pc = _Unwind_GetIPInfo(context, &pc_is_precise);

	(void)arg;
	if (theirs_n == 0 && (pc != their_from || !pc_is_precise)) {
		return _URC_NO_REASON;
	}
	theirs[theirs_n++] = pc_is_precise ? pc : pc - 1;
	return theirs_n == STEP_PCS ? _URC_END_OF_STACK : _URC_NO_REASON;
}

// Returns the number of innermost frames that agree with the shadow stack.
static size_t
right_frames(const uintptr_t *pcs, size_t n, const struct step_shadow *shadow, uintptr_t pc)
{
	size_t want = shadow->depth + 1;

	for (size_t i = 0; i < want; i++) {
		uintptr_t truth = i == 0 ? pc : shadow->ra[shadow->depth - i] - 1;

		if (i >= n || pcs[i] != truth) {
			return i;
		}
	}
	return want;
}

// Returns whether libgcc finds more correct frames. It faults where the tables are wrong, so it
// runs in a child process.
static bool
they_know(const struct step_shadow *shadow, uintptr_t pc, size_t right)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		theirs_n = 0;
		their_from = pc;
		_Unwind_Backtrace(their_frame, NULL);
		_exit(right_frames(theirs, theirs_n, shadow, pc) > right);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	return child < 0 || (WIFEXITED(status) && WEXITSTATUS(status) != 0);
}

// Returns the record of a failed unwind; NULL if there are too many.
static struct step_place *
wrong_place(uintptr_t pc, size_t right, const struct step_shadow *shadow)
{
	struct step_counts *c = &step_counts;

	for (size_t i = 0; i < c->places; i++) {
		if (c->place[i].pc == pc) {
			return &c->place[i];
		}
	}
	if (c->places == STEP_PLACES) {
		return NULL;
	}
	c->place[c->places] = (struct step_place){
		.pc = pc, .frame = right, .they_too = !they_know(shadow, pc, right)};
	return &c->place[c->places++];
}

void
step_check(void *ucontext, uintptr_t pc, const struct step_shadow *shadow)
{
	struct step_counts *c = &step_counts;
	size_t n = rcgo__unwind_from_handler(ucontext, NULL, ours, STEP_PCS);
	size_t right = right_frames(ours, n, shadow, pc);
	struct step_place *place;

	c->steps++;
	if (shadow->depth > c->deepest) {
		c->deepest = shadow->depth;
	}
	// The frames of the test itself are above the stepped call, and must be found too.
	if (right == shadow->depth + 1 && n > right) {
		return;
	}
	place = wrong_place(pc, right, shadow);
	if (place != NULL) {
		place->times++;
	}
	if (place != NULL && place->they_too) {
		c->both_wrong++;
	} else {
		c->wrong++;
	}
}

static void
print_places(bool all)
{
	for (size_t i = 0; i < step_counts.places; i++) {
		const struct step_place *place = &step_counts.place[i];
		struct rcgo_module m;
		char path[4096] = "?";

		if (place->they_too && !all) {
			continue;
		}
		if (rcgo__module_find(place->pc, &m)) {
			rcgo__module_name(&m, path, sizeof path);
		} else {
			m.bias = 0;
		}
		printf("#   %s at %s+0x%lx, frame %zu, %zu times\n",
			place->they_too ? "neither" : "we", path,
			(unsigned long)(place->pc - m.bias), place->frame, place->times);
	}
}

static bool
report(size_t number, const char *name, bool all)
{
	const struct step_counts *c = &step_counts;
	bool good = c->wrong == 0 && c->steps > 0;

	printf("%sok %zu - step: %s\n", good ? "" : "not ", number, name);
	printf("#   %zu instructions, %zu deep; %zu walks wrong, and %zu where libgcc's is too\n",
		c->steps, c->deepest, c->wrong, c->both_wrong);
	print_places(all || !good);
	return good;
}

// Indirect: the calls of step_calls.c.
int
main(int argc, char **argv)
{
	const char *pattern = "";
	size_t steps = 0;
	bool all = false;
	bool good = true;
	int option;

	while ((option = getopt(argc, argv, "vn:")) != -1) {
		all = all || option == 'v';
		step_most = option == 'n' ? strtoul(optarg, NULL, 10) : step_most;
	}
	if (optind < argc) {
		pattern = argv[optind];
	}
	rcgo__modules_init();
	printf("1..%zu\n", step_calls_n);
	for (size_t i = 0; i < step_calls_n; i++) {
		const struct step_call *call = &step_calls[i];

		if (strstr(call->name, pattern) == NULL) {
			printf("ok %zu - step: %s # SKIP not asked for\n", i + 1, call->name);
			continue;
		}
		if (call->ready != NULL && !call->ready()) {
			printf("ok %zu - step: %s # SKIP not installed\n", i + 1, call->name);
			continue;
		}
		memset(&step_counts, 0, sizeof step_counts);
		call->run(); // once without stepping, because first calls resolve symbols
		step_run(call->run);
		good = report(i + 1, call->name, all) && good;
		steps += step_counts.steps;
		fflush(stdout);
	}
	printf("# %zu instructions in all\n", steps);
	return good ? 0 : 1;
}
