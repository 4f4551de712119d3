// SPDX-License-Identifier: BSD-3-Clause
// What the C side of the example offers to Go. Go never hands a Go pointer to C: an index is known
// to C by the number of its runtime/cgo.Handle, and text that crosses is copied or only borrowed.
#ifndef SQLITE_INDEX_H
#define SQLITE_INDEX_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

// What Go found in one file. words is made by Go with malloc and freed by the C worker.
struct row {
	int64_t size;
	int64_t lines;
	char sha256[65];
	char *words;
	size_t words_len;
};

// What goScanFile answers.
enum { SCAN_OK = 0, SCAN_SKIP = 1, SCAN_STOP = 2 };

// db.c: SQLite calls with an argument that cgo cannot spell, and the callbacks' registration.
int db_bind_text(sqlite3_stmt *stmt, int index, const char *text, int len);
int db_register(sqlite3 *db, uintptr_t handle);
void db_progress(sqlite3 *db, int every, uintptr_t handle);
void db_result_text(sqlite3_context *ctx, const char *text, int len);

// pool.c: threads made by C. They take names from a queue in C, ask Go what is in the file, and
// write what they get to the database.
struct pool;
int pool_start(sqlite3 *db, uintptr_t handle, int threads, int with_words, struct pool **out);
int pool_threads(const struct pool *p);
int pool_push(struct pool *p, const char *path);
int pool_finish(struct pool *p, char *error, size_t error_len);

// probe.c: what the program asks of the C library to see that both halves agree.
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

// stats.c: how often C entered Go, and what the hooks saw.
struct stats {
	uint64_t on_go_thread;	  // calls of Go by C on a thread that Go started
	uint64_t on_c_thread;	  // the same on a thread that C made
	uint64_t threads;	  // threads made by C that ran
	uint64_t taken, released; // contexts
	uint64_t signals,
		frames;	  // tracebacks made in a signal handler, and the C frames they found
	uint64_t stacks;  // tracebacks made for a Go stack that continues in C
	uint64_t symbols; // C frames that were given a name
};

void stats_get(struct stats *out);
void stats_c_thread(void);
void stats_entry(void);
void stats_context(int released);
void stats_signal(uint64_t frames);
void stats_stack(void);
void stats_symbol(void);

#endif
