// SPDX-License-Identifier: BSD-3-Clause

package fromc

/*
#cgo CFLAGS: -I${SRCDIR}/../../go/include
#cgo LDFLAGS: -lrdkafka -lpthread
#include "rcgo_ring.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct report {
	uint64_t message;
	int32_t error, partition;
};

// Runs on the thread that polls, which Go need not know.
static void delivered(rd_kafka_t *k, const rd_kafka_message_t *m, void *ring)
{
	struct report r = { (uintptr_t)m->_private, m->err, m->partition };

	(void)k;
	rcgo_ring_push((rcgo_ring *)ring, &r, sizeof r);
}

struct poller { rd_kafka_t *kafka; rcgo_ring *ring; int stop; pthread_t thread; };

static void *poll_main(void *arg)
{
	struct poller *p = arg;

	while (!__atomic_load_n(&p->stop, __ATOMIC_ACQUIRE)) {
		rd_kafka_poll(p->kafka, 20);
	}
	rcgo_ring_release(p->ring);
	return NULL;
}

// A producer without a broker: every message fails after 50 ms, and is reported.
static struct poller *kafka_start(rcgo_ring *ring)
{
	char error[256];
	struct poller *p = calloc(1, sizeof *p);
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set(conf, "bootstrap.servers", "127.0.0.1:1", error, sizeof error);
	rd_kafka_conf_set(conf, "message.timeout.ms", "50", error, sizeof error);
	rd_kafka_conf_set(conf, "log_level", "0", error, sizeof error);
	rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	rd_kafka_conf_set_opaque(conf, ring);
	p->kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
	p->ring = ring;
	if (p->kafka == NULL || rcgo_ring_acquire(ring) != 0 || pthread_create(&p->thread, NULL, poll_main, p) != 0) {
		return NULL;
	}
	return p;
}

static int kafka_send(struct poller *p, uintptr_t message)
{
	return rd_kafka_producev(p->kafka, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_VALUE("x", 1),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE((void *)message), RD_KAFKA_V_END);
}

static void kafka_stop(struct poller *p)
{
	__atomic_store_n(&p->stop, 1, __ATOMIC_RELEASE);
	pthread_join(p->thread, NULL);
	rd_kafka_destroy(p->kafka);
	free(p);
}

struct block { uint64_t number, at; float level[8]; };

// A thread of a sound library: each millisecond it hands over what it has recorded. It never waits.
static void *record(void *arg)
{
	rcgo_lane *lane = arg;
	struct timespec now, pause = {0, 1000000};

	for (uint64_t i = 0; i < 200; i++) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		struct block b = {i, (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec, {(float)i}};
		rcgo_lane_trypush(lane, &b, sizeof b);
		nanosleep(&pause, NULL);
	}
	rcgo_lane_release(lane);
	return NULL;
}

// The lane is acquired here, before Go drains the ring.
static int sound_start(rcgo_ring *ring)
{
	rcgo_lane *lane = rcgo_lane_acquire(ring);
	pthread_t thread;

	return lane == NULL || pthread_create(&thread, NULL, record, lane) != 0 || pthread_detach(thread) != 0;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
*/
import "C"

import (
	"context"
	"errors"
	"time"

	"rcgo.example/ring"
)

// Deliveries sends n messages to a broker that is not there, and counts the reports that come through
// a ring: how many messages were reported once, and with an error.
func Deliveries(ctx context.Context, n int) (reported, failed int, err error) {
	r, err := ring.New[C.struct_report](ring.Options{})
	if err != nil {
		return 0, 0, err
	}
	defer r.Close()
	p := C.kafka_start((*C.rcgo_ring)(r.C()))
	if p == nil {
		return 0, 0, errors.New("librdkafka does not start")
	}
	defer C.kafka_stop(p)
	for i := 1; i <= n; i++ {
		if rc := C.kafka_send(p, C.uintptr_t(i)); rc != 0 {
			return 0, 0, errors.New("rd_kafka_producev")
		}
	}
	seen := make([]bool, n+1)
	r.Batches(ctx)(func(batch []C.struct_report) bool {
		for i := range batch {
			if !seen[batch[i].message] {
				seen[batch[i].message] = true
				reported++
			}
			if batch[i].error != 0 {
				failed++
			}
		}
		return reported < n
	})
	return reported, failed, nil
}

// Record takes 200 blocks of a thread that may not wait, and tells the longest way of one to Go.
func Record(wake ring.Wake) (blocks int, inOrder bool, longest time.Duration, err error) {
	r, err := ring.New[C.struct_block](ring.Options{Lanes: 1, Records: 256, Full: ring.Fail, Wake: wake})
	if err != nil {
		return 0, false, 0, err
	}
	defer r.Close()
	if C.sound_start((*C.rcgo_ring)(r.C())) != 0 {
		return 0, false, 0, errors.New("pthread_create")
	}
	r.Drain()
	inOrder = true
	r.Batches(context.Background())(func(batch []C.struct_block) bool {
		for i := range batch {
			inOrder = inOrder && int(batch[i].number) == blocks && int(batch[i].level[0]) == blocks
			blocks++
			if d := time.Duration(C.now_ns() - batch[i].at); d > longest {
				longest = d
			}
		}
		return true
	})
	return blocks, inOrder, longest, nil
}
