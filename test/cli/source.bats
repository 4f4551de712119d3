#!/usr/bin/env bats
# A program's own compiler compiles our C sources, by whatever name and with whatever flags.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

# flags_of NAME=VALUE...: sets $output to the flags by which our C sources are compiled in a build
# with these variables.
flags_of() { # NAME=VALUE...
	run env "$@" "$RCGO" build
	[ "$status" -eq 0 ]
	local path=${output##*-overlay=}
	path=${path%%[\'\" ]*}
	output=$(cat "$(sed -n 's/.*: "\(.*rcgo_flags\.go\)",*/\1/p' "$path")")
	has "-std=gnu11"
}

@test "debug information has lines and inlined calls, unless the user sets its level" {
	fake_go
	for flags in "-O2 -g" "-g" "-g3 -O0 -g"; do
		flags_of "CGO_CFLAGS=$flags"
		has "#cgo CFLAGS: -g1"
		lacks "column"
	done
	# gcc 7 does not support the flag, and a compiler of unknown version may not.
	for cc in 7.5.0:no 8:yes 14.0.6:yes nothing:no; do
		printf '#!/bin/sh\necho %s\n' "${cc%:*}" >"$T/bin/$cc"
		chmod +x "$T/bin/$cc"
		flags_of "CC=$T/bin/$cc -m64"
		case $cc in
		*:yes) has "#cgo CFLAGS: -g1 -gno-column-info" ;;
		*) lacks "column" ;;
		esac
	done
	for flags in "" "-O2" "-g -g0" "-g3" "-ggdb -O0" "-gdwarf-5"; do
		flags_of "CGO_CFLAGS=$flags"
		lacks "-g1"
	done
}

@test "the user's -Werror, gnu90 and warnings do not apply to our sources" {
	hello
	CGO_CFLAGS='-g -O2 -std=gnu90 -Wall -Wextra -Wdeclaration-after-statement -Werror' \
		"$RCGO" build -o "$T/prog" .
	run "$T/prog"
	is "C says 42"
}

@test "without optimization and with variables, to debug our C" {
	hello
	CGO_CFLAGS='-g3 -O0' "$RCGO" build -ldflags=-compressdwarf=false -o "$T/prog" .
	run "$T/prog"
	is "C says 42"
	carries_ours "$T/prog"
	readelf --debug-dump=info "$T/prog" 2>/dev/null | grep -q 'DW_AT_name.*rcgo_strbuf$'
}

@test "a sanitizer that rcgo does not know of" {
	[ "${RCGO_TEST_MORE-}" = 1 ] || skip "the standard library is compiled for it: make test-more"
	hello
	"$RCGO" overlay -o "$T/o.json"
	CC=clang go build -overlay "$T/o.json" -ldflags=-compressdwarf=false -msan -o "$T/prog" .
	run "$T/prog"
	is "C says 42"
	carries_ours "$T/prog"
}

@test "musl, statically" {
	command -v musl-gcc >/dev/null || skip "no musl-gcc"
	hello
	unoptimized
	CC=musl-gcc "$RCGO" build -ldflags '-linkmode=external -extldflags=-static' -o "$T/prog" .
	run "$T/prog"
	is "C says 42"
}

@test "line numbers of our files are known in each object group" {
	hello
	"$RCGO" build -o "$T/prog" .
	while read -r name dir; do
		run "$RCGO" addr2line -f -e "$T/prog" "0x$(nm "$T/prog" | sed -n "s/ [tT] $name\$//p")"
		has "$name"
		has "runtime_cgo/$dir/"
	done <<-END
		x_cgo_init runtime/thread
		rcgo__unwind_here backtrace/unwind
		rcgo_symbolize backtrace/symbolize
	END
}

@test "the same sources make the same payload without a compiler" {
	src=$HERE/../..
	mkdir "$T/path"
	for tool in awk bash cat cp dirname env head ls mkdir rm sed sh; do
		ln -s "$(command -v "$tool")" "$T/path/$tool"
	done
	PATH=$T/path "$src/tools/amalgamate" "$T/payload"
	fake_go
	"$RCGO" overlay >"$T/o.json"
	installed=$(sed -n 's/.*: "\(.*\)\/rcgo_core_linux\.c",*/\1/p' "$T/o.json")
	for f in "$T"/payload/*.*; do
		[ "${f##*/}" = symbols.txt ] || cmp "$f" "$installed/${f##*/}"
	done
}

# The go command compiles a package without exported functions again at each such build.
@test "c-shared and c-archive: a second build takes our runtime/cgo from Go's cache" {
	hello
	printf 'package main\n\nimport "C"\n\n//export Answer\nfunc Answer() C.int { return 42 }\n' >answer.go
	for mode in c-shared c-archive; do
		"$RCGO" build -buildmode=$mode -o "$T/lib" .
		run "$RCGO" build -x -buildmode=$mode -o "$T/lib" .
		[ "$status" -eq 0 ]
		lacks "rcgo_core_linux.c"
		nm "$T/lib" >symbols
		grep -q ' [tT] rcgo_export_header$' symbols
	done
}
