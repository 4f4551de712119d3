// SPDX-License-Identifier: BSD-3-Clause

// Package duckdb ends a query of DuckDB when its context ends, in two ways: by a goroutine that watches each query, which is
// the usual way, and by call.Do. duckdb.h is in the module that has the library, so:
//
//	export CGO_CFLAGS="-O2 -g -I$(go list -m -f '{{.Dir}}' github.com/duckdb/duckdb-go-bindings/lib/linux-amd64)"
package duckdb

/*
#include <duckdb.h>
#include <stdlib.h>

*/
import "C"

import (
	"context"
	"errors"
	"unsafe"

	_ "github.com/duckdb/duckdb-go-bindings/lib/linux-amd64" // the library
	"rcgo.example/call"
)

// A DB is a database in memory, with one connection.
type DB struct {
	db         C.duckdb_database
	connection C.duckdb_connection
}

// Open opens a database.
func Open() (*DB, error) {
	d := &DB{}
	if C.duckdb_open(nil, &d.db) != C.DuckDBSuccess {
		return nil, errors.New("duckdb_open")
	}
	if C.duckdb_connect(d.db, &d.connection) != C.DuckDBSuccess {
		C.duckdb_close(&d.db)
		return nil, errors.New("duckdb_connect")
	}
	return d, nil
}

// Close closes it.
func (d *DB) Close() {
	C.duckdb_disconnect(&d.connection)
	C.duckdb_close(&d.db)
}

// Prepare prepares a query. Free its statement.
func (d *DB) Prepare(sql string) (*Statement, error) {
	text := C.CString(sql)
	defer C.free(unsafe.Pointer(text))
	s := &Statement{db: d}
	if C.duckdb_prepare(d.connection, text, &s.stmt) != C.DuckDBSuccess {
		err := errors.New(C.GoString(C.duckdb_prepare_error(s.stmt)))
		C.duckdb_destroy_prepare(&s.stmt)
		return nil, err
	}
	return s, nil
}

// A Statement is a query whose result is one number.
type Statement struct {
	db   *DB
	stmt C.duckdb_prepared_statement
}

// Free frees it.
func (s *Statement) Free() { C.duckdb_destroy_prepare(&s.stmt) }

func (s *Statement) run() (int64, error) {
	var result C.duckdb_result
	defer C.duckdb_destroy_result(&result)
	if C.duckdb_execute_prepared(s.stmt, &result) != C.DuckDBSuccess {
		return 0, errors.New(C.GoString(C.duckdb_result_error(&result)))
	}
	return int64(C.duckdb_value_int64(&result, 0, 0)), nil
}

// Run runs the query until ctx ends, by call.Do.
func (s *Statement) Run(ctx context.Context) (n int64, err error) {
	ended := call.Do(ctx, func() { n, err = s.run() }, func() { C.duckdb_interrupt(s.db.connection) })
	if ended != nil {
		return 0, ended
	}
	return n, err
}

// RunWatched is Run with a goroutine that watches.
func (s *Statement) RunWatched(ctx context.Context) (n int64, err error) {
	over := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-ctx.Done():
			C.duckdb_interrupt(s.db.connection) // lost if the query has not begun
		case <-over:
		}
	}()
	n, err = s.run()
	close(over)
	<-watched
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	return n, err
}
