// SPDX-License-Identifier: BSD-3-Clause
#include "ringtest.h"

#include <sys/wait.h>

// Inlined as in a user's code. Out of line, the record is stored in parts and then loaded whole,
// for which the processor waits.
static inline __attribute__((always_inline)) int
push(struct producer *p, rcgo_lane *lane, const struct event *e)
{
	switch ((enum way)p->way) {
	case BY_THREAD:
		return rcgo_ring_push(p->ring, e, sizeof *e);
	case BY_LANE:
		return rcgo_lane_push(lane, e, sizeof *e);
	case SHARED:
		return rcgo_ring_push_shared(p->ring, e, sizeof *e);
	default:
		return rcgo_ring_trypush_shared(p->ring, e, sizeof *e);
	}
}

static void *
produce(void *arg)
{
	struct producer *p = arg;
	rcgo_lane *lane = p->lane;

	for (uint32_t i = 0; i < p->count && p->error == 0; i++) {
		struct event e = {p->id, i, (uint64_t)p->id << 32 | i};
		errno = 77;
		p->error = push(p, lane, &e);
		if (p->way != TRY_SHARED && errno != 77) {
			p->error = -ERANGE; // errno must not change
		}
		if (p->way == TRY_SHARED && p->error == -EAGAIN) {
			p->error = 0;
		} else if (p->error == 0) {
			__atomic_fetch_add(&p->pushed, 1, __ATOMIC_RELAXED);
		}
	}
	if (lane != NULL) {
		rcgo_lane_release(lane);
	}
	if (p->held) {
		rcgo_ring_release(p->ring);
	}
	return NULL;
}

// Acquires before the thread starts, so that Drain waits for it.
int
ringtest_start(struct producer *p)
{
	p->held = rcgo_ring_acquire(p->ring) == 0;
	if (p->way == BY_LANE) {
		p->lane = rcgo_lane_acquire(p->ring);
	}
	return pthread_create(&p->thread, NULL, produce, p);
}

void
ringtest_join(struct producer *p)
{
	pthread_join(p->thread, NULL);
}

static void *
push_one(void *arg)
{
	struct event e = {9, 0, (uint64_t)9 << 32};

	return (void *)(intptr_t)rcgo_ring_push((rcgo_ring *)arg, &e, sizeof e);
}

// Threads that end after one event each; more than there are lanes.
uint32_t
ringtest_short_threads(rcgo_ring *ring, uint32_t threads)
{
	uint32_t failed = 0;
	void *error;
	pthread_t thread;

	for (uint32_t i = 0; i < threads; i++) {
		if (pthread_create(&thread, NULL, push_one, ring) != 0) {
			failed++;
			continue;
		}
		pthread_join(thread, &error);
		failed += error != NULL;
	}
	return failed;
}

static rcgo_lane *handler_lane;
static uint32_t handler_pushed;

static void
on_signal(int sig)
{
	struct event e = {8, handler_pushed, (uint64_t)8 << 32 | handler_pushed};

	(void)sig;
	handler_pushed += rcgo_lane_push(handler_lane, &e, sizeof e) == 0;
}

struct signals {
	rcgo_ring *ring;
	uint32_t count, pushed, done;
};

static void *
push_under_signals(void *arg)
{
	struct signals *s = arg;

	for (uint32_t i = 0; i < s->count; i++) {
		struct event e = {7, i, (uint64_t)7 << 32 | i};
		s->pushed += rcgo_lane_push(handler_lane, &e, sizeof e) == 0;
	}
	__atomic_store_n(&s->done, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&s->done, __ATOMIC_ACQUIRE) != 2) {
		usleep(100);
	}
	return NULL;
}

// One lane that a thread and its own signal handler push to.
uint32_t
ringtest_signals(rcgo_ring *ring, uint32_t count, uint32_t *from_handler)
{
	struct signals s = {ring, count, 0, 0};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESTART},
			 old;
	pthread_t thread;

	handler_lane = rcgo_lane_acquire(ring);
	handler_pushed = 0;
	if (handler_lane == NULL) {
		return 0;
	}
	sigaction(SIGUSR2, &action, &old);
	pthread_create(&thread, NULL, push_under_signals, &s);
	while (__atomic_load_n(&s.done, __ATOMIC_ACQUIRE) == 0) {
		pthread_kill(thread, SIGUSR2);
	}
	__atomic_store_n(&s.done, 2, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	sigaction(SIGUSR2, &old, NULL);
	rcgo_lane_release(handler_lane);
	*from_handler = handler_pushed;
	return s.pushed;
}

// The results of each way of pushing in a forked child.
int
ringtest_fork(rcgo_ring *ring, int32_t *errors)
{
	struct event e = {6, 0, (uint64_t)6 << 32};
	rcgo_lane *lane = rcgo_lane_acquire(ring);
	int fds[2], got;
	pid_t child;

	rcgo_ring_push(ring, &e, sizeof e); // this thread's lane is cached
	if (lane == NULL || pipe(fds) != 0 || (child = fork()) < 0) {
		return -1;
	}
	if (child == 0) {
		int32_t all[4] = {rcgo_ring_push(ring, &e, sizeof e),
			rcgo_lane_push(lane, &e, sizeof e),
			rcgo_ring_push_shared(ring, &e, sizeof e), rcgo_lane_acquire(ring) == NULL};
		rcgo_lane_release(lane);
		rcgo_ring_release(ring);
		_exit(write(fds[1], all, sizeof all) != sizeof all);
	}
	got = read(fds[0], errors, 16) == 16;
	waitpid(child, NULL, 0);
	close(fds[0]);
	close(fds[1]);
	rcgo_lane_release(lane);
	return got ? 0 : -1;
}

int
ringtest_offsets(size_t *o)
{
	size_t all[] = {sizeof(rcgo_ring), offsetof(rcgo_ring, id),
		offsetof(rcgo_ring, shared_mask), offsetof(rcgo_ring, asleep),
		offsetof(rcgo_ring, refs), offsetof(rcgo_ring, full),
		offsetof(rcgo_ring, shared_tail), offsetof(rcgo_ring, shared_head),
		offsetof(rcgo_ring, shared_waiting), sizeof(rcgo_lane), offsetof(rcgo_lane, owner),
		offsetof(rcgo_lane, tail), offsetof(rcgo_lane, busy), offsetof(rcgo_lane, head),
		offsetof(rcgo_lane, waiting)};

	memcpy(o, all, sizeof all);
	return sizeof all / sizeof *all;
}

void
ringtest_bench(rcgo_ring *ring, uint32_t count, int way)
{
	struct producer p = {.ring = ring, .count = count, .way = way};
	rcgo_lane *lane = way == BY_LANE ? rcgo_lane_acquire(ring) : NULL;

	for (uint32_t i = 0; i < count; i++) {
		struct event e = {1, i, (uint64_t)1 << 32 | i};
		push(&p, lane, &e);
	}
	if (lane != NULL) {
		rcgo_lane_release(lane);
	}
}
