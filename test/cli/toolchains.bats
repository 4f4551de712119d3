#!/usr/bin/env bats
# A cgo program with calls in both directions, built and tested by rcgo with every toolchain: the
# machine's and those in the directory RCGO_TOOLCHAINS.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

both_ways() {
	printf 'module both\n\ngo 1.19\n' >go.mod
	cat >both.go <<'END'
package main

// #include "both.h"
import "C"
import "fmt"

//export goAdd
func goAdd(a, b C.int) C.int { return a + b }

func main() {
	fmt.Println(C.twiceByGo(21), C.onThread(40))
}
END
	cat >both.h <<'END'
int twiceByGo(int n);
int onThread(int n);
END
	cat >both.c <<'END'
#include <pthread.h>
#include "both.h"
#include "_cgo_export.h"

int twiceByGo(int n) { return goAdd(n, n); }

static void *run(void *n)
{
	*(int *)n = goAdd(*(int *)n, 2);
	return 0;
}

int onThread(int n)
{
	pthread_t t;
	return pthread_create(&t, 0, run, &n) == 0 && pthread_join(t, 0) == 0 ? n : -1;
}
END
	cat >both_test.go <<'END'
package main

import "testing"

func TestMain(t *testing.T) { main() }
END
}

@test "build, run, test, vet and list with every toolchain" {
	both_ways
	for go in $(toolchains); do
		export RCGO_GO=$go
		echo "# $("$go" env GOVERSION)" >&3
		"$RCGO" build -ldflags=-compressdwarf=false -o "$T/prog" .
		run "$T/prog"
		is "42 42"
		carries_ours "$T/prog"
		rm "$T/prog"
		run "$RCGO" run .
		is "42 42"
		run "$RCGO" test .
		[ "$status" -eq 0 ]
		has "ok"
		run "$RCGO" vet .
		[ "$status" -eq 0 ]
		run "$RCGO" list -deps .
		[ "$status" -eq 0 ]
		has "runtime/cgo"
	done
}

@test "alternating builds with stock and our runtime/cgo do not mix in Go's build cache" {
	both_ways
	for go in $(toolchains); do
		export RCGO_GO=$go
		"$RCGO" build -ldflags=-compressdwarf=false -o "$T/ours" .
		"$go" build -ldflags=-compressdwarf=false -o "$T/stock" .
		"$RCGO" build -ldflags=-compressdwarf=false -o "$T/ours2" .
		carries_ours "$T/ours"
		lacks_ours "$T/stock"
		cmp "$T/ours" "$T/ours2"
	done
}

@test "the path of the cache is not in the program" {
	both_ways
	sources=$("$RCGO" overlay | sed -n 's/.*\/\(src-[0-9a-f]*\)\/.*/\1/p' | head -n 1)
	[ -n "$sources" ]
	for go in $(toolchains); do
		export RCGO_GO=$go
		RCGO_CACHE=$T/one "$RCGO" build -ldflags=-compressdwarf=false -o "$T/a" .
		RCGO_CACHE=$T/two "$RCGO" build -ldflags=-compressdwarf=false -o "$T/b" .
		cmp "$T/a" "$T/b"
		[ "$(grep -c "$sources" "$T/a")" = 0 ]
	done
}

@test "a cross build for the other supported CPU" {
	other=arm64 cc=aarch64-linux-gnu-gcc machine=aarch64
	if [ "$(go env GOHOSTARCH)" = arm64 ]; then
		other=amd64 cc=x86_64-linux-gnu-gcc machine=x86-64
	fi
	command -v "$cc" >/dev/null || skip "no $cc here"
	both_ways
	CGO_ENABLED=1 GOARCH=$other CC=$cc "$RCGO" build -ldflags=-compressdwarf=false -o "$T/prog" .
	[ "$(readelf -h "$T/prog" | grep -ic "machine:.*$machine")" = 1 ]
	carries_ours "$T/prog"
}

# Before Go 1.24 vet opens the files of other CPUs on disk, overlay or not.
@test "vet runtime/cgo itself with every toolchain" {
	for go in $(toolchains); do
		export RCGO_GO=$go
		echo "# $("$go" env GOVERSION)" >&3
		"$RCGO" vet runtime/cgo
		"$RCGO" test -vet=all -run='^$' runtime/cgo
	done
}
