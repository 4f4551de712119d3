#!/usr/bin/env bats
# GOROOTs behind symbolic links, and GOROOTs that change.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

# farm [DIR]: makes a directory of symbolic links to the machine's GOROOT, with the layout of
# Debian's packages: bin is a directory; src, pkg and the rest are links.
farm() {
	local real entry farm=${1:-$T/farm}
	real=$("$REAL_GO" env GOROOT)
	mkdir -p "$farm/bin" "$T/share"
	for entry in "$real"/*; do
		case ${entry##*/} in
		bin) cp -L "$real/bin/go" "$farm/bin/" ;;
		src)
			ln -s "$entry" "$T/share/src"
			ln -s "$T/share/src" "$farm/src"
			;;
		*) ln -s "$entry" "$farm/" ;;
		esac
	done
	export RCGO_GO=$farm/bin/go
	[ "$("$RCGO_GO" env GOROOT)" = "$farm" ]
}

# fetched: makes a GOROOT in the module cache, where the go command stores the toolchains
# that it downloads.
fetched() {
	minor=$("$REAL_GO" env GOVERSION | sed -n 's/.*go1\.\([0-9]*\).*/\1/p')
	[ "$minor" -ge 21 ] || skip "Go gets none by itself before 1.21"
	export GOMODCACHE=$T/mod
	farm "$T/mod/golang.org/toolchain@v0.0.1-go1.99.1.linux-amd64"
}

@test "GOROOT behind symbolic links, in the built program" {
	farm
	hello
	"$RCGO" build -ldflags=-compressdwarf=false -o "$T/prog" .
	run "$T/prog"
	is "C says 42"
	carries_ours "$T/prog"
}

@test "GOROOT in the module cache" {
	fetched
	hello
	if [ "$minor" -ge 25 ]; then
		printf '{"Replace": {"%s": ""}}' "$("$RCGO_GO" env GOROOT)/src/runtime/cgo/gcc_util.c" >o.json
		run "$RCGO_GO" build -overlay o.json -o "$T/prog" .
		[ "$status" = 1 ]
		has "must not be replaced"
	fi
	run "$RCGO" run .
	is "C says 42"
	"$RCGO" vet .
	"$RCGO" build -ldflags=-compressdwarf=false -o "$T/prog" .
	carries_ours "$T/prog"
	# The second path is made once.
	[ "$(find "$CACHE" -maxdepth 1 -name 'goroot*' | wc -l)" -le 1 ]
}

# says_goroot: writes a program that prints its GOROOT, a source file, and whether GOROOT is in
# its environment.
says_goroot() {
	printf 'module says\n\ngo 1.19\n' >go.mod
	cat >main.go <<'END'
package main

// static int one(void) { return 1; }
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

func main() {
	C.one()
	pc := make([]uintptr, 1)
	strings.Map(func(r rune) rune { runtime.Callers(2, pc); return r }, "a")
	frame, _ := runtime.CallersFrames(pc).Next()
	fmt.Println(runtime.GOROOT(), frame.File, os.Getenv("GOROOT") != "")
}
END
	printf 'package main\n\nimport "testing"\n\nfunc TestMain(*testing.T) { main() }\n' >main_test.go
}

@test "GOROOT in the module cache: programs name it as with stock Go" {
	fetched
	says_goroot
	root=$("$RCGO_GO" env GOROOT)
	run "$RCGO" run .
	is "$root $root/src/strings/strings.go false"
	"$RCGO" build -o "$T/prog" .
	"$RCGO_GO" build -o "$T/stock" .
	run "$T/prog"
	is "$("$T/stock")"
	[ "$output" = "$root $root/src/strings/strings.go false" ]
	[ "$(grep -c "$CACHE" "$T/prog")" = 0 ]
	if [ "${RCGO_TEST_MORE-}" = 1 ]; then # the standard library is compiled for it
		run "$RCGO" run -trimpath .
		is " strings/strings.go false"
	fi
	run "$RCGO" test -v .
	has "$root $root/src/strings/strings.go"
	# If the user sets GOROOT, a program that rcgo runs sees it too.
	run env GOROOT="$root" "$RCGO" run .
	has " $root/src/strings/strings.go true"
}

@test "GOROOT in the module cache: its other path is made again, also by many at once" {
	fetched
	[ "$minor" -ge 25 ] || skip "needs no other path"
	for _ in 1 2 3 4 5 6; do
		"$RCGO" overlay -p >/dev/null 2>&1 &
	done
	wait
	farm=$(echo "$CACHE"/goroot*)
	[ -x "$farm/bin/go" ]
	[ "$("$farm/bin/go" env GOROOT)" = "$farm" ]
	for gone in bin/go pkg/tool src; do
		rm -rf "${farm:?}/$gone"
		"$RCGO" overlay -p >/dev/null 2>&1
		[ -x "$farm/bin/go" ]
		[ -e "$farm/src/runtime/cgo/cgo.go" ]
		[ -x "$(echo "$farm"/pkg/tool/*/link)" ]
	done
	[ "$(find "$CACHE" -maxdepth 1 -name 'goroot*' | wc -l)" = 1 ]
}

@test "GOROOT in the module cache: a cache from which nothing may be executed" {
	fetched
	[ "$minor" -ge 25 ] || skip "needs no other path"
	mkdir -m 700 "$T/noexec"
	export RCGO_CACHE=$T/noexec
	in_namespace "mount -t tmpfs -o noexec,mode=700 none '$T/noexec' && '$RCGO' overlay -p" >path 2>/dev/null
	run cat path
	has "$T/tmp/rcgo-"
	[ -x "$(echo "$T/tmp"/rcgo-*/goroot*/bin/go)" ]
}

@test "GOROOT in the module cache, and a shell that uses plain go" {
	fetched
	hello
	before=${RCGO_GO%/*}:$PATH
	export PATH=$before
	unset RCGO_GO
	eval "$("$RCGO" env)"
	go build -ldflags=-compressdwarf=false -o "$T/prog" .
	carries_ours "$T/prog"
	eval "$("$RCGO" env --unset)"
	[ -z "${GOROOT:-}${GOFLAGS:-}" ]
	[ "$PATH" = "$before" ]
}

@test "GOROOT in the module cache: an overlay in a file names the GOROOT that it needs" {
	fetched
	hello
	if [ "$minor" -ge 25 ]; then
		overlay=$("$RCGO" overlay -p 2>said)
		run cat said
		has "GOROOT is in the module cache"
		"$(echo "$CACHE"/goroot*/bin/go)" build -overlay "$overlay" -ldflags=-compressdwarf=false \
			-o "$T/prog" .
		carries_ours "$T/prog"
	fi
}

@test "keys of the overlay are spelled as go env GOROOT is" {
	farm
	run "$RCGO" overlay
	has "\"$T/farm/src/runtime/cgo/gcc_amd64.S\": \""
	lacks "\"$("$REAL_GO" env GOROOT)/src/runtime/cgo/gcc_amd64.S\""
}

@test "go itself behind a symbolic link" {
	ln -s "$REAL_GO" "$T/bin/go"
	hello
	run env PATH="$T/bin:$PATH" "$RCGO" run .
	is "C says 42"
}

@test "GOROOT grows a C file: the next run replaces it too" {
	fake_go
	run "$RCGO" overlay
	lacks gcc_new.c
	first=$("$RCGO" overlay -p)
	echo >"$T/goroot/src/runtime/cgo/gcc_new.c"
	run "$RCGO" overlay
	has "\"$T/goroot/src/runtime/cgo/gcc_new.c\": \"\""
	second=$("$RCGO" overlay -p)
	# The new overlay has another name, so a running build still reads the first.
	[ "$first" != "$second" ]
	[ -f "$first" ]
}

@test "GOROOT is exchanged: the keys follow" {
	fake_go
	"$RCGO" overlay -p
	mv "$T/goroot" "$T/goroot2"
	fake_go "GOROOT=$T/goroot2" GOVERSION=go1.24.1
	run "$RCGO" overlay
	has "\"$T/goroot2/src/runtime/cgo/gcc_context.c\": \"\""
	lacks "\"$T/goroot/"
}

@test "every C and S file and libcgo header is removed; Go files and Go's assembly stay" {
	fake_go
	for f in asm_amd64.s handle.go abi_amd64.h libcgo_unix.h; do
		echo >"$T/goroot/src/runtime/cgo/$f"
	done
	run "$RCGO" overlay
	for f in gcc_context.c gcc_linux_amd64.c gcc_amd64.S libcgo_unix.h; do
		has "\"$T/goroot/src/runtime/cgo/$f\": \""
	done
	for f in asm_amd64.s handle.go abi_amd64.h callbacks.go; do
		lacks "\"$T/goroot/src/runtime/cgo/$f\""
	done
}

# Before Go 1.20 some of our files have the names of Go's.
@test "no C file of a real GOROOT is in the package" {
	for go in $(toolchains); do
		export RCGO_GO=$go
		root=$("$go" env GOROOT)
		run "$RCGO" list -f '{{join .CFiles "\n"}}
{{join .SFiles "\n"}}' runtime/cgo
		[ "$status" -eq 0 ]
		for f in $(cd "$root/src/runtime/cgo" && ls -- *.c gcc_*.S); do
			if printf '%s\n' "${lines[@]}" | grep -qx "$f"; then
				"$RCGO" overlay | jq -er --arg f "$root/src/runtime/cgo/$f" \
					'.Replace[$f] | select(. != "")' | grep -q "^$HOME/"
			fi
		done
		has "rcgo_"
	done
}
