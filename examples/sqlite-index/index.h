// SPDX-License-Identifier: BSD-3-Clause
// The C side of the example, as Go calls it. Go never passes a Go pointer to C: C refers to an
// index by its runtime/cgo.Handle, and text is copied or used during the call only.
#ifndef SQLITE_INDEX_H
#define SQLITE_INDEX_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

// What Go has found in one file. Go allocates words with malloc; the C worker frees it.
struct row {
	int64_t size;
	int64_t lines;
	char sha256[65];
	char *words;
	size_t words_len;
};

// The result of goScanFile.
enum { SCAN_OK = 0, SCAN_SKIP = 1, SCAN_STOP = 2 };

// db.c: SQLite calls with an argument that cgo cannot express, and registration of the callbacks.
int db_bind_text(sqlite3_stmt *stmt, int index, const char *text, int len);
int db_register(sqlite3 *db, uintptr_t handle);
void db_progress(sqlite3 *db, int every, uintptr_t handle);
void db_result_text(sqlite3_context *ctx, const char *text, int len);

// pool.c: C threads. They take names from a queue in C, ask Go what is in each file, and write the
// answer to the database.
struct pool;
int pool_start(sqlite3 *db, uintptr_t handle, int threads, int with_words, struct pool **out);
int pool_threads(const struct pool *p);
int pool_push(struct pool *p, const char *path);
int pool_finish(struct pool *p, char *error, size_t error_len);

// probe.c: questions to the C library, to check that Go and C agree.
int probe_thread(uintptr_t handle, int signo, int *recovered);
int probe_meet(int party);
void probe_sampled(int seconds);
int probe_env_is(const char *name, const char *value);
int probe_terminal(int fd);
int probe_handler(int signo, int *on_altstack);

// trace.c: how Go sees C frames. The three hooks are given to runtime.SetCgoTraceback.
void trace_init(void);
void trace_mark(void *pc, void *frame);
void trace_callers(void *arg);
void trace_context(void *arg);
void trace_symbol(void *arg);

// stats.c: how often C called Go, and what the hooks saw.
struct stats {
	uint64_t on_go_thread;	  // calls from C to Go on a thread that Go started
	uint64_t on_c_thread;	  // calls from C to Go on a C thread
	uint64_t threads;	  // C threads that ran
	uint64_t taken, released; // contexts
	uint64_t signals,
		frames;	  // tracebacks in a signal handler, and the C frames that they found
	uint64_t stacks;  // tracebacks of a Go stack that continues in C
	uint64_t symbols; // C frames that were symbolized
};

void stats_get(struct stats *out);
void stats_c_thread(void);
void stats_entry(void);
void stats_context(int released);
void stats_signal(uint64_t frames);
void stats_stack(void);
void stats_symbol(void);

#endif
