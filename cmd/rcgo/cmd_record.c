// SPDX-License-Identifier: BSD-3-Clause
// rcgo record: a profile of a running program, sampled from outside: stacks in Go and in C, of what
// runs or of what waits.
#include "stack_profile.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"

#define NS ((uint64_t)1000000000)
#define SLOTS 65536
#define LISTED_EVERY 16 // samples between two looks for new threads
enum record_mode { RECORD_CPU, RECORD_OFF_CPU, RECORD_WALL };

// A stack and how often it was seen.
struct counted {
	const struct stack *stack;
	uint64_t hash, count;
	struct counted *next;
};

// The result of a thread's last sample, which stays valid until the thread runs.
struct last {
	uint64_t stamp;
	struct counted *counted;
};

struct recorder {
	struct stacks s;
	struct walk walk;
	enum record_mode mode;
	uint64_t period_ns, duration_ns, rounds, samples, lost;
	const char *output;
	bool folded;
	struct counted *slot[SLOTS];
	struct last *last;
	size_t lasts;
	uint32_t *stop; // how long each stop was, in ns
	size_t stops, stops_room;
};

static volatile sig_atomic_t ended;

static void
end_early(int sig)
{
	(void)sig;
	ended = 1;
}

static uint64_t
now_ns(void)
{
	return rcgo__clock_ns(CLOCK_MONOTONIC);
}

static void
wait_until(uint64_t ns)
{
	struct timespec t = {(time_t)(ns / NS), (long)(ns % NS)};

	while (ended == 0 && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
	}
}

static bool
same_stack(const struct stack *a, const struct stack *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++) {
		const struct frame *x = &a->frame[i], *y = &b->frame[i];

		same = x->pc == y->pc && x->lang == y->lang && x->note == y->note &&
		       x->module == y->module;
	}
	return same;
}

// Counts a stack, which is then the recorder's or freed.
static struct counted *
count(struct recorder *r, const struct stack *stack)
{
	uint64_t hash = FNV1A_START;
	struct counted **slot, *c;

	for (size_t i = 0; i < stack->n; i++) {
		hash = fnv1a(hash, &stack->frame[i].pc, sizeof stack->frame[i].pc);
	}
	slot = &r->slot[hash % SLOTS];
	for (c = *slot; c != NULL; c = c->next) {
		if (c->hash == hash && same_stack(c->stack, stack)) {
			free((void *)(uintptr_t)stack);
			c->count++;
			return c;
		}
	}
	c = xalloc(sizeof *c);
	*c = (struct counted){stack, hash, 1, *slot};
	*slot = c;
	return c;
}

// Whether a thread that is as it was at the last sample has only to be counted again.
static bool
count_again(struct recorder *r, struct last *last, bool running, uint64_t stamp)
{
	if (running || last->counted == NULL || last->stamp != stamp) {
		return false;
	}
	last->counted->count++;
	r->samples++;
	return true;
}

static void
note_stop(struct recorder *r, uint64_t ns)
{
	if (r->stops == r->stops_room) {
		r->stops_room = 2 * r->stops_room + 1024;
		r->stop = realloc(r->stop, r->stops_room * sizeof *r->stop);
		if (r->stop == NULL) {
			xalloc(SIZE_MAX);
		}
	}
	r->stop[r->stops++] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

static int
by_duration(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

// Says for how long the program's threads were stopped.
static void
print_stops(struct recorder *r)
{
	if (r->stops == 0) {
		puts("no thread was stopped");
		return;
	}
	qsort(r->stop, r->stops, sizeof *r->stop, by_duration);
	printf("%zu stops: median %.0f us, 99 %% within %.0f us, longest %.0f us\n", r->stops,
		r->stop[r->stops / 2] / 1e3, r->stop[r->stops * 99 / 100] / 1e3,
		r->stop[r->stops - 1] / 1e3);
}

static void
sample_thread(struct recorder *r, struct thread *th, struct last *last)
{
	uint64_t stamp;
	bool blocked;

	process_release_late(&r->s.t, th);
	blocked = process_blocked(&r->s.t, th, &stamp);
	if (!blocked && !th->running) {
		th->read = th->error == ESRCH || th->error == ENOENT ? READ_EXITED : th->read;
		return;
	}
	if ((blocked && r->mode == RECORD_CPU) || (!blocked && r->mode == RECORD_OFF_CPU) ||
		count_again(r, last, !blocked, stamp)) {
		return;
	}
	th->stack = NULL;
	r->s.t.waited_ns = r->s.t.firm_ns = 0;
	th->seen = blocked ? stamp : 0;
	stacks_take_thread(&r->s, th, &r->walk);
	if (th->read == READ_STOPPED) {
		note_stop(r, th->switched);
	}
	last->counted = NULL;
	if (th->stack == NULL || th->stack->n == 0 || th->read == READ_TORN) {
		r->lost += th->read != READ_EXITED;
		free((void *)(uintptr_t)th->stack);
	} else if (blocked && thread_kind(&r->s, th) == KIND_IDLE) {
		free((void *)(uintptr_t)th->stack);
	} else {
		last->counted = count(r, th->stack);
		last->stamp = stamp;
		r->samples++;
	}
	th->stack = NULL; // it is counted, or freed
	free(th->goroutine);
	th->goroutine = NULL;
}

static void
look_for_threads(struct recorder *r)
{
	size_t before = r->lasts;

	stacks_new_modules(&r->s);
	process_threads(&r->s.t);
	target_forget(&r->s.t);
	for (size_t i = 0; i < r->s.go.runtimes; i++) {
		go_read_ms(&r->s.t, &r->s.go.runtime[i]);
	}
	for (size_t i = 0; i < r->s.t.threads; i++) {
		if (r->s.t.thread[i].ms == 0) {
			stacks_find_m(&r->s, &r->s.t.thread[i]);
		}
	}
	r->lasts = r->s.t.threads;
	r->last = realloc(r->last, (r->lasts + 1) * sizeof *r->last);
	if (r->last == NULL) {
		xalloc(SIZE_MAX);
	}
	memset(r->last + before, 0, (r->lasts - before) * sizeof *r->last);
}

// Takes samples until the time is over. Returns for how long, in ns.
static uint64_t
sample(struct recorder *r)
{
	uint64_t start = now_ns(), next = start;

	for (uint64_t n = 0; ended == 0 && next - start < r->duration_ns; n++) {
		size_t alive = 0;

		if (n % LISTED_EVERY == 0) {
			look_for_threads(r);
		}
		for (size_t i = 0; i < r->lasts; i++) {
			struct thread *th = &r->s.t.thread[i];

			if (th->read != READ_EXITED) {
				sample_thread(r, th, &r->last[i]);
			}
			alive += th->read != READ_EXITED;
		}
		if (alive == 0) {
			break;
		}
		r->rounds++;
		// A sample that comes late makes the next ones no denser.
		next += r->period_ns;
		next = next < now_ns() ? now_ns() : next;
		wait_until(next);
	}
	return now_ns() - start;
}

struct folded_line {
	char *text;
	uint64_t count;
};

static int
by_text(const void *a, const void *b)
{
	const struct folded_line *x = a, *y = b;

	return strcmp(x->text, y->text);
}

// Stacks of the same functions are one line, whatever their lines of source are.
static void
write_folded(struct recorder *r)
{
	FILE *out = output_open(r->output);
	struct folded_line *line = NULL;
	size_t n = 0;

	for (size_t i = 0; i < SLOTS; i++) {
		for (const struct counted *c = r->slot[i]; c != NULL; c = c->next) {
			if ((n & (n - 1)) == 0) {
				line = realloc(line, (2 * n + 1) * sizeof *line);
				if (line == NULL) {
					xalloc(SIZE_MAX);
				}
			}
			line[n++] = (struct folded_line){fold_text(&r->s, c->stack), c->count};
		}
	}
	if (n > 0) {
		qsort(line, n, sizeof *line, by_text);
	}
	for (size_t i = 0, k; i < n; i = k) {
		uint64_t count = 0;

		for (k = i; k < n && strcmp(line[i].text, line[k].text) == 0; k++) {
			count += line[k].count;
		}
		fprintf(out, "%s %llu\n", line[i].text, (unsigned long long)count);
	}
	output_close(out, r->output);
}

static void
write_profile(struct recorder *r, uint64_t took_ns)
{
	struct profile *p = profile_new("samples", "count");
	uint64_t period = r->rounds > 0 ? took_ns / r->rounds : r->period_ns; // as it was

	profile_timed(p, r->mode == RECORD_CPU ? "cpu" : "wall", "nanoseconds", period, took_ns);
	for (size_t i = 0; i < SLOTS; i++) {
		for (const struct counted *c = r->slot[i]; c != NULL; c = c->next) {
			uint64_t values[2] = {c->count, c->count * period};

			profile_add(p, &r->s, c->stack, values, NULL, 0);
		}
	}
	profile_write(p, r->output);
}

// Seconds, or with a unit: 10, 10s, 500ms, 2m. Returns ns, or 0.
static uint64_t
parse_duration(const char *text)
{
	char *end;
	double n = strtod(text, &end);
	double unit = strcmp(end, "ms") == 0	 ? 1e6
		      : strcmp(end, "m") == 0	 ? 60e9
		      : strcmp(end, "s") == 0	 ? 1e9
		      : *end == 0 && end != text ? 1e9
						 : 0;

	return n > 0 && n * unit < 1e15 ? (uint64_t)(n * unit) : 0;
}

static const char *
take_options(int argc, char **argv, struct recorder *r)
{
	static const struct option longs[] = {{"d", required_argument, NULL, 'd'},
		{"F", required_argument, NULL, 'F'}, {"o", required_argument, NULL, 'o'},
		{"off-cpu", no_argument, NULL, 'b'}, {"wall", no_argument, NULL, 'w'},
		{"folded", no_argument, NULL, 'f'}, {"runtime", no_argument, NULL, 'r'},
		{"debug", required_argument, NULL, 'g'}, {0}};
	double hertz = 99;

	opterr = 0; // usage_flag says it
	for (int c; (c = getopt_long_only(argc, argv, "", longs, NULL)) != -1;) {
		r->duration_ns = c == 'd' ? parse_duration(optarg) : r->duration_ns;
		hertz = c == 'F' ? strtod(optarg, NULL) : hertz;
		r->output = c == 'o' ? optarg : r->output;
		r->mode = c == 'b' ? RECORD_OFF_CPU : c == 'w' ? RECORD_WALL : r->mode;
		r->folded |= c == 'f';
		r->s.options.runtime |= c == 'r';
		r->s.options.debug = c == 'g' ? optarg : r->s.options.debug;
		if (c == '?') {
			usage_flag("record", argv);
		}
	}
	if (r->duration_ns == 0 || !(hertz >= 0.1 && hertz <= 10000)) {
		usage_error(
			"record", "-d wants a time such as 10s, -F samples a second such as 99");
	}
	if (argc - optind != 1 || strspn(argv[optind], "0123456789") != strlen(argv[optind])) {
		usage_error("record", "record wants one process");
	}
	r->period_ns = (uint64_t)(1e9 / hertz);
	return argv[optind];
}

static void
warn_of_lost(struct recorder *r)
{
	const struct target *t = &r->s.t;
	const char *tracer = NULL;

	for (size_t i = 0; i < t->threads && tracer == NULL && r->lost > 0; i++) {
		tracer = process_tracer(t, &t->thread[i]);
	}
	if (r->lost > 0) {
		warn(problem(fmt("%llu samples could not be taken", (unsigned long long)r->lost),
			tracer != NULL ? fmt("%s traces the program", clean_text(tracer))
				       : "the threads changed while they were looked at",
			NULL));
	}
}

int
cmd_record(int argc, char **argv)
{
	struct recorder *r = xalloc(sizeof *r);
	const char *what;
	uint64_t took;

	r->duration_ns = 10 * NS;
	what = take_options(argc, argv, r);
	if (r->output == NULL) {
		r->output = r->folded ? "-" : "rcgo.pb.gz";
	}
	stacks_open(&r->s, what);
	signal(SIGINT, end_early);
	took = sample(r);
	if (r->folded) {
		write_folded(r);
	} else {
		write_profile(r, took);
		printf("%llu samples in %.1f s: %s\n", (unsigned long long)r->samples,
			(double)took / 1e9, r->output);
		print_stops(r);
	}
	warn_of_lost(r);
	return r->samples > 0 ? 0 : 1;
}
