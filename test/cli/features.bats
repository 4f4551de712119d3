#!/usr/bin/env bats
# --with= and --without= are flags of rcgo: go never sees them, and the overlay implements them.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

# Sets $output to the overlay that the last run passed to go, or wrote.
overlay_of() {
	local path=${output##*-overlay=}
	path=${path%%[\'\" ]*}
	output=$(cat "$path")
}

@test "by default the traceback of C frames is included" {
	for version in go1.22.1 go1.26.8; do
		fake_go GOVERSION=$version
		run "$RCGO" build
		overlay_of
		has "rcgo_traceback.go"
		lacks "RCGO_BUILD_OPTIONS"
	done
	for group in core unwind symbolize; do
		has "/rcgo_${group}_linux.c"
	done
}

@test "without traceback only the core is installed" {
	for version in go1.19.8 go1.22.1 go1.26.8; do
		fake_go GOVERSION=$version
		run "$RCGO" build --without=traceback -v x
		[ "$status" -eq 0 ]
		has "args: <build> <-v> <x>"
		overlay_of
		has "/rcgo_core_linux.c"
		lacks "rcgo_traceback.go"
		lacks "rcgo_unwind"
		lacks "rcgo_symbolize"
	done
}

@test "the selection reaches the C compiler, also with a cgo.go that we do not know" {
	hello
	"$RCGO" build --with=contexts -o "$T/prog" . # its effect is tested in test/integration/scenarios
	run "$T/prog"
	is "C says 42"
	fake_go # has no cgo.go
	run "$RCGO" build --with=contexts --without=crash,signals
	overlay_of
	flags=$(printf '%s\n' "$output" | sed -n 's/.*: "\(.*-rcgo_flags\.go\)",*/\1/p')
	grep -x '#cgo CFLAGS: -g1 -DRCGO_BUILD_OPTIONS=contexts=on,crash=off -DRCGO_WITHOUT_SIGNALS' "$flags"
	grep -x '#cgo CFLAGS: -std=gnu11 .*' "$flags"
}

# Tools built on go/packages, and go vet before Go 1.24, open a package's Go files on disk.
@test "every Go file of runtime/cgo exists in GOROOT" {
	printf '// stock\n\npackage cgo\n\nimport "unsafe"\n\nvar stock unsafe.Pointer\n' >"$T/linux.go"
	printf '// stock\n\n#include "textflag.h"\n' >"$T/asm_amd64.s"
	for go in go1.23.4 go1.26.1; do
		fake_go GOVERSION=$go
		cp "$T/linux.go" "$T/asm_amd64.s" "$T/goroot/src/runtime/cgo"
		for without in "" signals traceback,signals; do
			run "$RCGO" build ${without:+"--without=$without"} x
			overlay_of
			for name in rcgo_names rcgo_signals rcgo_syscall rcgo_traceback rcgo_gotext; do
				lacks "$name"
			done
			joined=$(printf '%s\n' "$output" | sed -n 's/.*: "\(.*-linux\.go\)",*/\1/p')
			[ "$(grep -c '^import\|^package' "$joined")" = 2 ]
			grep -x 'var stock unsafe.Pointer' "$joined"
			grep -x '//go:cgo_export_static rcgo_go_text' "$joined"
			[ "$(grep -c 'cgo_export_dynamic sigaction$' "$joined")" = "$([ -n "$without" ] && echo 0 || echo 1)" ]
			asm=$(printf '%s\n' "$output" | sed -n 's/.*: "\(.*-asm_amd64\.s\)",*/\1/p')
			[ "$(grep -c textflag "$asm")" = 1 ]
			grep '^GLOBL rcgo_go_text' "$asm"
		done
		echo "package cgo // of no shape that we know" >"$T/goroot/src/runtime/cgo/linux.go"
		run "$RCGO" build x
		overlay_of
		has "rcgo_traceback.go"
	done
}

@test "the last flag wins" {
	fake_go
	run "$RCGO" build --without=traceback --with=traceback
	overlay_of
	has "rcgo_traceback.go"
}

@test "a program without the C frames builds and runs" {
	hello
	"$RCGO" build --without=traceback -ldflags=-compressdwarf=false -o "$T/prog" .
	run "$T/prog"
	is "C says 42"
	carries_ours "$T/prog"
	run nm "$T/prog"
	lacks "rcgo__walk"
	lacks "x_cgo_default"
}

@test "--without=signals: the program defines none of the signal functions" {
	hello
	for link in external internal; do
		"$RCGO" build -ldflags=-linkmode=$link -o "$T/prog" .
		readelf -W --dyn-syms "$T/prog" >with
		grep -q 'FUNC .* [1-9][0-9]* sigaction$' with
		nm "$T/prog" | grep -q ' rcgo__trampolines$'
		"$RCGO" build --without=signals -ldflags=-linkmode=$link -o "$T/prog" .
		run "$T/prog"
		is "C says 42"
		carries_ours "$T/prog"
		run nm "$T/prog"
		lacks "rcgo__guard"
		lacks "rcgo__frame_relocate"
		lacks "rcgo__action_slot_of"
		lacks "rcgo__altstack_change"
		lacks "rcgo__signal_mask_filter"
		# The remaining names of libc are those that the program itself uses.
		names='sigaction|signal|(bsd_|s|sysv_)signal|sigset|siginterrupt|sigaltstack'
		names+='|pthread_sigmask|sigprocmask|sighold|sigblock|sigsetmask'
		run sh -c "readelf -W --dyn-syms '$T/prog' | grep -E ' (__)?($names)(@.*)?$' |
			grep -v ' UND ' || true"
		is ""
	done
}

@test "env and overlay accept them too, and a nested rcgo keeps them" {
	fake_go
	run "$RCGO" env --without=traceback
	[ "$status" -eq 0 ]
	eval "$output"
	run "$RCGO" build
	overlay_of
	lacks "rcgo_traceback.go"
	has '"without": "traceback"'
	run "$RCGO" build --with=traceback
	overlay_of
	has "rcgo_traceback.go"
	eval "$("$RCGO" env -u)"
	run "$RCGO" overlay --without=traceback
	lacks "rcgo_traceback.go"
	run "$RCGO" overlay
	has "rcgo_traceback.go"
}

@test "an overlay on the command line does not change the selection of an outer rcgo" {
	fake_go
	echo '{"Replace": {}}' >own.json
	eval "$("$RCGO" env --without=traceback)"
	run "$RCGO" build -overlay=own.json
	overlay_of
	lacks "rcgo_traceback.go"
	has '"without": "traceback"'
	run "$RCGO" build -overlay=own.json --with=traceback
	overlay_of
	has "rcgo_traceback.go"
}

@test "an unknown feature" {
	fake_go
	for command in build run test install vet list env overlay; do
		run "$RCGO" $command --without=tracebacks
		[ "$status" -eq 2 ]
		has 'there is no "tracebacks"; there is traceback, contexts, crash, signals, heap, syscall'
	done
	run "$RCGO" build --with=
	[ "$status" -eq 2 ]
	run "$RCGO" build --with=contexts,
	[ "$status" -eq 2 ]
}

@test "help, man page and completion name every feature" {
	make -s -C "$BATS_TEST_DIRNAME/../.." share
	all=$("$RCGO" build --with=nothing 2>&1 | sed -n 's/.*; there is //p' | tr -d ,)
	[ -n "$all" ]
	run "$RCGO" help features
	for feature in $all; do
		printf '%s\n' "$output" | grep -q "^  $feature "
		grep -q "^\.It Cm $feature\$" "$BATS_TEST_DIRNAME/../../build/share/rcgo.1"
		for f in rcgo.bash _rcgo rcgo.fish; do
			grep -q "features.*$feature" "$BATS_TEST_DIRNAME/../../build/share/$f"
		done
	done
}

@test "a program's own flags stay its own" {
	fake_go
	run "$RCGO" run . --without=traceback
	has "args: <run> <.> <--without=traceback>"
	run "$RCGO" test . -args --with=x
	has "args: <test> <.> <-args> <--with=x>"
	run "$RCGO" test -with=x .
	has "args: <test> <-with=x> <.>"
	run "$RCGO" build -o --with=x
	has "args: <build> <-o> <--with=x>"
}

@test "with syscall Go's own AllThreadsSyscall works beside C" {
	hello
	cat >all.go <<-'EOF'
		package main

		import (
			"fmt"
			"syscall"
		)

		func init() {
			r, _, err := syscall.AllThreadsSyscall(syscall.SYS_GETPID, 0, 0, 0)
			_, _, err6 := syscall.AllThreadsSyscall6(syscall.SYS_CLOSE, ^uintptr(0), 0, 0, 0, 0, 0)
			fmt.Println(int(r) == syscall.Getpid(), err == 0, err6 == syscall.EBADF)
		}
	EOF
	"$RCGO" build --with=syscall -o "$T/prog" .
	run "$T/prog"
	has "true true true"
	"$RCGO" build -o "$T/prog" .
	run "$T/prog"
	has "false false false"
}

@test "with syscall, and a package syscall that we do not know" {
	fake_go
	root=$T/goroot
	run "$RCGO" build --with=syscall
	[ "$status" -eq 2 ]
	has "--with=syscall: $root/src/syscall/syscall_linux.go has a shape that rcgo does not know"
	has "call rcgo_syscall_all_threads from C"
}
