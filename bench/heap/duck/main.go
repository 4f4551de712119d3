// SPDX-License-Identifier: BSD-3-Clause

// Duck keeps a table in DuckDB's memory, and prints what DuckDB and the kernel say of it.
package main

import (
	"database/sql"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	_ "github.com/marcboeker/go-duckdb"
)

func main() {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		fatal(err)
	}
	for _, query := range []string{"SET threads = 2",
		"CREATE TABLE t AS SELECT i, hash(i)::VARCHAR AS name, random() AS value FROM range(3000000) r(i)"} {
		if _, err := db.Exec(query); err != nil {
			fatal(err)
		}
	}
	var groups int
	if err := db.QueryRow("SELECT count(DISTINCT name) FROM t").Scan(&groups); err != nil {
		fatal(err)
	}
	var bytes int64
	if err := db.QueryRow("SELECT sum(memory_usage_bytes)::BIGINT FROM duckdb_memory()").Scan(&bytes); err != nil {
		fatal(err)
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	status, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, "RssAnon") {
			fmt.Println(line)
		}
	}
	fmt.Printf("groups=%d duckdb_memory=%d go=%d\n", groups, bytes, m.Sys-m.HeapReleased)
	if len(os.Args) > 1 {
		time.Sleep(time.Minute)
	}
	runtime.KeepAlive(db)
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
