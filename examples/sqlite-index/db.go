// SPDX-License-Identifier: BSD-3-Clause

package main

// #cgo CFLAGS: -std=gnu11 -fno-omit-frame-pointer
// #cgo LDFLAGS: -lsqlite3 -lpthread -ldl -rdynamic
// #include <stdlib.h>
// #include "index.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// database is one connection to SQLite.
type database struct{ db *C.sqlite3 }

type sqliteError struct {
	code int
	text string
}

func (e sqliteError) Error() string { return "sqlite: " + e.text }

func openDatabase(path string) (*database, error) {
	if C.sqlite3_threadsafe() == 0 {
		return nil, sqliteError{C.SQLITE_MISUSE, "this libsqlite3 was built without threads"}
	}
	cpath := C.CString(path)
	defer C.free(unsafe.Pointer(cpath))
	d := &database{}
	flags := C.int(C.SQLITE_OPEN_READWRITE | C.SQLITE_OPEN_CREATE | C.SQLITE_OPEN_FULLMUTEX)
	if rc := C.sqlite3_open_v2(cpath, &d.db, flags, nil); rc != C.SQLITE_OK {
		err := d.check(rc) // after a failure the connection still exists: it holds the error and must be closed
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *database) close() error {
	rc := C.sqlite3_close(d.db)
	if rc == C.SQLITE_OK {
		d.db = nil
	}
	return d.check(rc)
}

func (d *database) check(rc C.int) error {
	if rc == C.SQLITE_OK {
		return nil
	}
	if d.db == nil {
		return sqliteError{int(rc), C.GoString(C.sqlite3_errstr(rc))}
	}
	return sqliteError{int(rc), C.GoString(C.sqlite3_errmsg(d.db))}
}

// exec runs statements that return no rows.
func (d *database) exec(sql string) error {
	csql := C.CString(sql)
	defer C.free(unsafe.Pointer(csql))
	if err := d.check(C.sqlite3_exec(d.db, csql, nil, nil, nil)); err != nil {
		return fmt.Errorf("%w, in %s", err, sql)
	}
	return nil
}

// query calls each for every row. The row's methods text and integer read a column.
func (d *database) query(sql string, each func(r row), args ...string) error {
	csql := C.CString(sql)
	defer C.free(unsafe.Pointer(csql))
	var stmt *C.sqlite3_stmt
	if err := d.check(C.sqlite3_prepare_v2(d.db, csql, -1, &stmt, nil)); err != nil {
		return fmt.Errorf("%w, in %s", err, sql)
	}
	defer C.sqlite3_finalize(stmt)
	for i, arg := range args {
		carg := C.CString(arg)
		rc := C.db_bind_text(stmt, C.int(i+1), carg, C.int(len(arg)))
		C.free(unsafe.Pointer(carg))
		if err := d.check(rc); err != nil {
			return err
		}
	}
	for {
		switch rc := C.sqlite3_step(stmt); rc {
		case C.SQLITE_ROW:
			each(row{stmt})
		case C.SQLITE_DONE:
			return nil
		default:
			return fmt.Errorf("%w, in %s", d.check(rc), sql)
		}
	}
}

type row struct{ stmt *C.sqlite3_stmt }

func (r row) text(column int) string {
	text := C.sqlite3_column_text(r.stmt, C.int(column))
	size := C.sqlite3_column_bytes(r.stmt, C.int(column))
	return C.GoStringN((*C.char)(unsafe.Pointer(text)), size)
}

func (r row) integer(column int) int64 {
	return int64(C.sqlite3_column_int64(r.stmt, C.int(column)))
}

func hasFTS5() bool {
	option := C.CString("ENABLE_FTS5")
	defer C.free(unsafe.Pointer(option))
	return C.sqlite3_compileoption_used(option) != 0
}
