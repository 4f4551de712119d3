// SPDX-License-Identifier: BSD-3-Clause

// kafka is a producer and a consumer on librdkafka, with the library's own mock broker. The callback
// for the first delivery holds a C lock, and waits in Go; another goroutine wants that lock.
package main

/*
#cgo LDFLAGS: -lrdkafka -lpthread
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

extern void goDelivered(void);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static rd_kafka_t *producer, *consumer;
static rd_kafka_mock_cluster_t *cluster;

static void delivered(rd_kafka_t *k, const rd_kafka_message_t *m, void *opaque) {
	(void)k, (void)m, (void)opaque;
	pthread_mutex_lock(&lock);
	goDelivered();
	pthread_mutex_unlock(&lock);
}

static rd_kafka_t *open_client(rd_kafka_type_t type) {
	char error[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	if (type == RD_KAFKA_PRODUCER) {
		rd_kafka_conf_set(conf, "client.id", "p", error, sizeof error);
		rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	} else {
		rd_kafka_conf_set(conf, "group.id", "g", error, sizeof error);
		rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", error, sizeof error);
	}
	if (cluster != NULL) {
		rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster),
			error, sizeof error);
	}
	rd_kafka_t *k = rd_kafka_new(type, conf, error, sizeof error);
	if (k == NULL) {
		abort();
	}
	return k;
}

static void start(void) {
	rd_kafka_t *mock = open_client(RD_KAFKA_PRODUCER);
	cluster = rd_kafka_mock_cluster_new(mock, 1);
	rd_kafka_mock_topic_create(cluster, "t", 1, 1);
	producer = open_client(RD_KAFKA_PRODUCER);
	consumer = open_client(RD_KAFKA_CONSUMER);
	rd_kafka_poll_set_consumer(consumer);
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(topics, "t", RD_KAFKA_PARTITION_UA);
	rd_kafka_subscribe(consumer, topics);
	rd_kafka_topic_partition_list_destroy(topics);
}

static void produce(void) {
	rd_kafka_producev(producer, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_VALUE("hello", 5),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
}

static void poll_forever(void) { for (;;) { rd_kafka_poll(producer, 1000000); } }

// Returns after the first message.
static void consume(int timeout) {
	for (;;) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(consumer, timeout);
		if (m != NULL) {
			int good = m->err == RD_KAFKA_RESP_ERR_NO_ERROR;
			rd_kafka_message_destroy(m);
			if (good) {
				return;
			}
		}
	}
}

static void want_the_lock(void) { pthread_mutex_lock(&lock); }
*/
import "C"

import (
	"fmt"
	"os"
	"time"
)

var (
	called = make(chan bool)
	never  = make(chan bool)
)

//export goDelivered
func goDelivered() {
	called <- true
	<-never
}

//go:noinline
func poll() { C.poll_forever() }

//go:noinline
func consume() { C.consume(1000000) }

//go:noinline
func wantTheLock() { C.want_the_lock() }

func main() {
	C.start()
	C.produce()
	go poll()
	<-called
	C.consume(1000)
	go consume()
	go wantTheLock()
	time.Sleep(500 * time.Millisecond)
	fmt.Println("ready")
	os.Stdin.Read(make([]byte, 1))
}
