// SPDX-License-Identifier: BSD-3-Clause

// Sqlite-leak is a small shop that loses C memory in two ways that Go's heap profile does not show.
// A price is looked up by a prepared statement that nothing closes. And each report leaves its statement
// to a finalizer: it waits for a garbage collection, which Go has no reason to start, because the Go heap
// hardly grows.
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"
	"rcgo.example/cheap"
)

var (
	requests = flag.Int("requests", 3000, "how many prices to look up")
	reports  = flag.Int("reports", 0, "how many reports to make")
	fixed    = flag.Bool("fixed", false, "close the statements")
	pace     = flag.Bool("pace", false, "let the C heap start garbage collections")
	curve    = flag.Bool("curve", false, "print the C heap in bytes every 10 ms")
	wait     = flag.Bool("wait", false, "wait at the end for the end of the input")
)

func open() (*sql.DB, error) {
	db, err := sql.Open("sqlite3", "file::memory:?cache=shared")
	if err != nil {
		return nil, err
	}
	_, err = db.Exec("CREATE TABLE price (id INTEGER PRIMARY KEY, cents INTEGER);" +
		"WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i < 1000)" +
		"INSERT INTO price SELECT i, i * 7 % 900 FROM n")
	return db, err
}

//go:noinline
func lookup(db *sql.DB, id int) (cents int, err error) {
	stmt, err := db.Prepare("SELECT cents FROM price WHERE id = ?") // line: leak
	if err != nil {
		return 0, err
	}
	if *fixed {
		defer stmt.Close()
	}
	err = stmt.QueryRow(id).Scan(&cents)
	return cents, err
}

// report runs a large query. The driver's statement has a finalizer that frees its C memory.
//
//go:noinline
func report(db *sql.DB, query string) error {
	conn, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(c any) error {
		stmt, err := c.(*sqlite3.SQLiteConn).Prepare(query)
		if err != nil {
			return err
		}
		rows, err := stmt.Query(nil)
		if err != nil {
			return err
		}
		defer rows.Close()
		return rows.Next(make([]driver.Value, 1))
	})
}

func printCurve(stop <-chan bool) {
	start := time.Now()
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		select {
		case <-tick.C:
			s, _ := cheap.Read()
			fmt.Println(time.Since(start).Milliseconds(), int64(s.Live))
		case <-stop:
			return
		}
	}
}

func run() error {
	if *pace {
		stop, err := cheap.PaceGC(cheap.Pace{Percent: 100, Min: 16 << 20})
		if err != nil {
			return err
		}
		defer stop()
	}
	if *curve {
		stop := make(chan bool)
		go printCurve(stop)
		defer func() { stop <- true }()
	}
	db, err := open()
	if err != nil {
		return err
	}
	for i := 0; i < *requests; i++ {
		if _, err := lookup(db, 1+i%1000); err != nil {
			return err
		}
	}
	query := "SELECT count(*) FROM price WHERE id = 1 AND (" + strings.Repeat("id % 7 = cents OR ", 400) + "0)"
	for i := 0; i < *reports; i++ {
		if err := report(db, query); err != nil {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
	if *wait {
		fmt.Println("ready")
		os.Stdin.Read(make([]byte, 1))
	}
	runtime.KeepAlive(db)
	return nil
}

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "sqlite-leak:", err)
		os.Exit(1)
	}
}
