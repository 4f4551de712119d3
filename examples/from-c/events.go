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

struct poller { rd_kafka_t *kafka; rcgo_ring *ring; int stop, stock; pthread_t thread; uint64_t took[1024], n; };

extern void fromc_delivered(struct report);

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// Runs on the thread that polls, which Go need not know.
static void delivered(rd_kafka_t *k, const rd_kafka_message_t *m, void *opaque)
{
	struct poller *p = opaque;
	struct report r = { (uintptr_t)m->_private, m->err, m->partition };
	uint64_t start = now_ns();

	(void)k;
	if (p->stock) {
		fromc_delivered(r);
	} else {
		rcgo_ring_push(p->ring, &r, sizeof r);
	}
	p->took[p->n++ % 1024] = now_ns() - start;
}

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
static struct poller *kafka_start(rcgo_ring *ring, int stock)
{
	char error[256];
	struct poller *p = calloc(1, sizeof *p);
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set(conf, "bootstrap.servers", "127.0.0.1:1", error, sizeof error);
	rd_kafka_conf_set(conf, "message.timeout.ms", "50", error, sizeof error);
	rd_kafka_conf_set(conf, "log_level", "0", error, sizeof error);
	rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	rd_kafka_conf_set_opaque(conf, p);
	p->kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
	p->ring = ring;
	p->stock = stock;
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
*/
import "C"

import (
	"context"
	"errors"
	"sort"
	"time"
	"unsafe"

	"rcgo.example/ring"
)

// A Delivery says how many messages librdkafka has reported, how many of them with an error, and how long a report
// has held up the thread that polls.
type Delivery struct {
	Reported, Failed int
	Least, Median    time.Duration
}

// stockReports takes the reports of fromc_delivered.
var stockReports chan C.struct_report

//export fromc_delivered
func fromc_delivered(r C.struct_report) { stockReports <- r }

// Deliver sends n messages to a broker that is not there, and counts the reports that come through a ring. Stock: by
// an exported function and a channel.
func Deliver(ctx context.Context, n int, stock bool) (d Delivery, err error) {
	r, err := ring.New[C.struct_report](ring.Options{})
	if err != nil {
		return d, err
	}
	defer r.Close()
	ordinary := C.int(0)
	if stock {
		ordinary, stockReports = 1, make(chan C.struct_report, n)
	}
	p := C.kafka_start((*C.rcgo_ring)(r.C()), ordinary)
	if p == nil {
		return d, errors.New("librdkafka does not start")
	}
	defer func() {
		C.kafka_stop(p)
		took := p.took[:]
		if int(p.n) < len(took) {
			took = took[:p.n]
		}
		sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
		if len(took) > 0 {
			d.Least, d.Median = time.Duration(took[0]), time.Duration(took[len(took)/2])
		}
		C.free(unsafe.Pointer(p))
	}()
	for i := 1; i <= n; i++ {
		if rc := C.kafka_send(p, C.uintptr_t(i)); rc != 0 {
			return d, errors.New("rd_kafka_producev")
		}
	}
	seen := make([]bool, n+1)
	count := func(batch []C.struct_report) bool {
		for i := range batch {
			if !seen[batch[i].message] {
				seen[batch[i].message] = true
				d.Reported++
			}
			if batch[i].error != 0 {
				d.Failed++
			}
		}
		return d.Reported < n
	}
	if !stock {
		r.Batches(ctx)(count)
		return d, nil
	}
	for more := true; more; {
		select {
		case report := <-stockReports:
			more = count([]C.struct_report{report})
		case <-ctx.Done():
			more = false
		}
	}
	return d, nil
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
