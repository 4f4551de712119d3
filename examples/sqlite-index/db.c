// SPDX-License-Identifier: BSD-3-Clause
// SQLite's callbacks. Each counts its calls and calls the exported Go function for the same task.
// They exist because the prototypes that cgo generates for Go functions have no const.
#include "index.h"
#include "_cgo_export.h"

// SQLite keeps a void * for each callback; a cgo.Handle is a number, never a pointer.
static void *
handle_to_arg(uintptr_t handle)
{
	return (void *)handle;
}

static uintptr_t
arg_to_handle(void *arg)
{
	return (uintptr_t)arg;
}

static int
on_compare(void *arg, int alen, const void *a, int blen, const void *b)
{
	stats_entry();
	return goCompare(arg_to_handle(arg), alen, (char *)a, blen, (char *)b);
}

static void
on_package(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const char *path;

	if (argc != 1 || sqlite3_value_type(argv[0]) == SQLITE_NULL) {
		sqlite3_result_null(ctx);
		return;
	}
	path = (const char *)sqlite3_value_text(argv[0]);
	if (path == NULL) {
		sqlite3_result_error_nomem(ctx);
		return;
	}
	stats_entry();
	goPackage(arg_to_handle(sqlite3_user_data(ctx)), ctx, (char *)path,
		sqlite3_value_bytes(argv[0]));
}

static int
on_progress(void *arg)
{
	stats_entry();
	return goProgress(arg_to_handle(arg));
}

int
db_bind_text(sqlite3_stmt *stmt, int index, const char *text, int len)
{
	// SQLITE_TRANSIENT, which makes SQLite copy, is -1 cast to a function pointer. Only C can
	// do that.
	return sqlite3_bind_text(stmt, index, text, len, SQLITE_TRANSIENT);
}

void
db_result_text(sqlite3_context *ctx, const char *text, int len)
{
	sqlite3_result_text(ctx, text, len, SQLITE_TRANSIENT);
}

int
db_register(sqlite3 *db, uintptr_t handle)
{
	int rc = sqlite3_create_collation_v2(
		db, "gopath", SQLITE_UTF8, handle_to_arg(handle), on_compare, NULL);

	if (rc != SQLITE_OK) {
		return rc;
	}
	return sqlite3_create_function_v2(db, "gopackage", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
		handle_to_arg(handle), on_package, NULL, NULL, NULL);
}

// every: the number of steps of SQLite's virtual machine between two calls; 0 stops the calls.
void
db_progress(sqlite3 *db, int every, uintptr_t handle)
{
	sqlite3_progress_handler(db, every, every > 0 ? on_progress : NULL, handle_to_arg(handle));
}
