// SPDX-License-Identifier: BSD-3-Clause

// Sqlite-crash crashes inside SQLite, called from Go through database/sql, in one of two ways: an SQL
// function in C follows a bad pointer, or passes an invalid statement handle to SQLite.
package main

// #cgo LDFLAGS: -Wl,--unresolved-symbols=ignore-all
// #include "shop.h"
import "C"

import (
	"database/sql"
	"fmt"
	"os"

	_ "github.com/mattn/go-sqlite3"
)

func main() {
	if len(os.Args) != 2 || os.Args[1] != "function" && os.Args[1] != "handle" {
		fmt.Fprintln(os.Stderr, "usage: sqlite-crash function | handle")
		os.Exit(1)
	}
	C.shop_open() // every connection gets the SQL functions
	shop, err := sql.Open("sqlite3", ":memory:")
	check(err)
	shop.SetMaxOpenConns(1)
	_, err = shop.Exec(`CREATE TABLE goods(name TEXT, weight INTEGER);
		INSERT INTO goods VALUES ('pear', 180), ('plum', 40), ('melon', 2100)`)
	check(err)
	fmt.Println("dearest first:", dearest(shop, os.Args[1]))
}

func dearest(shop *sql.DB, way string) (names []string) {
	query := `SELECT name FROM goods ORDER BY shop_price(weight) DESC`
	if way == "handle" {
		query = `SELECT name FROM goods WHERE shop_stock(weight) > 0`
	}
	rows, err := shop.Query(query)
	check(err)
	defer rows.Close()
	for rows.Next() {
		var name string
		check(rows.Scan(&name))
		names = append(names, name)
	}
	check(rows.Err())
	return names
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "sqlite-crash:", err)
		os.Exit(1)
	}
}
