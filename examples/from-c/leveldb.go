// SPDX-License-Identifier: BSD-3-Clause

package fromc

/*
#cgo LDFLAGS: -lleveldb
#include <leveldb/c.h>
#include <stdlib.h>

extern int fromc_numbers(void *, char *, size_t, char *, size_t);

static const char *order_name(void *state) { (void)state; return "numbers"; }
static void nothing(void *state) { (void)state; }

static leveldb_comparator_t *order_of(void *compare)
{
	return leveldb_comparator_create(0, nothing,
		(int (*)(void *, const char *, size_t, const char *, size_t))compare, order_name);
}

static void *numbers_fn(void) { return fromc_numbers; }
static void *next_fn(void) { return leveldb_iter_next; }
static void *seek_fn(void) { return leveldb_iter_seek; }
static void *valid_fn(void) { return leveldb_iter_valid; }
static void *key_fn(void) { return leveldb_iter_key; }
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"rcgo.example/leaf"
)

// The iterator compares keys as it moves. Its reads come from memory here; for a large file on a slow
// disk the ordinary calls are right.
var (
	iterNext  = leaf.WithCallbacks[func(it unsafe.Pointer)]("leveldb_iter_next", C.next_fn())
	iterSeek  = leaf.WithCallbacks[func(it unsafe.Pointer, key string)]("leveldb_iter_seek", C.seek_fn())
	iterValid = leaf.Of[func(it unsafe.Pointer) uint8]("leveldb_iter_valid", C.valid_fn())
	iterKey   = leaf.Of[func(it unsafe.Pointer, length *uintptr) unsafe.Pointer]("leveldb_iter_key", C.key_fn())

	// Called by iterators, by writes, which are ordinary cgo calls, and by LevelDB's own thread.
	numbers = leaf.CallbackOf("numbers", func(_, a unsafe.Pointer, n uintptr, b unsafe.Pointer, m uintptr) int32 {
		return int32(compareNumbers(unsafe.Slice((*byte)(a), n), unsafe.Slice((*byte)(b), m)))
	})
)

//export fromc_numbers
func fromc_numbers(_ unsafe.Pointer, a *C.char, n C.size_t, b *C.char, m C.size_t) C.int {
	return C.int(compareNumbers(unsafe.Slice((*byte)(unsafe.Pointer(a)), n), unsafe.Slice((*byte)(unsafe.Pointer(b)), m)))
}

// compareNumbers compares decimal numbers without leading zeros.
func compareNumbers(a, b []byte) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	for i := range a {
		if a[i] != b[i] {
			return int(a[i]) - int(b[i])
		}
	}
	return 0
}

// A Store is a LevelDB in a directory, whose keys are in the order of numbers, by a function in Go.
type Store struct {
	db    *C.leveldb_t
	order *C.leveldb_comparator_t
}

// OpenStore makes a store. Stock takes an exported function for the order.
func OpenStore(directory string, stock bool) (*Store, error) {
	compare := numbers.Pointer()
	if stock {
		compare = C.numbers_fn()
	}
	s := &Store{order: C.order_of(compare)}
	o := C.leveldb_options_create()
	defer C.leveldb_options_destroy(o)
	C.leveldb_options_set_comparator(o, s.order)
	C.leveldb_options_set_create_if_missing(o, 1)
	C.leveldb_options_set_write_buffer_size(o, 64<<10) // so that its thread has something to merge
	name := C.CString(directory)
	defer C.free(unsafe.Pointer(name))
	var failure *C.char
	s.db = C.leveldb_open(o, name, &failure)
	if failure != nil {
		defer C.leveldb_free(unsafe.Pointer(failure))
		return nil, errors.New(C.GoString(failure))
	}
	return s, nil
}

// Fill puts the keys 0 to n-1, in another order, and merges all levels.
func (s *Store) Fill(n int) error {
	o := C.leveldb_writeoptions_create()
	defer C.leveldb_writeoptions_destroy(o)
	for i := 0; i < n; i++ {
		key := []byte(fmt.Sprint(i * 7919 % n))
		at := (*C.char)(unsafe.Pointer(&key[0]))
		var failure *C.char
		C.leveldb_put(s.db, o, at, C.size_t(len(key)), at, C.size_t(len(key)), &failure)
		if failure != nil {
			return errors.New(C.GoString(failure))
		}
	}
	C.leveldb_compact_range(s.db, nil, 0, nil, 0)
	return nil
}

// Keys looks every key from first to last up, one by one, and gives the number of those that are in order.
func (s *Store) Keys(first, last int, stock bool) (inOrder int) {
	o := C.leveldb_readoptions_create()
	defer C.leveldb_readoptions_destroy(o)
	it := C.leveldb_create_iterator(s.db, o)
	defer C.leveldb_iter_destroy(it)
	for i := first; i <= last; i++ {
		want := fmt.Sprint(i)
		var length uintptr
		var at unsafe.Pointer
		if stock {
			key := []byte(want)
			C.leveldb_iter_seek(it, (*C.char)(unsafe.Pointer(&key[0])), C.size_t(len(key)))
			var n C.size_t
			if C.leveldb_iter_valid(it) != 0 {
				at = unsafe.Pointer(C.leveldb_iter_key(it, &n))
				length = uintptr(n)
			}
			C.leveldb_iter_next(it)
		} else {
			iterSeek(unsafe.Pointer(it), want)
			if iterValid(unsafe.Pointer(it)) != 0 {
				at = iterKey(unsafe.Pointer(it), &length)
			}
			iterNext(unsafe.Pointer(it))
		}
		if at != nil && length == uintptr(len(want)) {
			inOrder++
		}
	}
	return inOrder
}

// Close closes the store.
func (s *Store) Close() {
	C.leveldb_close(s.db)
	C.leveldb_comparator_destroy(s.order)
}
