// SPDX-License-Identifier: BSD-3-Clause

// Package fromc shows the ways from C to Go of the module rcgo.example with libraries that call back:
// SQLite, LevelDB, expat, qsort_r, librdkafka, and a thread that plays sound.
package fromc

/*
#cgo LDFLAGS: -lsqlite3
#include <sqlite3.h>
#include <stdint.h>

#define FN(name) static void *fn_##name(void) { return (void *)name; }
FN(sqlite3_step) FN(sqlite3_value_int64) FN(sqlite3_result_int64) FN(sqlite3_aggregate_context)

static void half_c(sqlite3_context *c, int n, sqlite3_value **v)
{
	(void)n;
	sqlite3_result_int64(c, sqlite3_value_int64(v[0]) / 2);
}

extern void fromc_half(sqlite3_context *, int, sqlite3_value **);
extern void fromc_product_step(sqlite3_context *, int, sqlite3_value **);
extern void fromc_product_final(sqlite3_context *);
extern int fromc_nocase(void *, int, void *, int, void *);

static int create(sqlite3 *db, const char *name, void *scalar, void *step, void *final)
{
	return sqlite3_create_function_v2(db, name, 1, SQLITE_UTF8, 0,
		(void (*)(sqlite3_context *, int, sqlite3_value **))scalar,
		(void (*)(sqlite3_context *, int, sqlite3_value **))step, (void (*)(sqlite3_context *))final, 0);
}

static int collate(sqlite3 *db, const char *name, void *fn)
{
	return sqlite3_create_collation(db, name, SQLITE_UTF8, 0,
		(int (*)(void *, int, const void *, int, const void *))fn);
}

static void *half_c_fn(void) { return half_c; }
static void *half_export_fn(void) { return fromc_half; }
static void *product_step_export_fn(void) { return fromc_product_step; }
static void *product_final_export_fn(void) { return fromc_product_final; }
static void *nocase_export_fn(void) { return fromc_nocase; }
*/
import "C"

import (
	"fmt"
	"unsafe"

	"rcgo.example/leaf"
)

// What a callback calls of SQLite is short, so these are leaves; sqlite3_step calls back.
var (
	step      = leaf.WithCallbacks[func(stmt unsafe.Pointer) int32]("sqlite3_step", C.fn_sqlite3_step())
	value     = leaf.Of[func(v unsafe.Pointer) int64]("sqlite3_value_int64", C.fn_sqlite3_value_int64())
	result    = leaf.Of[func(c unsafe.Pointer, n int64)]("sqlite3_result_int64", C.fn_sqlite3_result_int64())
	aggregate = leaf.Of[func(c unsafe.Pointer, n int32) unsafe.Pointer]("sqlite3_aggregate_context", C.fn_sqlite3_aggregate_context())
)

// Go functions that SQL calls. Those below with the prefix fromc_ do the same as exported functions.
var (
	half = leaf.CallbackOf("half", func(c unsafe.Pointer, n int32, v *unsafe.Pointer) {
		result(c, value(*v)/2)
	})
	productStep = leaf.CallbackOf("product_step", func(c unsafe.Pointer, n int32, v *unsafe.Pointer) {
		multiply((*[2]int64)(aggregate(c, 16)), value(*v))
	})
	productFinal = leaf.CallbackOf("product_final", func(c unsafe.Pointer) {
		result(c, (*[2]int64)(aggregate(c, 16))[1])
	})
	noCase = leaf.CallbackOf("nocase_go", func(_ unsafe.Pointer, n int32, a unsafe.Pointer, m int32, b unsafe.Pointer) int32 {
		return compareFolded(unsafe.Slice((*byte)(a), n), unsafe.Slice((*byte)(b), m))
	})
)

// multiply adds a value to an aggregate, which is zero at first: a flag and the product.
func multiply(product *[2]int64, value int64) {
	if product[0] == 0 {
		*product = [2]int64{1, 1}
	}
	product[1] = product[1] * value % 1000003
}

// compareFolded compares texts without regard to the case of ASCII letters.
func compareFolded(a, b []byte) int32 {
	for i := 0; i < len(a) && i < len(b); i++ {
		if x, y := folded(a[i]), folded(b[i]); x != y {
			return int32(x) - int32(y)
		}
	}
	return int32(len(a) - len(b))
}

func folded(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

//export fromc_half
func fromc_half(c *C.sqlite3_context, _ C.int, v **C.sqlite3_value) {
	C.sqlite3_result_int64(c, C.sqlite3_value_int64(*v)/2)
}

//export fromc_product_step
func fromc_product_step(c *C.sqlite3_context, _ C.int, v **C.sqlite3_value) {
	multiply((*[2]int64)(C.sqlite3_aggregate_context(c, 16)), int64(C.sqlite3_value_int64(*v)))
}

//export fromc_product_final
func fromc_product_final(c *C.sqlite3_context) {
	C.sqlite3_result_int64(c, C.sqlite3_int64((*[2]int64)(C.sqlite3_aggregate_context(c, 16))[1]))
}

//export fromc_nocase
func fromc_nocase(_ unsafe.Pointer, n C.int, a unsafe.Pointer, m C.int, b unsafe.Pointer) C.int {
	return C.int(compareFolded(unsafe.Slice((*byte)(a), n), unsafe.Slice((*byte)(b), m)))
}

// A DB is a database in memory with the functions half_go, half_c, half_stock, product_go and product_stock, and
// the collations nocase_go and nocase_stock. One goroutine uses it at a time: its lock is held across callbacks.
type DB struct{ db *C.sqlite3 }

// Open makes a table numbers with the column n, from 1 to rows, and a table words.
func Open(rows int) (*DB, error) {
	d := &DB{}
	memory := C.CString(":memory:")
	if rc := C.sqlite3_open(memory, &d.db); rc != 0 {
		return nil, fmt.Errorf("sqlite3_open: %d", rc)
	}
	for name, fn := range map[string]unsafe.Pointer{"half_go": half.Pointer(), "half_c": C.half_c_fn(), "half_stock": C.half_export_fn()} {
		if rc := C.create(d.db, C.CString(name), fn, nil, nil); rc != 0 {
			return nil, fmt.Errorf("%s: %d", name, rc)
		}
	}
	for name, fn := range map[string][2]unsafe.Pointer{
		"product_go":    {productStep.Pointer(), productFinal.Pointer()},
		"product_stock": {C.product_step_export_fn(), C.product_final_export_fn()},
	} {
		if rc := C.create(d.db, C.CString(name), nil, fn[0], fn[1]); rc != 0 {
			return nil, fmt.Errorf("%s: %d", name, rc)
		}
	}
	for name, fn := range map[string]unsafe.Pointer{"nocase_go": noCase.Pointer(), "nocase_stock": C.nocase_export_fn()} {
		if rc := C.collate(d.db, C.CString(name), fn); rc != 0 {
			return nil, fmt.Errorf("%s: %d", name, rc)
		}
	}
	for _, sql := range []string{
		fmt.Sprintf("create table numbers as with recursive c(n) as (select 1 union all select n+1 from c where n < %d) select n from c", rows),
		"create table words(w text)", "insert into words values ('b'), ('A'), ('C'), ('a2')",
	} {
		if _, err := d.Query(sql, false); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// Query gives the text of the first column of each row. Stock makes ordinary calls of sqlite3_step.
func (d *DB) Query(sql string, stock bool) ([]string, error) {
	var stmt *C.sqlite3_stmt
	if rc := C.sqlite3_prepare_v2(d.db, C.CString(sql), -1, &stmt, nil); rc != 0 {
		return nil, fmt.Errorf("%s: %s", sql, C.GoString(C.sqlite3_errmsg(d.db)))
	}
	defer C.sqlite3_finalize(stmt)
	var rows []string
	for {
		rc := int32(0)
		if stock {
			rc = int32(C.sqlite3_step(stmt))
		} else {
			rc = step(unsafe.Pointer(stmt))
		}
		switch rc {
		case C.SQLITE_ROW:
			text := (*C.char)(unsafe.Pointer(C.sqlite3_column_text(stmt, 0)))
			rows = append(rows, C.GoString(text))
		case C.SQLITE_DONE:
			return rows, nil
		default:
			return nil, fmt.Errorf("%s: %s", sql, C.GoString(C.sqlite3_errmsg(d.db)))
		}
	}
}

// Interrupt is for package call.
func (d *DB) Interrupt() { C.sqlite3_interrupt(d.db) }

// Close closes the database.
func (d *DB) Close() { C.sqlite3_close(d.db) }
