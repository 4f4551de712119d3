# Shared by the tests of rcgo: a private directory and environment for each test, and a fake go
# command that reports any version, platform or fault.
# shellcheck disable=SC2034,SC2154 # bats sets status, output and lines; tests read CACHE

setup() {
	HERE=$(cd "$BATS_TEST_DIRNAME" && pwd)
	RCGO=${RCGO:-$HERE/../../bin/rcgo}
	[ -x "$RCGO" ] || { echo "no $RCGO: run make first" >&2; return 1; }
	# The caches of the machine's Go are used; otherwise each test would compile the
	# standard library.
	REAL_GO=$(command -v go)
	GOCACHE=$(go env GOCACHE)
	GOPATH=$(go env GOPATH)
	export REAL_GO GOCACHE GOPATH
	T=$(mktemp -d "${TMPDIR:-/tmp}/rcgo-test-XXXXXX")
	T=$(cd "$T" && pwd -P)
	mkdir "$T/home" "$T/tmp" "$T/bin" "$T/work"
	export HOME=$T/home TMPDIR=$T/tmp GOTOOLCHAIN=local GOENV=off GO111MODULE=
	unset GOFLAGS RCGO_GO RCGO_CACHE XDG_CACHE_HOME CGO_ENABLED CC GOOS GOARCH GOROOT
	CACHE=$HOME/.cache/rcgo
	cd "$T/work" || return 1
}

teardown() {
	cd /
	# The go command leaves a child behind that may still write its telemetry there.
	for _ in {1..20}; do
		rm -rf "$T" 2>/dev/null && return
		sleep 0.1
	done
	rm -rf "$T"
}

# fake_go [NAME=VALUE...]: makes RCGO_GO a go that reports these variables and, for any other
# command, prints its arguments and its GOFLAGS and exits with FAKE_STATUS, or runs FAKE_DO. $T/list
# is what its `go list` prints.
fake_go() {
	mkdir -p "$T/goroot/src/runtime/cgo"
	for f in gcc_context.c gcc_linux_amd64.c gcc_amd64.S libcgo.h; do
		echo "/* stock */" >"$T/goroot/src/runtime/cgo/$f"
	done
	printf 'package cgo\n' >"$T/goroot/src/runtime/cgo/callbacks.go"
	printf '//go:cgo_import_static x_cgo_init\n' >>"$T/goroot/src/runtime/cgo/callbacks.go"
	echo callbacks.go >"$T/list"
	local GOROOT=$T/goroot GOVERSION=go1.22.1 GOOS=linux GOARCH=amd64 CGO_ENABLED=1 CC=sh
	local GOHOSTOS=linux GOHOSTARCH=amd64 GOENV=off pair
	for pair in "$@"; do
		local "${pair?}"
	done
	cat >"$T/bin/fakego" <<END
#!/bin/sh
case \$1 in
env) cat <<JSON
{"GOROOT": "$GOROOT", "GOVERSION": "$GOVERSION", "GOOS": "$GOOS", "GOARCH": "$GOARCH",
"GOHOSTOS": "$GOHOSTOS", "GOHOSTARCH": "$GOHOSTARCH", "CGO_ENABLED": "$CGO_ENABLED",
"CGO_CFLAGS": "\${CGO_CFLAGS--O2 -g}", "CGO_CPPFLAGS": "\$CGO_CPPFLAGS",
"CC": "\${CC-$CC}", "GOFLAGS": "\$GOFLAGS", "GOENV": "$GOENV"}
JSON
;;
list) cat '$T/list' ;;
*) [ -z "\${FAKE_DO:-}" ] || { eval "\$FAKE_DO"; exit; }
printf 'args:'; printf ' <%s>' "\$@"; printf '\nGOFLAGS=%s\n' "\$GOFLAGS"
exit "\${FAKE_STATUS:-0}" ;;
esac
END
	chmod +x "$T/bin/fakego"
	export RCGO_GO=$T/bin/fakego
}

# hello [DIR]: writes a module with a cgo program that prints "C says 42", and a second Go file.
hello() {
	local dir=${1:-.}
	mkdir -p "$dir"
	printf 'module hello\n\ngo 1.19\n' >"$dir/go.mod"
	printf 'package main\n\nconst who = "C"\n' >"$dir/who.go"
	cat >"$dir/main.go" <<'END'
package main

// static int twice(int x) { return 2 * x; }
import "C"
import "fmt"

func main() { fmt.Println(who, "says", C.twice(21)) }
END
}

# Compiles C without optimization from here on, in a quarter of the time: for tests that build our runtime/cgo in a way of
# their own and do not look at its code.
unoptimized() {
	export CGO_CFLAGS='-O0 -g'
}

# says_first LINE: checks that rcgo exited with its status 2 and printed this first line.
says_first() {
	echo "status $status, output: $output"
	[ "$status" -eq 2 ]
	[ "${lines[0]}" = "$1" ]
}

# is TEXT: checks that the whole output is TEXT, and the status 0.
is() {
	echo "status $status, output: $output"
	[ "$status" -eq 0 ]
	[ "$output" = "$1" ]
}

has() {
	echo "status $status, output: $output; wanted: $1"
	case $output in
	*"$1"*) ;;
	*) return 1 ;;
	esac
}

lacks() {
	echo "status $status, output: $output; unwanted: $1"
	case $output in
	*"$1"*) return 1 ;;
	esac
}

# Returns whether a program was linked with our runtime/cgo: its line table names our source files.
carries_ours() {
	grep -q 'rcgo_[a-z0-9_]*\.c' "$1"
}

# A function of its own, because in bats a line that begins with ! never fails a test.
lacks_ours() {
	if carries_ours "$1"; then
		return 1
	fi
}

# in_namespace COMMAND...: as root of a private mount namespace; skips the test where the
# system forbids that.
in_namespace() {
	unshare -m true 2>/dev/null || skip "may not make a mount namespace here"
	unshare -m sh -c "$@"
}

# Prints every go command: the machine's, and those in the directory RCGO_TOOLCHAINS, which
# tools/toolchains fetches. No path may have spaces.
toolchains() {
	local go
	echo "$REAL_GO"
	for go in ${RCGO_TOOLCHAINS:+"$RCGO_TOOLCHAINS"/*/bin/go}; do
		if [ -x "$go" ]; then
			echo "$go"
		fi
	done
}

# start_as COMMAND...: starts the command and waits until it is ready. Its input is file descriptor
# 8, its output 9. stop_started: ends that command.
start_as() {
	mkfifo in out
	"$@" <in >out &
	PID=$!
	exec 8>in 9<out
	read -r line <&9
	[ "$line" = ready ]
}

stop_started() {
	exec 8>&- 9<&-
	wait "$PID" || true
}

# in_order TEXT WORD...: checks that the words are in the text in this order.
in_order() {
	local text=$1 word
	shift
	for word in "$@"; do
		[[ $text == *"$word"* ]] || { echo "no $word in its place" >&2; return 1; }
		text=${text#*"$word"}
	done
}
