// SPDX-License-Identifier: BSD-3-Clause

// Work runs one load of the heap benchmark, and prints what it measured. It ends with C memory in use.
package main

/*
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void
pairs(long n)
{
	for (long i = 0; i < n; i++) {
		void *p = malloc(100);

		__asm__("" : : "r"(p) : "memory");
		free(p);
	}
}

// A ring of 512 blocks of 16 to 527 bytes.
static void *
ring(void *arg)
{
	long n = (long)arg;
	void *kept[512] = {0};
	uint32_t x = 1;

	for (long i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		free(kept[i & 511]);
		kept[i & 511] = malloc(16 + (x >> 23));
	}
	for (int i = 0; i < 512; i++) {
		free(kept[i]);
	}
	return NULL;
}

static void
rings(long n)
{
	pthread_t other;

	if (pthread_create(&other, NULL, ring, (void *)n) == 0) {
		ring((void *)n);
		pthread_join(other, NULL);
	}
}

static void *kept[100000];

static __attribute__((noinline)) void
lose(int times, size_t size)
{
	static int n;

	for (int i = 0; i < times; i++) {
		kept[n] = malloc(size);
		memset(kept[n++], 1, size);
	}
}

// The bytes that libc has given to the program, with its own overhead.
static long
in_use(void)
{
	struct mallinfo2 m = mallinfo2();

	return (long)(m.uordblks + m.hblkhd);
}
*/
import "C"

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"github.com/DataDog/zstd"
	_ "github.com/mattn/go-sqlite3"
	sitter "github.com/smacker/go-tree-sitter"
	"github.com/smacker/go-tree-sitter/golang"
)

const pairsRun = 20_000_000

var hold []any

var loads = map[string]func() error{
	"none":  func() error { return nil },
	"pairs": func() error { C.pairs(pairsRun); return nil },
	"ring":  func() error { C.ring(number(pairsRun / 2)); return nil },
	"rings": func() error { C.rings(pairsRun / 4); return nil },
	"lose": func() error {
		loseSmall()
		loseBig()
		return nil
	},
	"sqlite":     sqlite,
	"treesitter": treeSitter,
	"zstd":       compress,
}

// number makes an argument of a thread function.
func number(n int) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&n)) }

//go:noinline
func loseSmall() { C.lose(50000, 1000) }

//go:noinline
func loseBig() { C.lose(2000, 30000) }

func sqlite() error {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	hold = append(hold, db)
	if _, err := db.Exec("PRAGMA cache_size = -200000; CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, value REAL)"); err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	insert, err := tx.Prepare("INSERT INTO t (name, value) VALUES (?, ?)")
	if err != nil {
		return err
	}
	for i := 0; i < 150_000; i++ {
		if _, err := insert.Exec(fmt.Sprintf("a name that takes some place %d", i*7919%1000003), float64(i)); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	for i := 0; i < 2000; i++ {
		var n int
		row := db.QueryRowContext(context.Background(), "SELECT count(*) FROM t WHERE id BETWEEN ? AND ?", i, i+50)
		if err := row.Scan(&n); err != nil {
			return err
		}
	}
	_, err = db.Exec("CREATE INDEX i ON t (name)")
	return err
}

func treeSitter() error {
	source, err := os.ReadFile(filepath.Join(runtime.GOROOT(), "src/net/http/server.go"))
	if err != nil {
		return err
	}
	for i := 0; i < 36; i++ {
		parser := sitter.NewParser()
		parser.SetLanguage(golang.GetLanguage())
		tree, err := parser.ParseCtx(context.Background(), nil, source)
		if err != nil {
			return err
		}
		if i%6 == 0 {
			hold = append(hold, tree)
		} else {
			tree.Close()
		}
		parser.Close()
	}
	return nil
}

func compress() error {
	text := make([]byte, 1<<20)
	for i := range text {
		text[i] = byte(i * i >> 7)
	}
	for i := 0; i < 60; i++ {
		small, err := zstd.CompressLevel(nil, text[i:], 5)
		if err != nil {
			return err
		}
		if _, err := zstd.Decompress(nil, small); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if len(os.Args) < 2 || loads[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: work none|pairs|ring|rings|lose|sqlite|treesitter|zstd")
		os.Exit(2)
	}
	start := time.Now()
	if err := loads[os.Args[1]](); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	took := time.Since(start)
	var use syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &use)
	fmt.Printf("wall=%d cpu=%d inuse=%d\n", took.Nanoseconds(), use.Utime.Nano()+use.Stime.Nano(), int64(C.in_use()))
	runtime.KeepAlive(hold)
	if len(os.Args) > 2 {
		time.Sleep(time.Minute)
	}
}
