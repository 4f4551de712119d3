#!/usr/bin/env bats
# rcgo executes go in its own process: exit status, signals, arguments and input are those of go.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

@test "the status is go's" {
	fake_go
	for n in 0 1 3 77; do
		FAKE_STATUS=$n run "$RCGO" build
		[ "$status" -eq "$n" ]
	done
}

@test "a build that fails: go's status and go's own message" {
	hello
	echo 'var broken int = "text"' >>main.go
	run go build
	[ "$status" -ne 0 ]
	gos=$status # 1, and 2 up to Go 1.19
	run "$RCGO" build
	[ "$status" -eq "$gos" ]
	has "main.go:"
	lacks "rcgo:"
}

@test "an unknown command: the message is go's" {
	run "$RCGO" frobnicate
	[ "$status" -eq 2 ]
	has "go frobnicate: unknown command"
}

@test "a test that fails, a program that exits" {
	hello
	printf 'package main\n\nimport "testing"\n\nfunc TestX(t *testing.T) { t.Fatal("so it is") }\n' >x_test.go
	run "$RCGO" test .
	[ "$status" -eq 1 ]
	has "so it is"
	cat >who.go <<'END'
package main

import "os"

var who = func() string { os.Exit(7); return "" }()
END
	run "$RCGO" run .
	[ "$status" -eq 1 ]
	has "exit status 7"
}

@test "arguments reach go unchanged" {
	fake_go
	run "$RCGO" build -v "a b" "" '*' -ldflags "-X 'a=b c'"
	has "args: <build> <-v> <a b> <> <*> <-ldflags> <-X 'a=b c'>"
	run "$RCGO" go build x
	has "args: <build> <x>"
	run "$RCGO" mod tidy -overlay=x
	has "args: <mod> <tidy> <-overlay=x>"
}

@test "go's own env, version and help" {
	run "$RCGO" go version
	is "$(go version)"
	run "$RCGO" go env GOROOT
	is "$(go env GOROOT)"
	run "$RCGO" go help build
	[ "$status" -eq 0 ]
	has "usage: go build"
}

@test "standard input goes to the program" {
	hello
	cat >who.go <<'END'
package main

import (
	"io"
	"os"
)

var who = func() string { b, _ := io.ReadAll(os.Stdin); return string(b) }()
END
	run sh -c "printf input | '$RCGO' run ."
	is "input says 42"
}

@test "signals reach go, which runs in rcgo's process" {
	fake_go
	# The parent of go is the process that started rcgo: there is no rcgo process between them.
	export FAKE_DO="cat /proc/\$PPID/comm >'$T/parent'; exec sleep 30"
	for sig in TERM INT HUP; do
		# A shell starts background commands with SIGINT ignored.
		run env --default-signal=INT timeout --preserve-status -s "$sig" 3 "$RCGO" build
		echo "$sig: $status $output"
		[ "$(cat "$T/parent")" = timeout ]
		rm "$T/parent"
		[ "$status" -eq $((128 + $(kill -l "$sig"))) ]
	done
}

@test "go inherits no signal settings and no open files of rcgo" {
	fake_go
	export FAKE_DO='grep "Sig[BI]" /proc/self/status; ls /proc/self/fd | wc -l'
	run "$RCGO_GO" build
	[ "$status" -eq 0 ]
	has SigIgn
	direct=$output
	run "$RCGO" build
	is "$direct"
}

@test "closed standard streams" {
	fake_go
	run sh -c "'$RCGO' build <&- 2>&-"
	[ "$status" -eq 0 ]
	has "args: <build>"
	export FAKE_DO="echo done >'$T/done'"
	run sh -c "'$RCGO' build <&- >&- 2>&-"
	[ "$(cat "$T/done")" = "done" ]
}

@test "rcgo runs go env once before it executes go" {
	fake_go
	sed -i "2i echo \"\$@\" >>'$T/calls'" "$RCGO_GO"
	"$RCGO" build x >/dev/null
	[ "$(wc -l <"$T/calls")" -eq 2 ]
	[ "$(tail -n 1 "$T/calls")" = "build x" ]
}

@test "20 real builds at once from a cold cache" {
	hello
	"$REAL_GO" build -o "$T/warm" . # compiles the packages that do not depend on rcgo once
	for i in $(seq 20); do
		"$RCGO" build -o "$T/prog.$i" . 2>"$T/err.$i" &
	done
	wait
	[ -z "$(cat "$T"/err.*)" ]
	for i in $(seq 20); do
		[ "$("$T/prog.$i")" = "C says 42" ]
	done
}
