#!/usr/bin/env bats
# Each error has a message of its own, and rcgo's exit status 2.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

# is_stock WHY: go ran unchanged, and rcgo printed one note.
is_stock() {
	is "rcgo: note: $1; go builds this without our runtime/cgo
args: <build>
GOFLAGS="
}

@test "no Go in PATH" {
	run env PATH="$T/bin" "$RCGO" build
	says_first "rcgo: no Go found: there is no \`go\` in PATH"
	has "apt install golang-go"
}

@test "RCGO_GO is not a program" {
	RCGO_GO=$T/nothing run "$RCGO" build
	says_first "rcgo: no Go found: RCGO_GO=$T/nothing is not a program"
}

@test "Go cannot be started" {
	printf '\177ELF-not-really' >"$T/bin/go"
	chmod +x "$T/bin/go"
	RCGO_GO=$T/bin/go run "$RCGO" build
	says_first "rcgo: Go does not run: \`$T/bin/go env\` could not be started: Exec format error"
}

@test "Go fails" {
	printf '#!/bin/sh\necho its own words >&2\nexit 3\n' >"$T/bin/go"
	chmod +x "$T/bin/go"
	RCGO_GO=$T/bin/go run "$RCGO" build
	[ "$status" -eq 2 ]
	[ "${lines[0]}" = "its own words" ]
	[ "${lines[1]}" = "rcgo: Go does not run: \`$T/bin/go env\` ended with status 3" ]
}

@test "Go prints nonsense" {
	printf '#!/bin/sh\necho hello\n' >"$T/bin/go"
	chmod +x "$T/bin/go"
	RCGO_GO=$T/bin/go run "$RCGO" build
	says_first "rcgo: Go does not run: \`$T/bin/go env\` printed no JSON: hello"
}

@test "Go is too old" {
	fake_go GOVERSION=go1.18.10
	run "$RCGO" build
	says_first "rcgo: Go is too old: go1.18.10 ($RCGO_GO)"
	has "the oldest Go whose runtime/cgo rcgo can replace is 1.19"
}

@test "Go is so old that its env knows no GOVERSION" {
	fake_go GOVERSION=
	sed -i 's/^list)/version) echo "go version go1.13.4 linux\/amd64" ;;\n&/' "$RCGO_GO"
	run "$RCGO" build
	says_first "rcgo: Go is too old: go1.13.4 ($RCGO_GO)"
}

@test "Go is newer than tested: one warning, and the build continues" {
	for v in go1.28 go1.28.3 go1.28rc1 "devel go1.28-abcdef Mon Jan 1" go1.31-custom; do
		fake_go "GOVERSION=$v"
		run "$RCGO" build
		[ "$status" -eq 0 ]
		[ "${lines[0]}" = "rcgo: warning: Go is newer than tested: $v" ]
		[ "$(printf '%s\n' "$output" | grep -c warning)" -eq 1 ]
		has "args: <build>"
	done
}

@test "a version without a number: a warning" {
	fake_go "GOVERSION=devel +abcdef"
	run "$RCGO" build
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = 'rcgo: warning: Go is of an unknown version: "devel +abcdef"' ]
	has "args: <build>"
}

@test "tested versions in odd spellings: no warning" {
	for v in go1.19 go1.27.3 go1.27rc1 go1.22.12-custom "devel go1.26-abcdef"; do
		fake_go "GOVERSION=$v"
		run "$RCGO" build
		[ "$status" -eq 0 ]
		[ "${lines[0]}" = "args: <build>" ]
	done
}

@test "questions to a newer Go leave the environment of the build alone" {
	fake_go GOVERSION=go1.28
	# shellcheck disable=SC2016 # the fake go expands it
	export FAKE_DO='echo "cgo: ${CGO_ENABLED-not set}"'
	run "$RCGO" build
	has "cgo: not set"
	CGO_ENABLED=1 run "$RCGO" build
	has "cgo: 1"
}

@test "a newer Go that imports symbols that we do not define: a warning with their names" {
	fake_go GOVERSION=go1.29
	printf '//go:cgo_import_static x_cgo_brand_new\n' >>"$T/goroot/src/runtime/cgo/callbacks.go"
	run "$RCGO" build
	[ "$status" -eq 0 ]
	has "rcgo: warning: this Go imports names that rcgo does not supply: x_cgo_brand_new"
	has "args: <build>"
}

@test "CGO_ENABLED=0 in the environment" {
	fake_go CGO_ENABLED=0
	CGO_ENABLED=0 run "$RCGO" build
	is_stock "cgo is off: the environment sets CGO_ENABLED=0"
}

@test "CGO_ENABLED=0 by go env -w" {
	echo CGO_ENABLED=0 >"$T/goenv"
	fake_go CGO_ENABLED=0 "GOENV=$T/goenv"
	run "$RCGO" build
	is_stock "cgo is off: $T/goenv sets CGO_ENABLED=0"
}

@test "CGO_ENABLED=0 by go env -w, with the machine's Go" {
	GOENV=$T/goenv go env -w CGO_ENABLED=0
	hello
	GOENV=$T/goenv run "$RCGO" build
	[ "${lines[0]}" = "rcgo: note: cgo is off: $T/goenv sets CGO_ENABLED=0; go builds this without our runtime/cgo" ]
	[ "$(printf '%s\n' "$output" | grep -c rcgo:)" = 1 ]
}

@test "cgo is off because this is a cross build" {
	fake_go CGO_ENABLED=0 GOARCH=arm64
	run "$RCGO" build
	is_stock "cgo is off: this is a cross build for linux/arm64 on linux/amd64"
}

@test "no C compiler, and Go turned cgo off for that" {
	fake_go CGO_ENABLED=0 CC=no-such-cc
	run "$RCGO" build
	is_stock "no C compiler found: no-such-cc is not in PATH (CC=no-such-cc)"
}

@test "no C compiler, with arguments in CC" {
	fake_go "CC=no-such-cc gcc -m64"
	run "$RCGO" test
	says_first "rcgo: no C compiler found: no-such-cc is not in PATH (CC=no-such-cc gcc -m64)"
}

@test "a cross compiler is missing" {
	fake_go GOARCH=arm64 CC=aarch64-linux-gnu-gcc-99
	run "$RCGO" build
	says_first "rcgo: no C compiler found: aarch64-linux-gnu-gcc-99 is not in PATH (CC=aarch64-linux-gnu-gcc-99)"
	has "apt install gcc-aarch64-linux-gnu"
	has "set CC=aarch64-linux-gnu-gcc"
}

@test "the C compiler makes code for another CPU" {
	printf '#!/bin/sh\necho riscv64-linux-gnu\n' >"$T/bin/cross-cc"
	chmod +x "$T/bin/cross-cc"
	PATH=$T/bin:$PATH fake_go GOARCH=arm64 CC=cross-cc
	PATH=$T/bin:$PATH run "$RCGO" build
	says_first "rcgo: the C compiler makes code for another CPU: cross-cc for riscv64-linux-gnu, not for GOARCH=arm64 (CC=cross-cc)"
	has "apt install gcc-aarch64-linux-gnu"
}

@test "a C compiler that does not say for which CPU it makes code" {
	printf '#!/bin/sh\nexit 1\n' >"$T/bin/cross-cc"
	chmod +x "$T/bin/cross-cc"
	PATH=$T/bin:$PATH fake_go GOARCH=arm64 CC=cross-cc
	PATH=$T/bin:$PATH run "$RCGO" build
	[ "$status" -eq 0 ]
	has "args: <build>"
}

@test "no C compiler, with the machine's Go" {
	hello
	# A PATH without compilers, with only the programs that the go command needs.
	ln -s "$REAL_GO" "$T/bin/go"
	run env PATH="$T/bin" "$RCGO" build
	[ "$status" -eq 1 ]
	has "rcgo: note: no C compiler found:"
}

@test "a compiler behind quotes and arguments is found" {
	fake_go "CC='sh' -x"
	run "$RCGO" build
	[ "$status" -eq 0 ]
}

@test "unsupported platforms" {
	for p in windows/amd64 linux/ppc64 darwin/arm64 netbsd/amd64; do
		fake_go "GOOS=${p%/*}" "GOARCH=${p#*/}"
		run "$RCGO" build
		is_stock "unsupported platform: GOOS=${p%/*} GOARCH=${p#*/}"
	done
}

@test "an unsupported platform, with the machine's Go" {
	printf 'module plain\n\ngo 1.19\n' >go.mod
	printf 'package main\n\nfunc main() {}\n' >main.go
	GOOS=windows run "$RCGO" build -o "$T/p.exe" .
	is "rcgo: note: unsupported platform: GOOS=windows GOARCH=$(go env GOARCH); go builds this without our runtime/cgo"
	[ "$(head -c 2 "$T/p.exe")" = MZ ]
}

@test "commands that do not compile go on without an overlay there" {
	fake_go GOOS=windows
	GOFLAGS=-mod=mod run "$RCGO" fmt ./...
	is "args: <fmt> <./...>
GOFLAGS=-mod=mod"
}

@test "GOROOT without the sources of runtime/cgo" {
	fake_go
	rm -r "$T/goroot/src"
	run "$RCGO" build
	says_first "rcgo: GOROOT has no sources of runtime/cgo: $T/goroot/src/runtime/cgo is not there"
	has "apt install golang-1.22-src"
}

@test "GOROOT with nothing to replace" {
	fake_go
	rm "$T"/goroot/src/runtime/cgo/*.[chS]
	run "$RCGO" build
	says_first "rcgo: GOROOT has no C sources of runtime/cgo to replace: no C files in $T/goroot/src/runtime/cgo"
}

@test "no command, unknown flags, stray arguments" {
	run "$RCGO"
	[ "$status" -eq 2 ]
	has "rcgo runs the go command"
	run "$RCGO" -v build
	says_first "rcgo: unknown flag -v: the subcommand comes first, as in \`rcgo build -v\`"
	run "$RCGO" overlay --nonsense
	says_first "rcgo: overlay: unknown flag, or flag without its value: --nonsense"
	has "see \`rcgo help overlay\`"
	run "$RCGO" go
	[ "$status" -eq 2 ]
	has "Go is a tool for managing Go source code."
}

@test "standard output that cannot be written" {
	for command in "help" "env" "--version" "overlay" "abi"; do
		# shellcheck disable=SC2086 # words
		run bash -c '"$0" $1 2>&1 >/dev/full' "$RCGO" "$command"
		says_first "rcgo: cannot write to standard output: No space left on device"
	done
}

@test "the status of child processes is known although SIGCHLD is ignored" {
	run env RCGO_GO=/bin/false "$RCGO" build
	[ "$status" -eq 2 ]
	local said=$output
	run bash -c 'trap "" CHLD; exec env RCGO_GO=/bin/false "$0" build' "$RCGO"
	echo "$output"
	[ "$status" -eq 2 ] && [ "$output" = "$said" ]
}
