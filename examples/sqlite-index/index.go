// SPDX-License-Identifier: BSD-3-Clause

package main

// #include <stdlib.h>
// #include "index.h"
import "C"

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"runtime/cgo"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// index is a tree of files that is being written to a database.
type index struct {
	root    string
	db      *database
	handle  cgo.Handle // by which C refers to this index
	bar     *bar
	fts     bool
	threads int // number of worker threads that C has created

	took time.Duration

	total, done atomic.Int64
	stop        atomic.Bool // set by a signal; C is told at its next call

	haveStack atomic.Bool
	stack     []string // stack of the first scan: Go frames, then the C frames that called them

	skipLock sync.Mutex
	skipped  []error
}

const schema = `
	CREATE TABLE files(
		id INTEGER PRIMARY KEY,
		path TEXT NOT NULL,
		package TEXT NOT NULL COLLATE gopath,
		size INTEGER NOT NULL,
		lines INTEGER NOT NULL,
		sha256 TEXT NOT NULL)`

// Contentless: words can be searched, but texts are not stored; they are in the files.
const schemaWords = `CREATE VIRTUAL TABLE words USING fts5(text, content='', detail=none)`

// The number of steps of SQLite's virtual machine between two calls of the progress handler.
const progressEvery = 1000

func newIndex(root, dbPath string, b *bar) (*index, error) {
	// Debian's GOROOT consists of symbolic links, and WalkDir does not follow the one it starts at.
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(dbPath)
	if err != nil {
		return nil, err
	}
	ix := &index{root: root, db: db, bar: b, fts: hasFTS5()}
	ix.handle = cgo.NewHandle(ix)
	if err := ix.prepare(); err != nil {
		ix.close()
		return nil, err
	}
	return ix, nil
}

func (ix *index) prepare() error {
	if err := ix.db.check(C.db_register(ix.db.db, C.uintptr_t(ix.handle))); err != nil {
		return err
	}
	C.db_progress(ix.db.db, progressEvery, C.uintptr_t(ix.handle))
	// No sync: the database can be built again at any time.
	if err := ix.db.exec("PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY"); err != nil {
		return err
	}
	if err := ix.db.exec(schema); err != nil {
		return err
	}
	if ix.fts {
		return ix.db.exec(schemaWords)
	}
	return nil
}

func (ix *index) close() error {
	// The connection is closed first, because it may still call back and then needs the handle.
	err := ix.db.close()
	ix.handle.Delete()
	return err
}

// list returns the regular files below the root, as slash-separated paths.
func (ix *index) list() ([]string, error) {
	var paths []string
	err := filepath.WalkDir(ix.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Type().IsRegular() {
			rel, err := filepath.Rel(ix.root, path)
			if err != nil {
				return err
			}
			paths = append(paths, filepath.ToSlash(rel))
		}
		return nil
	})
	return paths, err
}

// build fills the database in one transaction.
func (ix *index) build(threads int) error {
	paths, err := ix.list()
	if err != nil {
		return err
	}
	ix.total.Store(int64(len(paths)))
	start := time.Now()
	defer func() { ix.took = time.Since(start) }()
	defer ix.bar.clear()
	if err := ix.db.exec("BEGIN"); err != nil {
		return err
	}
	err = ix.feed(paths, threads)
	if err == nil {
		err = ix.finish()
	}
	if err != nil {
		// An interrupted statement may have rolled back already. Then this statement fails.
		_ = ix.db.exec("ROLLBACK")
	}
	return err
}

// feed passes the names to the C threads and waits until they have finished.
func (ix *index) feed(paths []string, threads int) error {
	var pool *C.struct_pool
	words := C.int(0)
	if ix.fts {
		words = 1
	}
	rc := C.pool_start(ix.db.db, C.uintptr_t(ix.handle), C.int(threads), words, &pool)
	if rc < 0 {
		return fmt.Errorf("C could not make a thread: %w", syscall.Errno(-rc))
	} else if err := ix.db.check(rc); err != nil {
		return err
	}
	ix.threads = int(C.pool_threads(pool))
	for _, path := range paths {
		cpath := C.CString(path)
		rc = C.pool_push(pool, cpath) // copies
		C.free(unsafe.Pointer(cpath))
		if rc != C.SQLITE_OK {
			break // pool_finish returns the reason
		}
	}
	const textMax = 512
	text := (*C.char)(C.calloc(textMax, 1))
	if text == nil {
		return syscall.ENOMEM
	}
	defer C.free(unsafe.Pointer(text))
	if finished := C.pool_finish(pool, text, textMax); finished != C.SQLITE_OK {
		return sqliteError{int(finished), C.GoString(text)}
	}
	if rc != C.SQLITE_OK {
		return sqliteError{int(rc), "no memory for a file name"}
	}
	return nil
}

// finish builds the search index at the end, by long C calls on a Go thread.
func (ix *index) finish() error {
	err := ix.db.exec("CREATE INDEX files_package ON files(package, size)")
	if err == nil {
		err = ix.db.exec("CREATE UNIQUE INDEX files_path ON files(path COLLATE gopath)")
	}
	if err == nil && ix.fts {
		err = ix.db.exec("INSERT INTO words(words) VALUES('optimize')")
	}
	if err == nil {
		err = ix.db.exec("COMMIT")
	}
	return err
}

// interrupted reports whether the work was stopped by the user rather than by a failure.
func interrupted(err error) bool {
	var e sqliteError
	return errors.As(err, &e) && e.code&0xff == C.SQLITE_INTERRUPT
}

func (ix *index) skip(path string, err error) {
	ix.skipLock.Lock()
	defer ix.skipLock.Unlock()
	ix.skipped = append(ix.skipped, fmt.Errorf("%s: %w", path, err))
}

// keepStack records the callers. With the hooks of trace.c, Go sees the C frames below its own.
func (ix *index) keepStack() {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		// The runtime's frames between Go and C are the same in every stack.
		if name := f.Function; name != "" && !strings.HasPrefix(name, "runtime.") &&
			!strings.HasPrefix(name, "_cgoexp_") {
			ix.stack = append(ix.stack, f.Function)
		}
	}
}

// packageSize is a row of the report.
type packageSize struct {
	name               string
	files, lines, size int64
}

func (ix *index) totals() (t packageSize, packages int64, err error) {
	err = ix.db.query(`SELECT count(*), total(lines), total(size), count(DISTINCT package)
		FROM files`, func(r row) {
		t = packageSize{"", r.integer(0), r.integer(1), r.integer(2)}
		packages = r.integer(3)
	})
	return t, packages, err
}

func (ix *index) largest(n int) (sizes []packageSize, err error) {
	err = ix.db.query(`SELECT package, count(*), sum(lines), sum(size) AS bytes FROM files
		GROUP BY package ORDER BY bytes DESC, package LIMIT `+fmt.Sprint(n), func(r row) {
		sizes = append(sizes, packageSize{r.text(0), r.integer(1), r.integer(2), r.integer(3)})
	})
	return sizes, err
}

// search returns the files that contain a word.
func (ix *index) search(word string) (paths []string, err error) {
	err = ix.db.query(`SELECT path FROM words JOIN files ON files.id = words.rowid
		WHERE words MATCH ? ORDER BY path COLLATE gopath`, func(r row) {
		paths = append(paths, r.text(0))
	}, word)
	return paths, err
}
