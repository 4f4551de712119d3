// SPDX-License-Identifier: BSD-3-Clause

package leaf

import (
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"unsafe"

	"rcgo.example/leaf/internal/ccall"
)

// A Callback is a Go function that C calls through a pointer.
type Callback struct {
	name    string
	pointer unsafe.Pointer
	number  int
}

// A Kind says what a callback may do.
type Kind int

const (
	// Preemptible callbacks may do anything, and are stopped for a garbage collection.
	Preemptible Kind = iota
	// Short callbacks run to their end without preemption. So C may make one while it holds a lock that other calls
	// with callbacks wait for. They compute, allocate and call Go functions that do. They must not block or panic:
	// no channel or sync.Mutex that is not free at once, no system call, no call of C. If one blocks, the program
	// ends with "fatal error: schedule: holding locks"; if one panics, with "panic holding locks", even if it would
	// recover. The stack shows which. A garbage collection waits for them, as it does for C. If callbacks do not
	// take the fast path (FastCallbacks), Short has no effect.
	Short
)

// MaxCallbacks is the maximum number of callbacks at a time.
const MaxCallbacks = 1024

// CallbackOf returns a callback for fn, whose address C can call. It panics if NewCallback fails.
func CallbackOf[F any](name string, fn F, kind ...Kind) *Callback {
	c, err := NewCallback(name, fn, kind...)
	if err != nil {
		panic("leaf: " + err.Error())
	}
	return c
}

// NewCallback returns a callback for fn, whose address C can call from any thread and at any time until Free. If C code
// that runs in a function of WithCallbacks calls it, the call takes 9 ns, otherwise as long as any call from C to Go.
// fn has up to six parameters that are integers of any size, bool or pointers, up to eight that are floats, and one
// result of these kinds or none. The address differs for each callback, so fn may be a closure and C needs no user
// data.
//
// The rules are those of an exported Go function: fn may panic, call runtime.Goexit, block, and call C. A panic that
// passes C frames abandons them. A pointer that fn returns must be to C memory.
func NewCallback(name string, fn interface{}, kind ...Kind) (*Callback, error) {
	v := reflect.ValueOf(fn)
	if err := callbackSignature(v); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if !ccall.HasC {
		return nil, fmt.Errorf("%s: built without cgo, so there is no C that could call", name)
	}
	if !haveThunks {
		return nil, fmt.Errorf("%s: on %s/%s C can call exported Go functions only", name, runtime.GOOS, runtime.GOARCH)
	}
	callbacksWhy()
	number, ok := takeSlot(closureOf(v), len(kind) != 0 && kind[0] == Short)
	if !ok {
		return nil, fmt.Errorf("%s: %d callbacks are in use; free those that C has no more use for", name, MaxCallbacks)
	}
	return &Callback{name: name, pointer: thunk(number), number: number}, nil
}

// Pointer returns the address, for C; NULL for a nil *Callback and after Free.
func (c *Callback) Pointer() unsafe.Pointer {
	if c == nil {
		return nil
	}
	return c.pointer
}

// Free ends the callback. If C calls it afterwards, Go panics with a message that says so, until the address is reused,
// which is as late as possible.
func (c *Callback) Free() {
	if c.pointer != nil {
		freeSlot(c.number)
		c.pointer = nil
	}
}

// closureOf returns the closure that a func value points to.
func closureOf(v reflect.Value) unsafe.Pointer {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return *(*unsafe.Pointer)(p.UnsafePointer())
}

func callbackSignature(v reflect.Value) error {
	if v.Kind() != reflect.Func || v.IsNil() {
		return fmt.Errorf("a callback is a function, not %v", v)
	}
	t := v.Type()
	if t.IsVariadic() {
		return fmt.Errorf("%s: C cannot call a variadic Go function", t)
	}
	ints, floats := 0, 0
	for i := 0; i < t.NumIn(); i++ {
		switch kind := t.In(i).Kind(); {
		case kind == reflect.Float32, kind == reflect.Float64:
			floats++
		case isWord(kind), isNarrow(kind):
			ints++
		default:
			return fmt.Errorf("parameter %d: C has no %s", i+1, t.In(i))
		}
	}
	if ints > maxInts || floats > maxFloats {
		return fmt.Errorf("%d integers and %d floats: at most %d and %d fit into registers", ints, floats, maxInts, maxFloats)
	}
	if t.NumOut() > 1 {
		return fmt.Errorf("%s: C takes one result", t)
	}
	if t.NumOut() == 1 {
		kind := t.Out(0).Kind()
		if kind != reflect.Float32 && kind != reflect.Float64 && !isWord(kind) && !isNarrow(kind) {
			return fmt.Errorf("the result: C has no %s", t.Out(0))
		}
	}
	return nil
}

func isNarrow(k reflect.Kind) bool {
	switch k {
	case reflect.Bool, reflect.Int8, reflect.Uint8, reflect.Int16, reflect.Uint16:
		return true
	}
	return false
}

// A callbackSlot is 16 bytes long, which callback_GOARCH.s relies on.
type callbackSlot struct {
	closure unsafe.Pointer
	short   uintptr // 1 for a Kind Short
}

// callbackSlots is read by callbackCommon. slots.free lists the free ones in the order in which they were freed.
var (
	callbackSlots [MaxCallbacks]callbackSlot
	slots         struct {
		sync.Mutex
		used int
		free []int
	}
)

func takeSlot(closure unsafe.Pointer, short bool) (int, bool) {
	slots.Lock()
	defer slots.Unlock()
	number := slots.used
	if number < MaxCallbacks {
		slots.used++
	} else {
		if len(slots.free) == 0 {
			return 0, false
		}
		number = slots.free[0]
		slots.free = slots.free[1:]
	}
	callbackSlots[number].closure, callbackSlots[number].short = closure, 0
	if short {
		callbackSlots[number].short = 1
	}
	return number, true
}

func freeSlot(number int) {
	slots.Lock()
	defer slots.Unlock()
	callbackSlots[number].closure, callbackSlots[number].short = freedClosure(), 0
	slots.free = append(slots.free, number)
}

// calledFreed runs when C calls a callback that has been freed.
func calledFreed() {
	panic("leaf: C called a callback after its Free")
}

// WithCallbacks is Of for a C function that calls back: fn, and the C functions that it calls, may call the pointers of
// callbacks, at 9 ns each. On other threads, callbacks and exported Go functions work as always. If this thread calls
// an exported Go function, the program ends, as in a leaf, unless MayCallExports.
//
// The five rules of a leaf hold for the C code between two callbacks, with these changes:
//
//   - the whole call may take long, and fn's callbacks may block; but the stretches between callbacks are short;
//   - no lock of C is held across a callback if another goroutine's leaf call, or call with callbacks, may wait
//     for it: the callback may be stopped for a collection that waits for the other call. Lock it with rcgo_mutex_lock (rcgo_leaf.h),
//     or make the callback Short;
//   - a stretch that takes long or waits is between rcgo_release and rcgo_acquire (rcgo_leaf.h);
//   - it calls back on the thread and the stack on which it was called.
//
// Pointer arguments are kept alive until fn returns. If calls do not take the fast path (FastCallbacks), this is an
// ordinary cgo call, with the same results and without these rules.
func WithCallbacks[F any](name string, fn unsafe.Pointer) F {
	var f F
	if err := bindWithCallbacks(reflect.ValueOf(&f).Elem(), name, fn); err != nil {
		panic("leaf: " + err.Error())
	}
	return f
}

func bindWithCallbacks(f reflect.Value, name string, fn unsafe.Pointer) error {
	sig, err := checkBinding(f.Type(), name, fn)
	if err != nil {
		return err
	}
	if c := fastWithCallbacks(f.Type(), sig, fn); c != nil {
		*(*unsafe.Pointer)(f.Addr().UnsafePointer()) = c
		return nil
	}
	if checking() {
		checkCallbacks(name)
	}
	tellOnce()
	ordinary(f, sig, name, fn)
	return nil
}

// MayCallExports reports whether C code in a function of WithCallbacks may call exported Go functions on the same
// thread. It may if the program is built with the drop-in, which tells the scheduler first; such a call costs as much as
// in an ordinary cgo call, and a region more. It also may where functions of WithCallbacks are ordinary calls.
func MayCallExports() bool {
	fast, _ := FastCallbacks()
	return !fast || exportsLegal
}

// exportsLegal says that the drop-in calls exportEnter and exportLeave around each exported Go function.
var exportsLegal bool

// FastCallbacks reports whether callbacks in functions of WithCallbacks take the fast path; if not, why.
func FastCallbacks() (bool, string) {
	if fast, why := Fast(); !fast {
		return false, why
	}
	reason := callbacksWhy()
	return reason == "", reason
}
