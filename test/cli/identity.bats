#!/usr/bin/env bats
# The identity of binaries: rcgo version FILE, PID and CORE.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

# sleeper: writes a program that sleeps for a minute and has an exported function, for libraries.
sleeper() {
	printf 'module sleeper\n\ngo 1.19\n' >go.mod
	cat >main.go <<'END'
package main

/*
#include <unistd.h>
extern const char *rcgo_build_info(void) __attribute__((weak));
static const char *info(void) { return rcgo_build_info == 0 ? "" : rcgo_build_info(); }
*/
import "C"
import (
	"fmt"
	"os"
)

//export Answer
func Answer() C.int { return 42 }

func main() {
	fmt.Println(C.GoString(C.info()))
	if len(os.Args) > 1 {
		C.sleep(60)
	}
}
END
}

# says_ours: checks that the output of rcgo version is that of a program built by this rcgo.
says_ours() {
	[ "$status" -eq 0 ]
	has "version=$(sed -n 's/^## //p' "$HERE/../../CHANGELOG.md" | head -n 1)"
	has "payload=$("$RCGO" --version | sed -n 's/.*runtime.cgo \([0-9a-f]*\),.*/\1/p')"
	has "go=$(go env GOVERSION)"
}

@test "programs, libraries and archives, stripped too, by either linker" {
	sleeper
	for link in external internal; do
		"$RCGO" build -ldflags=-linkmode=$link -o "$T/prog" .
		run "$RCGO" version "$T/prog"
		says_ours
		strip "$T/prog"
		run "$RCGO" version "$T/prog"
		says_ours
		has "features=traceback,crash,signals"
	done
	for mode in c-archive c-shared pie; do
		"$RCGO" build -buildmode=$mode -o "$T/lib" .
		run "$RCGO" version "$T/lib"
		says_ours
	done
	unoptimized
	"$RCGO" build --with contexts --without=crash -o "$T/prog" .
	run "$RCGO" version "$T/prog"
	has "features=traceback,contexts,signals"
	has "options=contexts=on,crash=off"
	# C code gets the same text.
	run "$T/prog"
	has "runtime_cgo version="
	has "options=contexts=on,crash=off"
}

@test "the note is an ELF note of ours" {
	sleeper
	"$RCGO" build -o "$T/prog" .
	run readelf -n "$T/prog"
	has ".note.runtime_cgo"
}

@test "stock programs, and files that are no programs" {
	sleeper
	go build -o "$T/prog" .
	run "$RCGO" version "$T/prog"
	[ "$status" -eq 1 ]
	has "$T/prog: $(go env GOVERSION), no runtime_cgo in it"
	run "$RCGO" version /bin/ls
	[ "$status" -eq 1 ]
	"$RCGO" build -o "$T/ours" .
	run "$RCGO" version "$T/ours" "$T/prog"
	[ "$status" -eq 1 ]
	# rcgo contains the C sources as data, but is not built with them.
	run "$RCGO" version "$RCGO"
	[ "$status" -eq 1 ]
	echo text >"$T/text"
	: >"$T/empty"
	for file in "$T/text" "$T/empty" "$T/nothing" "$T"; do
		run "$RCGO" version "$file"
		[ "$status" -eq 2 ]
	done
	# No truncated program makes rcgo crash.
	for size in 1 63 64 100 300 1000 4096 100000; do
		head -c $size "$T/ours" >"$T/cut"
		run "$RCGO" version "$T/cut"
		[ "$status" -le 2 ]
	done
}

@test "a process, a process that has loaded a library, and a core" {
	sleeper
	"$RCGO" build -o "$T/prog" .
	"$T/prog" wait >"$T/out" &
	pid=$!
	until [ -s "$T/out" ]; do sleep 0.1; done
	run "$RCGO" version $pid
	says_ours
	if command -v gcore >/dev/null && gcore -o "$T/core" $pid >/dev/null 2>&1; then
		run "$RCGO" version "$T/core.$pid"
		says_ours
		mv "$T/prog" "$T/elsewhere"
		run "$RCGO" version "$T/core.$pid"
		says_ours
	fi
	kill $pid
	command -v python3 >/dev/null || return 0
	"$RCGO" build -buildmode=c-shared -o "$T/lib.so" .
	python3 -c "import ctypes, time
ctypes.CDLL('$T/lib.so').Answer(); print('up', flush=True); time.sleep(60)" >"$T/out" &
	pid=$!
	until grep -q up "$T/out"; do sleep 0.1; done
	run "$RCGO" version $pid
	kill $pid
	says_ours
	has "lib.so"
}

@test "an SBOM" {
	sleeper
	"$RCGO" build -o "$T/prog" .
	run "$RCGO" version -sbom "$T/prog"
	[ "$status" -eq 0 ]
	[ "$(jq -r '.bomFormat, .components[0].name' <<<"$output" | tr '\n' ' ')" = "CycloneDX runtime_cgo " ]
	run "$RCGO" version -sbom
	[ "$(jq -r .components[0].version <<<"$output")" = "$(sed -n 's/^## //p' "$HERE/../../CHANGELOG.md" | head -n 1)" ]
}

@test "go version -m names our runtime/cgo, and Go's assembly keeps its lines" {
	sleeper
	"$RCGO" build -o "$T/prog" .
	go build -o "$T/stock" .
	run go version -m "$T/prog"
	has "runtime_cgo_$("$RCGO" --version | sed -n 's/.*runtime.cgo \([0-9a-f]*\),.*/\1/p')_"
	for prog in prog stock; do
		go tool objdump -s crosscall2 "$T/$prog" | awk '{ print $1, $NF }' | grep '^asm_' | sort -u >"$T/$prog.lines"
	done
	diff "$T/stock.lines" "$T/prog.lines"
}
