#!/usr/bin/env bats
# rcgo init and rcgo leaf: the Go module for users, and typed functions for leaf calls.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

module() {
	printf 'module example.com/user\n\ngo 1.19\n' >go.mod
	"$RCGO" init >/dev/null
}

# The hash of a file in rcgo.files: FNV-1a of 64 bits.
fnv1a() {
	perl -0777 -ne '
		use integer;
		my $h = 0xcbf29ce484222325;
		$h = ($h ^ $_) * 0x100000001b3 for unpack "C*";
		printf "%016x\n", $h' "$1"
}

@test "init: a module builds with its packages, offline, and init -remove undoes it" {
	printf 'module example.com/user\n\ngo 1.19\n' >go.mod
	cp go.mod before
	run "$RCGO" init
	[ "$status" -eq 0 ]
	for package in allthreads cmem handle leaf stats; do
		has "\"$("$HERE/../../tools/module_path")/$package\""
	done
	lacks /include
	lacks /internal
	cat >main.go <<'END_GO'
package main

import (
	"fmt"
	"syscall"

	"rcgo.example/allthreads"
	"rcgo.example/cmem"
	"rcgo.example/handle"
	"rcgo.example/leaf"
)

func main() {
	a := cmem.Get()
	defer a.Put()
	p, err := a.String("from C")
	s, _ := cmem.GoString(p)
	fast, why := leaf.Fast()
	_, all := allthreads.Syscall(syscall.SYS_GETPID)
	fmt.Println(handle.New(s).Value(), err, all == nil, fast, why)
}
END_GO
	GOPROXY=off GOFLAGS=-mod=mod run go run .
	[ "$status" -eq 0 ]
	[[ $output == "from C <nil> false true"* ]]
	GOPROXY=off GOFLAGS=-mod=mod run "$RCGO" run .
	[ "$status" -eq 0 ]
	[[ $output == "from C <nil> true true"* ]]
	rm main.go
	run "$RCGO" init
	[ "$status" -eq 0 ]
	run "$RCGO" init -remove
	[ "$status" -eq 0 ]
	cmp go.mod before
	[ ! -e runtime_cgo ]
}

@test "init -remove: a file that was changed stays" {
	module
	echo "// mine" >>runtime_cgo/leaf/leaf.go
	run "$RCGO" init -remove
	[ "$status" -eq 0 ]
	[[ $output == *"1 files in"*"were changed"* ]]
	[ "$(find runtime_cgo -type f)" = runtime_cgo/leaf/leaf.go ]
}

@test "init again: changed files are kept under another name, and files that rcgo no longer has are removed" {
	module
	echo "// mine" >>runtime_cgo/leaf/leaf.go
	cp runtime_cgo/leaf/leaf.go changed
	# The state that an older rcgo left: one file with the older text, one file that rcgo no longer
	# has, and one that it no longer has and the user changed.
	printf 'package handle // older\n' >runtime_cgo/handle/handle.go
	printf 'package stale\n' >runtime_cgo/stale.go
	printf 'package stale // mine\n' >runtime_cgo/stale2.go
	{
		grep -v ' handle/handle.go$' runtime_cgo/rcgo.files
		echo "$(fnv1a runtime_cgo/handle/handle.go) handle/handle.go"
		echo "$(fnv1a runtime_cgo/stale.go) stale.go"
		echo "0123456789abcdef stale2.go"
	} >files
	mv files runtime_cgo/rcgo.files
	run "$RCGO" init
	[ "$status" -eq 0 ]
	cmp changed runtime_cgo/leaf/leaf.go.edited
	[[ $output == *"leaf/leaf.go was changed"* ]]
	[ -e runtime_cgo/stale2.go.edited ]
	[ ! -e runtime_cgo/stale2.go ]
	[ ! -e runtime_cgo/stale.go ]
	[ ! -e runtime_cgo/handle/handle.go.edited ]
	! grep -q older runtime_cgo/handle/handle.go
	(cd runtime_cgo && go vet ./handle ./leaf)
	run "$RCGO" init
	[ "$status" -eq 0 ]
	[[ $output != *"was changed"* ]]
}

@test "init: a directory with other content is left alone" {
	printf 'module example.com/user\n' >go.mod
	mkdir runtime_cgo
	echo x >runtime_cgo/notes
	run "$RCGO" init
	[ "$status" -eq 2 ]
	[[ $output == *"is not the Go module"* ]]
	run "$RCGO" init -dir third_party/rc
	[ "$status" -eq 0 ]
	[ -e third_party/rc/leaf/leaf.go ]
	grep -q 'replace rcgo.example => ./third_party/rc' go.mod
}

@test "init -remove: earlier lines of the user's go.mod stay, and so does the tree" {
	printf 'module example.com/user\n\ngo 1.19\n\nrequire rcgo.example v0.1.0 // mine\n' >go.mod
	mkdir sub
	echo "package sub" >sub/sub.go
	cp -r . "$T/before"
	"$RCGO" init
	grep -q 'rcgo.example v0.1.0 // mine' go.mod
	grep -q 'Redistribution' runtime_cgo/LICENSE
	"$RCGO" init -remove
	diff -r "$T/before" .
	# A replace directive of the user is neither replaced nor removed.
	go mod edit -replace=rcgo.example=../fork
	cp go.mod before
	run "$RCGO" init
	says_first "rcgo: go.mod replaces rcgo.example by ../fork"
	run "$RCGO" init -remove
	says_first "rcgo: go.mod replaces rcgo.example by ../fork, not by ./runtime_cgo"
	cmp go.mod before
	[ ! -e runtime_cgo ]
}

@test "init: reports that there is no module" {
	run "$RCGO" init
	[ "$status" -eq 2 ]
	[[ $output == *"no go.mod"* ]]
}

@test "leaf: refuses functions that cannot be leaves, with the reason" {
	cat >odd.h <<'END_H'
struct pair { int a, b; };
union both { int a; float b; };
int variadic(int n, ...);
struct pair gives(void);
int takes(struct pair p);
int takes_union(union both b);
long double wide(void);
_Complex double complex_one(void);
int seven(int a, int b, int c, int d, int e, int f, int g);
extern int no_function;
END_H
	refused() { # FUNC WHY
		run "$RCGO" leaf odd.h "$1"
		[ "$status" -eq 2 ] && [[ $output == *"$1 cannot be a leaf: "*"$2"* ]]
	}
	refused variadic "it is variadic"
	refused gives "its result, pair, is a structure by value"
	refused takes "parameter 1, pair, is a structure by value"
	refused takes_union "is a union by value"
	refused wide "is wider than any float of Go"
	refused complex_one "of a kind that Go passes otherwise"
	refused seven "more than 6 integer"
	refused no_function "it is no function"
	run "$RCGO" leaf odd.h nothing_there
	[ "$status" -eq 2 ]
	[[ $output == *"nothing_there"*"undeclared"* ]]
	run "$RCGO" leaf odd.h 'a;b'
	[ "$status" -eq 2 ]
	run "$RCGO" leaf odd.h
	[ "$status" -eq 2 ]
}

@test "leaf: small integers, bool, enum, float and pointers are passed correctly" {
	module
	cat >small.h <<'END_H'
#include <stdbool.h>
#include <stdint.h>
typedef int8_t tiny;
enum color { RED = 1, BLUE = -7 };
struct box { int value; };
static inline int add(tiny a, uint16_t b, bool c, enum color d) { return a + b + (c ? 1000000 : 0) + d; }
static inline tiny narrow(int a) { return (tiny)a; }
static inline bool odd(unsigned char a) { return a % 2; }
static inline float half(float a, double b) { return (float)(a / b); }
static inline int open_box(const struct box *b, int *out) { return *out = b->value; }
END_H
	"$RCGO" leaf -o small.go small.h add narrow odd half open_box
	cat >main.go <<'END_GO'
package main

import (
	"fmt"
	"unsafe"
)

func main() {
	box, out := int32(77), int32(0)
	fmt.Println(Add(-5, 65535, true, -7), Narrow(0x1ff), Odd(255), Odd(2), Half(3, 2),
		Open_box(unsafe.Pointer(&box), &out), out)
}
END_GO
	[ -z "$(gofmt -l .)" ]
	go vet .
	run go run .
	[ "$output" = "1065523 -1 true false 1.5 77 77" ]
}

@test "leaf: -callbacks: typed callbacks, and C sorts by a Go function" {
	module
	cat >hook.h <<'END_H'
#include <stddef.h>
typedef float (*hook)(signed char a, double b, const char *s, void (*unused)(void));
static inline double call_hook(hook h, double x) { return h(-3, x, "text", NULL) + 1; }
static inline int has_hook(hook h) { return h != NULL; }
END_H
	"$RCGO" leaf -callbacks -cflags -D_GNU_SOURCE -o sort.go stdlib.h qsort_r
	"$RCGO" leaf -callbacks -o hook.go hook.h call_hook has_hook
	cat >main.go <<'END_GO'
package main

import (
	"fmt"
	"unsafe"
)

func main() {
	list := []int32{5, -1, 9, 0, 3}
	calls := 0
	less := NewQsort_rA3(func(a, b, arg unsafe.Pointer) int32 {
		calls++
		return *(*int32)(a) - *(*int32)(b)
	})
	defer less.Free()
	Qsort_r(unsafe.Pointer(&list[0]), 5, 4, less, nil)
	hook := NewCall_hookA0(func(a int8, b float64, s *int8, unused unsafe.Pointer) float32 {
		if *s != 't' || unused != nil {
			panic("arguments")
		}
		return float32(a) + float32(b)
	})
	fmt.Println(list, calls > 4, Call_hook(hook, 4.5), Has_hook(hook), Has_hook(nil))
}
END_GO
	[ -z "$(gofmt -l .)" ]
	go vet .
	run go run .
	[ "$output" = "[-1 0 3 5 9] true 2.5 1 0" ]
	# The tests of the Go module compile the standard library with both of these.
	case $(go env GOVERSION) in go1.19* | go1.20*) ;; *) export GOEXPERIMENT=cgocheck2 ;; esac
	run go run -race .
	[ "$output" = "[-1 0 3 5 9] true 2.5 1 0" ]
}

@test "leaf: a crash in one shows the Go frames, and with our runtime/cgo the C frames" {
	module
	cat >main.go <<'END_GO'
package main

/*
static void store(int *p) { *p = 1; }
static void *store_fn(void) { return (void *)store; }
*/
import "C"

import "rcgo.example/leaf"

var store = leaf.Of[func(*int32)]("store", C.store_fn())

func main() { store(nil) }
END_GO
	go build -o stock .
	run ./stock
	[ "$status" -eq 2 ] && [[ $output == *SIGSEGV*"main.main()"* ]] && [[ $output != *"main.go:4 "* ]]
	"$RCGO" build -o dropin .
	run ./dropin
	[ "$status" -eq 2 ] && [[ $output == *SIGSEGV*$'\nstore\n'*"main.go:4 "*"main.main()"* ]]
}

@test "leaf: -o writes through a link, and CGO_CFLAGS count" {
	module
	mkdir inc
	echo 'int seven(void);' >inc/seven.h
	echo old >target.go
	ln -s target.go link.go
	CGO_CFLAGS="-O2 -Iinc" run "$RCGO" leaf -o link.go seven.h seven
	[ "$status" -eq 0 ] && [ -L link.go ]
	grep -q 'func Seven() int32' target.go
	[ -c /dev/null ] && "$RCGO" leaf -cflags -Iinc -o /dev/null seven.h seven && [ -c /dev/null ]
}

@test "leaf: libm, zlib and sqlite3 agree with cgo" {
	module
	"$RCGO" leaf -o libm.go -ldflags -lm math.h hypot ldexp fma sqrtf lround atan2 cbrt
	"$RCGO" leaf -o zlib.go -ldflags -lz zlib.h crc32 adler32 compressBound crc32_combine
	"$RCGO" leaf -o sqlite.go -errno -ldflags -lsqlite3 sqlite3.h \
		sqlite3_libversion_number sqlite3_complete sqlite3_stricmp sqlite3_threadsafe
	cat >main.go <<'END_GO'
package main

/*
#include <math.h>
#include <sqlite3.h>
#include <zlib.h>
*/
import "C"

import (
	"fmt"
	"math/rand"
	"os"
	"unsafe"
)

var bad = 0

func same[T comparable](what string, leaf, cgo T) {
	if leaf != cgo {
		fmt.Println(what, leaf, cgo)
		bad++
	}
}

func main() {
	for i := 0; i < 2000; i++ {
		x, y, z := rand.NormFloat64(), rand.NormFloat64(), rand.NormFloat64()
		n := int32(rand.Intn(100) - 50)
		same("hypot", Hypot(x, y), float64(C.hypot(C.double(x), C.double(y))))
		same("atan2", Atan2(x, y), float64(C.atan2(C.double(x), C.double(y))))
		same("fma", Fma(x, y, z), float64(C.fma(C.double(x), C.double(y), C.double(z))))
		same("cbrt", Cbrt(x), float64(C.cbrt(C.double(x))))
		same("ldexp", Ldexp(x, n), float64(C.ldexp(C.double(x), C.int(n))))
		same("lround", Lround(x*1e9), int64(C.lround(C.double(x*1e9))))
		same("sqrtf", Sqrtf(float32(x*x)), float32(C.sqrtf(C.float(x*x))))
		b := make([]byte, 1+rand.Intn(1000))
		rand.Read(b)
		p, size := (*C.Bytef)(unsafe.Pointer(&b[0])), C.uInt(len(b))
		crc := Crc32(0, &b[0], uint32(len(b)))
		same("crc32", crc, uint64(C.crc32(0, p, size)))
		same("adler32", Adler32(1, &b[0], uint32(len(b))), uint64(C.adler32(1, p, size)))
		same("compressBound", CompressBound(uint64(i)), uint64(C.compressBound(C.uLong(i))))
		same("crc32_combine", Crc32_combine(crc, 7, int64(i)), uint64(C.crc32_combine(C.uLong(crc), 7, C.z_off_t(i))))
	}
	// Of what the parser looks at, so that either answer comes up.
	const letters = "sSeElLcCtT ;;'\"[]-/*\n"
	var complete, equal int
	for i := 0; i < 5000; i++ {
		a, b := make([]byte, 1+rand.Intn(12)), make([]byte, 1+rand.Intn(3))
		for _, text := range [][]byte{a, b} {
			for k := range text[1:] {
				text[k] = letters[rand.Intn(len(letters))]
			}
		}
		p, q := unsafe.Pointer(&a[0]), unsafe.Pointer(&b[0])
		got, _ := Sqlite3_complete((*int8)(p))
		same("sqlite3_complete", got, int32(C.sqlite3_complete((*C.char)(p))))
		complete += int(got)
		got, _ = Sqlite3_stricmp((*int8)(p), (*int8)(q))
		same("sqlite3_stricmp", got, int32(C.sqlite3_stricmp((*C.char)(p), (*C.char)(q))))
		if got == 0 {
			equal++
		}
	}
	if complete == 0 || complete == 5000 || equal == 0 || equal == 5000 {
		fmt.Println("always the same:", complete, equal)
		bad++
	}
	version, errno := Sqlite3_libversion_number()
	same("sqlite3_libversion_number", version, int32(C.sqlite3_libversion_number()))
	same("errno", errno, 0)
	if bad > 0 {
		os.Exit(1)
	}
	fmt.Println("they agree")
}
END_GO
	[ -z "$(gofmt -l .)" ]
	go vet .
	run go run .
	[ "$output" = "they agree" ]
}

@test "init: a program contains only what it uses of calls, callbacks, rings and limiters" {
	module
	# symbols PROGRAM: the packages and parts of the module that it contains
	symbols() {
		go tool nm "$1" | sed -n 's|.*rcgo\.example/\(.*\)|\1|p' |
			grep -oE '^(call|ring|handle)\.|^leaf\.(callback|region|export)[A-Z][a-z]+|^leaf\.' | sort -u | tr '\n' ' '
	}
	program() { # NAME IMPORT STATEMENT
		mkdir -p "$1"
		printf '%s\n' 'package main' '// #include <stdlib.h>' '// static void nothing(void) {}' \
			'// static void *fn(void) { return nothing; }' 'import "C"' "$2" "func main() { C.nothing(); $3 }" >"$1/main.go"
		GOPROXY=off GOFLAGS=-mod=mod "$RCGO" build -o "$1.bin" "./$1"
		"./$1.bin"
		symbols "$1.bin" >"$1.symbols"
	}
	program nothing '' ''
	[ ! -s nothing.symbols ]
	program leaves 'import "rcgo.example/leaf"' 'leaf.Of[func()]("nothing", C.fn())()'
	[ "$(cat leaves.symbols)" = "leaf. " ]
	program callbacks 'import "rcgo.example/leaf"' \
		'leaf.WithCallbacks[func()]("nothing", C.fn())(); leaf.CallbackOf("f", func() {})'
	[[ $(cat callbacks.symbols) == "leaf. leaf.callback"*leaf.region* ]]
	program rings 'import "rcgo.example/ring"' 'r, _ := ring.New[uint64](ring.Options{}); r.Close()'
	[ "$(cat rings.symbols)" = "ring. " ]
	program limits 'import "rcgo.example/call"' 'call.NewLimiter(1)'
	[ "$(cat limits.symbols)" = "call. " ]
}
