#!/usr/bin/env bats
# Most of our C half comes compiled, as assembly; C is what a build gets that asks for other code.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

# Whether a build that has these variables lays C: in $output the flags that our C is compiled with.
flags_of() { # NAME=VALUE...
	run env "$@" "$RCGO" build
	[ "$status" -eq 0 ]
	local path=${output##*-overlay=}
	path=${path%%[\'\" ]*}
	output=$(cat "$(sed -n 's/.*: "\(.*rcgo_flags\.go\)",*/\1/p' "$path")")
	has "-std=gnu11"
}

@test "flags that ask for the same code leave the assembly" {
	fake_go
	for flags in "-O2 -g" "" "-O0 -g3 -Wall -I/x -DNAME=1 -pthread" "-march=native -flto" \
		"-g -O2 -ffile-prefix-map=/a=. -fstack-protector-strong -Wformat"; do
		flags_of "CGO_CFLAGS=$flags"
		lacks "RCGO_FROM_C"
	done
	flags_of "CC=env gcc"
	lacks "RCGO_FROM_C"
}

@test "flags that ask for other code, and flags that nobody knows, get the C" {
	fake_go
	for flags in -D_FORTIFY_SOURCE=2 -fstack-clash-protection -fsanitize=undefined -mcmodel=large \
		-mno-red-zone -finstrument-functions "-O2 '-O2'" -include=x.h -fnobody-knows; do
		flags_of "CGO_CFLAGS=-g $flags"
		has "-DRCGO_FROM_C=1"
		flags_of "CGO_CPPFLAGS=$flags"
		has "-DRCGO_FROM_C=1"
	done
	flags_of "CC=gcc -fstack-clash-protection"
	has "-DRCGO_FROM_C=1"
}

# The symbol table names the file that an object was made of.
names_file() { readelf -sW "$1" | grep -q " FILE .* $2\$"; }

@test "a program is assembled; with RCGO_FROM_C it is compiled, and both run" {
	hello
	"$RCGO" build -o "$T/prog" .
	run "$T/prog"
	is "C says 42"
	names_file "$T/prog" "rcgo_unwind_linux_.*\.c"
	CGO_CFLAGS='-g -O2 -DRCGO_FROM_C=1' "$RCGO" build -ldflags=-compressdwarf=false -o "$T/fromc" .
	run "$T/fromc"
	is "C says 42"
	run names_file "$T/fromc" "rcgo_unwind_linux_.*\.c"
	[ "$status" -ne 0 ]
	carries_ours "$T/fromc"
}

@test "a sanitizer that rcgo does not hear of gets the C all the same" {
	hello
	"$RCGO" overlay -o "$T/o.json"
	CC=clang go build -overlay "$T/o.json" -ldflags=-compressdwarf=false -msan -o "$T/prog" .
	run "$T/prog"
	is "C says 42"
	run names_file "$T/prog" "rcgo_unwind_linux_.*\.c"
	[ "$status" -ne 0 ]
	carries_ours "$T/prog"
}

@test "musl gets the C where glibc's was carried" {
	command -v musl-gcc >/dev/null || skip "no musl-gcc"
	hello
	CC=musl-gcc "$RCGO" build -ldflags '-linkmode=external -extldflags=-static' -o "$T/prog" .
	run "$T/prog"
	is "C says 42"
	run names_file "$T/prog" "rcgo_unwind_linux_.*\.c"
	[ "$status" -ne 0 ]
}

@test "lines of our files are known in what was compiled before" {
	hello
	"$RCGO" build -o "$T/prog" .
	run "$RCGO" addr2line -f -e "$T/prog" "0x$(nm "$T/prog" | sed -n 's/ [tT] rcgo__unwind_here$//p')"
	has "rcgo__unwind_here"
	has "runtime_cgo/backtrace/unwind/"
}
