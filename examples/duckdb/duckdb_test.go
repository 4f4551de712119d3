// SPDX-License-Identifier: BSD-3-Clause

package duckdb

import (
	"context"
	"errors"
	"testing"
	"time"
)

type way func(*Statement, context.Context) (int64, error)

var ways = map[string]way{"call.Do": (*Statement).Run, "watching goroutine": (*Statement).RunWatched}

func prepare(t testing.TB, sql string) *Statement {
	db, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	s, err := db.Prepare(sql)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Free)
	return s
}

// A query that would run for hours ends soon after its context, and the next one works.
func TestCancelled(t *testing.T) {
	for name, run := range ways {
		t.Run(name, func(t *testing.T) {
			long := prepare(t, "select sum(a.range * b.range) % 7 from range(10000000) a, range(10000000) b")
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			_, err := run(long, ctx)
			deadline, _ := ctx.Deadline()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			t.Logf("ended %v after its context", time.Since(deadline))
			again, err := long.db.Prepare("select 42")
			if err != nil {
				t.Fatal(err)
			}
			defer again.Free()
			if n, err := run(again, context.Background()); n != 42 || err != nil {
				t.Errorf("the next query: %d, %v", n, err)
			}
		})
	}
}

// A context that ends while the query begins is not lost by call.Do: it interrupts again until the query ends.
func TestCancelledAtOnce(t *testing.T) {
	for i := 0; i < 20; i++ {
		long := prepare(t, "select sum(a.range * b.range) % 7 from range(10000000) a, range(10000000) b")
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*50*time.Microsecond)
		if _, err := long.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		cancel()
	}
}

func BenchmarkQuery(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	all := map[string]way{"without a context": func(s *Statement, _ context.Context) (int64, error) { return s.run() }}
	for name, run := range ways {
		all[name] = run
	}
	for name, run := range all {
		b.Run(name, func(b *testing.B) {
			s := prepare(b, "select 42")
			b.ResetTimer()
			for i := 0; i < b.N; i++ {
				if n, err := run(s, ctx); n != 42 || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}
