// SPDX-License-Identifier: BSD-3-Clause
// C worker threads: a bounded queue of file names; for each name a call to Go and an INSERT. Go
// does not know these threads before they call it. It binds them then and releases them when they
// end.
#include "index.h"
#include "_cgo_export.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *pool_main(void *arg);

enum { QUEUE_LEN = 256, THREADS_MAX = 16 };

struct pool {
	sqlite3 *db;
	sqlite3_stmt *insert_file;
	sqlite3_stmt *insert_words; // NULL where SQLite has no FTS5
	uintptr_t handle;
	int nthreads;
	pthread_t threads[THREADS_MAX];

	pthread_mutex_t lock; // guards the queue, closed, stopped, rc and error
	pthread_cond_t not_empty, not_full;
	char *queue[QUEUE_LEN];
	size_t head, len;
	int closed;  // no more names will be added
	int stopped; // a thread has failed: no more names are taken
	int rc;
	char error[256];

	pthread_mutex_t writer; // one INSERT pair at a time: the statements are shared
};

static void
pool_fail(struct pool *p, int rc, const char *path, const char *what)
{
	pthread_mutex_lock(&p->lock);
	if (!p->stopped) {
		p->stopped = 1;
		p->rc = rc;
		snprintf(p->error, sizeof(p->error), "%s: %s", path, what);
	}
	pthread_cond_broadcast(&p->not_full);
	pthread_cond_broadcast(&p->not_empty);
	pthread_mutex_unlock(&p->lock);
}

// Returns a name, which the caller frees, or NULL if no work is left.
static char *
pool_pop(struct pool *p)
{
	char *path = NULL;

	pthread_mutex_lock(&p->lock);
	while (p->len == 0 && !p->closed && !p->stopped) {
		pthread_cond_wait(&p->not_empty, &p->lock);
	}
	if (p->len > 0 && !p->stopped) {
		path = p->queue[p->head];
		p->head = (p->head + 1) % QUEUE_LEN;
		p->len--;
		pthread_cond_signal(&p->not_full);
	}
	pthread_mutex_unlock(&p->lock);
	return path;
}

// Copies the name. Returns 0, or an SQLite code such as SQLITE_INTERRUPT if the pool has stopped.
int
pool_push(struct pool *p, const char *path)
{
	char *copy = strdup(path);
	int rc = SQLITE_NOMEM;

	if (copy == NULL) {
		return rc;
	}
	pthread_mutex_lock(&p->lock);
	while (p->len == QUEUE_LEN && !p->stopped) {
		pthread_cond_wait(&p->not_full, &p->lock);
	}
	rc = p->rc;
	if (!p->stopped) {
		p->queue[(p->head + p->len) % QUEUE_LEN] = copy;
		p->len++;
		copy = NULL;
		pthread_cond_signal(&p->not_empty);
	}
	pthread_mutex_unlock(&p->lock);
	free(copy);
	return rc;
}

// Runs a bound statement once and resets it for the next row. Its values are not copied
// (SQLITE_STATIC), so the bindings are cleared before the row is freed.
static int
run_once(sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);
	int reset = sqlite3_reset(stmt);

	sqlite3_clear_bindings(stmt);
	if (rc == SQLITE_DONE) {
		return SQLITE_OK;
	}
	return reset != SQLITE_OK ? reset : SQLITE_ERROR;
}

static int
store_file(struct pool *p, const char *path, const struct row *row)
{
	sqlite3_stmt *s = p->insert_file;
	int rc = sqlite3_bind_text(s, 1, path, -1, SQLITE_STATIC);

	if (rc == SQLITE_OK) {
		rc = sqlite3_bind_int64(s, 2, row->size);
	}
	if (rc == SQLITE_OK) {
		rc = sqlite3_bind_int64(s, 3, row->lines);
	}
	if (rc == SQLITE_OK) {
		rc = sqlite3_bind_text(s, 4, row->sha256, -1, SQLITE_STATIC);
	}
	return rc == SQLITE_OK ? run_once(s) : rc;
}

static int
store_words(struct pool *p, const struct row *row)
{
	sqlite3_stmt *s = p->insert_words;
	int rc;

	if (s == NULL || row->words == NULL) {
		return SQLITE_OK;
	}
	rc = sqlite3_bind_int64(s, 1, sqlite3_last_insert_rowid(p->db));
	if (rc == SQLITE_OK) {
		rc = sqlite3_bind_text64(
			s, 2, row->words, row->words_len, SQLITE_STATIC, SQLITE_UTF8);
	}
	return rc == SQLITE_OK ? run_once(s) : rc;
}

static void
store(struct pool *p, const char *path, const struct row *row)
{
	int rc;

	pthread_mutex_lock(&p->writer);
	rc = store_file(p, path, row);
	if (rc == SQLITE_OK) {
		rc = store_words(p, row);
	}
	if (rc != SQLITE_OK) {
		// Under the lock, because errmsg is that of the connection's latest call.
		pool_fail(p, rc, path, sqlite3_errmsg(p->db));
	}
	pthread_mutex_unlock(&p->writer);
}

// Not static, so that the linker keeps its name where dladdr finds it.
void *
pool_main(void *arg)
{
	struct pool *p = arg;
	char *path;

	stats_c_thread();
	while ((path = pool_pop(p)) != NULL) {
		struct row row = {0};

		stats_entry();
		switch (goScanFile(p->handle, path, &row)) {
		case SCAN_OK:
			store(p, path, &row);
			break;
		case SCAN_STOP:
			pool_fail(p, SQLITE_INTERRUPT, path, "interrupted");
			break;
		default: // SCAN_SKIP: Go has recorded the reason
			break;
		}
		free(row.words);
		free(path);
	}
	return NULL;
}

static int
pool_prepare(struct pool *p, int with_words)
{
	static const char files[] = "INSERT INTO files(path, package, size, lines, sha256)"
				    " VALUES(?1, gopackage(?1), ?2, ?3, ?4)";
	static const char words[] = "INSERT INTO words(rowid, text) VALUES(?1, ?2)";
	int rc = sqlite3_prepare_v3(
		p->db, files, -1, SQLITE_PREPARE_PERSISTENT, &p->insert_file, NULL);

	if (rc == SQLITE_OK && with_words) {
		rc = sqlite3_prepare_v3(
			p->db, words, -1, SQLITE_PREPARE_PERSISTENT, &p->insert_words, NULL);
	}
	return rc;
}

static void
pool_free(struct pool *p)
{
	for (; p->len > 0; p->len--) {
		free(p->queue[p->head]);
		p->head = (p->head + 1) % QUEUE_LEN;
	}
	sqlite3_finalize(p->insert_file);
	sqlite3_finalize(p->insert_words);
	pthread_cond_destroy(&p->not_empty);
	pthread_cond_destroy(&p->not_full);
	pthread_mutex_destroy(&p->lock);
	pthread_mutex_destroy(&p->writer);
	free(p);
}

// Starts the threads; fewer than requested are sufficient. Returns 0, an SQLite code, or -errno if
// no thread could be started.
int
pool_start(sqlite3 *db, uintptr_t handle, int threads, int with_words, struct pool **out)
{
	struct pool *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL) {
		return SQLITE_NOMEM;
	}
	p->db = db;
	p->handle = handle;
	pthread_mutex_init(&p->lock, NULL);
	pthread_mutex_init(&p->writer, NULL);
	pthread_cond_init(&p->not_empty, NULL);
	pthread_cond_init(&p->not_full, NULL);
	rc = pool_prepare(p, with_words);
	while (rc == 0 && p->nthreads < threads && p->nthreads < THREADS_MAX) {
		rc = -pthread_create(&p->threads[p->nthreads], NULL, pool_main, p);
		p->nthreads += rc == 0;
	}
	if (p->nthreads == 0) {
		pool_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

int
pool_threads(const struct pool *p)
{
	return p->nthreads;
}

// Waits until the threads have emptied the queue and ended, and frees the pool. Returns 0, or the
// SQLite code of the first failure, whose text is stored in error.
int
pool_finish(struct pool *p, char *error, size_t error_len)
{
	int rc;

	pthread_mutex_lock(&p->lock);
	p->closed = 1;
	pthread_cond_broadcast(&p->not_empty);
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < p->nthreads; i++) {
		pthread_join(p->threads[i], NULL);
	}
	rc = p->rc;
	snprintf(error, error_len, "%s", p->error);
	pool_free(p);
	return rc;
}
