// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: what every thread of a process or a core does, in Go and in C.
#include "stack.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"

enum { EXIT_NOTHING = 1 };

// The time of a clock in milliseconds. That of CLOCK_PROCESS_CPUTIME_ID is what this process has
// used of processors.
static double
clock_ms(clockid_t clock)
{
	return (double)rcgo__clock_ns(clock) / 1e6;
}

static const char *
take_options(int argc, char **argv, struct stack_options *o)
{
	static const struct option longs[] = {{"all", no_argument, NULL, 'a'},
		{"c", no_argument, NULL, 'c'}, {"stop", no_argument, NULL, 's'},
		{"no-stop", no_argument, NULL, 'n'}, {"runtime", no_argument, NULL, 'r'},
		{"json", no_argument, NULL, 'j'}, {"folded", no_argument, NULL, 'f'},
		{"force", no_argument, NULL, 'F'}, {"thread", required_argument, NULL, 't'},
		{"pprof", required_argument, NULL, 'p'}, {"debug", required_argument, NULL, 'd'},
		{"e", required_argument, NULL, 'e'}, {"exe", required_argument, NULL, 'e'},
		{"sysroot", required_argument, NULL, 'S'}, {0}};
	const char *what;

	opterr = 0; // usage_flag says it
	for (int c; (c = getopt_long_only(argc, argv, "", longs, NULL)) != -1;) {
		o->all |= c == 'a';
		o->c_only |= c == 'c';
		o->stop |= c == 's';
		o->no_stop |= c == 'n';
		o->runtime |= c == 'r';
		o->json |= c == 'j';
		o->folded |= c == 'f';
		o->force |= c == 'F';
		o->thread = c == 't' ? atoi(optarg) : o->thread;
		o->pprof = c == 'p' ? optarg : o->pprof;
		o->debug = c == 'd' ? optarg : o->debug;
		o->exe = c == 'e' ? optarg : o->exe;
		o->sysroot = c == 'S' ? optarg : o->sysroot;
		if (c == '?') {
			usage_flag("stack", argv);
		}
	}
	if (o->stop && o->no_stop) {
		usage_error("stack", "-stop and -no-stop contradict each other");
	}
	if (argc - optind != 1) {
		usage_error("stack", "stack wants one process or core");
	}
	what = argv[optind];
	return what;
}

int
cmd_stack(int argc, char **argv)
{
	struct stacks *s = xalloc(sizeof *s);
	double start = clock_ms(CLOCK_MONOTONIC);
	bool found = false;
	const char *what = take_options(argc, argv, &s->options);

	stacks_open(s, what);
	stacks_take(s);
	s->ms = clock_ms(CLOCK_MONOTONIC) - start;
	s->cpu_ms = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
	if (!s->t.core) {
		process_blocked_for(&s->t);
	}
	waits_find(s);
	if (s->options.json) {
		print_json(s);
	} else if (s->options.folded) {
		print_folded(s, stdout);
	} else if (s->options.pprof != NULL) {
		write_pprof(s, s->options.pprof);
	} else {
		print_text(s);
	}
	for (size_t i = 0; i < s->t.threads; i++) {
		found |= s->t.thread[i].stack != NULL && s->t.thread[i].stack->n > 0;
	}
	return found ? 0 : EXIT_NOTHING;
}
