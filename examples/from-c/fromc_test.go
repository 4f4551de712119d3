// SPDX-License-Identifier: BSD-3-Clause

package fromc

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"sort"
	"strings"
	"testing"
	"time"

	"rcgo.example/call"
	"rcgo.example/leaf"
	"rcgo.example/ring"
)

// beside runs two ways in turns and logs the least time of each.
func beside(t *testing.T, what string, ways map[string]func()) {
	fast, why := leaf.FastCallbacks()
	least := map[string]time.Duration{}
	for round := 0; round < 7; round++ {
		for name, run := range ways {
			start := time.Now()
			run()
			if d := time.Since(start); least[name] == 0 || d < least[name] {
				least[name] = d
			}
		}
	}
	t.Logf("%s: %v (fast callbacks: %v %s)", what, least, fast, why)
}

func TestSQLite(t *testing.T) {
	db, err := Open(20000)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	query := func(sql string, want ...string) {
		t.Helper()
		for _, stock := range []bool{false, true} {
			if got, err := db.Query(sql, stock); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %v, %v", sql, got, err)
			}
		}
	}
	query("select sum(half_go(n)) from numbers", "100000000")
	query("select product_go(n) from numbers where n <= 10", "628791")
	query("select w from words order by w collate nocase_go", "A", "a2", "b", "C")
	for sql, want := range map[string]string{
		"select sum(half_stock(n)) from numbers":                 "[100000000]",
		"select product_stock(n) from numbers where n <= 10":     "[628791]",
		"select w from words order by w collate nocase_stock, w": "[A a2 b C]",
	} {
		if got, err := db.Query(sql, true); err != nil || fmt.Sprint(got) != want {
			t.Errorf("an exported function: %s: %v, %v", sql, got, err)
		}
	}
	run := func(sql string, stock bool) func() {
		return func() {
			if _, err := db.Query(sql, stock); err != nil {
				t.Error(err)
			}
		}
	}
	beside(t, "a scalar function, sum(f(n)) of 20,000 rows", map[string]func(){
		"in C":  run("select sum(half_c(n)) from numbers", true),
		"stock": run("select sum(half_stock(n)) from numbers", true),
		"leaf":  run("select sum(half_go(n)) from numbers", false)})
	beside(t, "an aggregate function of 20,000 rows", map[string]func(){
		"in C, sum": run("select sum(n) from numbers", true),
		"stock":     run("select product_stock(n) from numbers", true),
		"leaf":      run("select product_go(n) from numbers", false)})
	beside(t, "a collation, the least of 20,000 texts", map[string]func(){
		"in C, nocase": run("select min(cast(n as text) collate nocase) from numbers", true),
		"stock":        run("select min(cast(n as text) collate nocase_stock) from numbers", true),
		"leaf":         run("select min(cast(n as text) collate nocase_go) from numbers", false)})
}

// A query that would run for minutes ends with its context, by the library's own interrupt.
func TestSQLiteCancelled(t *testing.T) {
	db, err := Open(1000)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	var failure error
	start := time.Now()
	err = call.Do(ctx, func() {
		_, failure = db.Query("select sum(a.n + b.n + c.n + d.n) from numbers a, numbers b, numbers c, numbers d", true)
	}, db.Interrupt)
	if err != context.DeadlineExceeded || failure == nil || !strings.HasSuffix(failure.Error(), "interrupted") || time.Since(start) > 30*time.Second {
		t.Errorf("%v, %v after %v", err, failure, time.Since(start))
	}
	if rows, err := db.Query("select 1", true); err != nil || len(rows) != 1 {
		t.Errorf("the next query: %v %v", rows, err)
	}
}

func TestExpat(t *testing.T) {
	document := "<list>" + strings.Repeat("<item>x</item>", 20000) + "</list>"
	ways := map[string]func(){}
	for name, stock := range map[string]bool{"stock": true, "leaf": false} {
		stock := stock
		ways[name] = func() {
			if starts, ends, err := Elements(document, stock); starts != 20001 || ends != 20001 || err != nil {
				t.Errorf("%d %d %v", starts, ends, err)
			}
		}
	}
	beside(t, "40,002 tags", ways)
	if _, _, err := Elements("<a><b></a>", false); err == nil {
		t.Error("no error")
	}
}

func TestSort(t *testing.T) {
	ways := map[string]func(){}
	for name, stock := range map[string]bool{"stock": true, "leaf": false} {
		stock := stock
		ways[name] = func() {
			list := make([]int32, 20000)
			for i := range list {
				list[i] = int32(i * 7919 % 20011)
			}
			Sort(list, stock)
			if !sort.SliceIsSorted(list, func(i, j int) bool { return list[i] < list[j] }) {
				t.Error("not sorted")
			}
		}
	}
	beside(t, "qsort_r of 20,000 numbers", ways)
}

// The order of a LevelDB's keys is a Go function, which iterators, writers and LevelDB's own thread call.
func TestLevelDB(t *testing.T) {
	const n = 4000 // not a multiple of 7919
	ways := map[string]func(){}
	for name, stock := range map[string]bool{"stock": true, "leaf": false} {
		stock := stock
		s, err := OpenStore(t.TempDir(), stock)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Fill(n); err != nil {
			t.Fatal(err)
		}
		ways[name] = func() {
			if got := s.Keys(0, n-1, stock); got != n {
				t.Errorf("%d of %d keys in order", got, n)
			}
		}
	}
	beside(t, "4,000 keys of LevelDB", ways)
}

func TestKafka(t *testing.T) {
	for _, stock := range []bool{true, false} {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		d, err := Deliver(ctx, 500, stock)
		if d.Reported != 500 || d.Failed != 500 || err != nil {
			t.Errorf("stock %v: %d reported, %d failed, %v", stock, d.Reported, d.Failed, err)
		}
		cancel()
		t.Logf("stock %v: a delivery report takes librdkafka's thread %v, at least %v", stock, d.Median, d.Least)
	}
}

func TestRecord(t *testing.T) {
	for _, wake := range []ring.Wake{ring.Eventfd, ring.Futex} {
		blocks, inOrder, longest, err := Record(wake)
		if err != nil || blocks != 200 || !inOrder {
			t.Errorf("%d blocks, in order: %v, %v", blocks, inOrder, err)
		}
		t.Logf("wake %d: at most %v to Go", wake, longest)
	}
}

// A sound library's thread that may not wait tells Go of each block, while Go collects garbage all the time.
func TestPlay(t *testing.T) {
	stop := make(chan bool)
	done := make(chan bool)
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	for _, stock := range []bool{true, false} {
		p, err := Play(t.TempDir(), 300, stock)
		if err != nil {
			t.Fatal(err)
		}
		if p.Blocks != 300 || !p.InOrder || !p.PeaksAreRight {
			t.Errorf("stock %v: %d blocks, in order %v, peaks right %v", stock, p.Blocks, p.InOrder, p.PeaksAreRight)
		}
		t.Logf("stock %v: the sound library's thread is held up for %v, at most %v; Go has a block after %v", stock, p.Median, p.Worst, p.MedianToGo)
	}
	close(stop)
	<-done
}
