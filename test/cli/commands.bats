#!/usr/bin/env bats
# rcgo's own commands.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

# A test that builds a program itself: which runtime/cgo does the nested go command use?
nested() {
	hello inner
	cat >outer_test.go <<'END'
package outer

import (
	"os/exec"
	"strings"
	"testing"
)

func TestNested(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.CFiles}} {{.SFiles}}", "runtime/cgo").CombinedOutput()
	if err != nil {
		t.Fatal(err, string(out))
	}
	if !strings.Contains(string(out), "rcgo_") {
		t.Fatal("a nested go uses", string(out))
	}
}
END
	printf 'module outer\n\ngo 1.19\n' >go.mod
}

@test "env: a POSIX shell evaluates it, and plain go uses our runtime/cgo" {
	hello
	for sh in sh dash bash zsh; do
		command -v "$sh" >/dev/null || { echo "# no $sh here" >&3; continue; }
		run "$sh" -c "eval \"\$('$RCGO' env)\" && go build -ldflags=-compressdwarf=false -o '$T/prog' . && '$T/prog'"
		is "C says 42"
		carries_ours "$T/prog"
		rm "$T/prog"
	done
}

@test "env reaches a nested go" {
	nested
	run sh -c "eval \"\$('$RCGO' env)\" && go test -count=1 ."
	[ "$status" -eq 0 ]
	# Plain go must fail here; otherwise this test proves nothing.
	run go test -count=1 .
	[ "$status" -eq 1 ]
	has "a nested go uses"
}

@test "rcgo test reaches a nested go" {
	nested
	run "$RCGO" test -count=1 .
	[ "$status" -eq 0 ]
}

@test "env with spaces and quotes, and back" {
	export HOME="$T/a b'c"
	mkdir "$HOME"
	hello
	run sh -c "eval \"\$('$RCGO' env)\" && go list -f '{{.CFiles}} {{.SFiles}}' runtime/cgo && eval \"\$('$RCGO' env -u)\" && echo \"\${GOFLAGS-unset}\""
	[ "$status" -eq 0 ]
	has "rcgo_"
	[ "${lines[1]}" = unset ]
}

@test "env -u gives back the user's flags and overlay" {
	hello
	echo '{}' >"$T/user.json"
	export GOFLAGS="-tags=x -overlay=$T/user.json"
	run sh -c "eval \"\$('$RCGO' env)\" && eval \"\$('$RCGO' env)\" && eval \"\$('$RCGO' env -u)\" && echo \"\$GOFLAGS\""
	is "$GOFLAGS"
}

@test "env -json" {
	fake_go
	run "$RCGO" env -json
	[ "$status" -eq 0 ]
	has '-overlay='
	has '"RCGO_OVERLAY": "'
}

@test "env says nothing on standard output when it fails" {
	fake_go GOVERSION=go1.18
	[ -z "$("$RCGO" env 2>/dev/null)" ]
}

@test "overlay: to standard output, a file, the cache" {
	fake_go
	"$RCGO" overlay >"$T/out.json"
	"$RCGO" overlay -o "$T/file.json"
	"$RCGO" overlay --output="$T/long.json"
	cmp "$T/out.json" "$T/file.json"
	cmp "$T/out.json" "$T/long.json"
	cmp "$T/out.json" "$("$RCGO" overlay -p)"
	ln -s "$T/target.json" "$T/link.json"
	"$RCGO" overlay -o "$T/link.json"
	cmp "$T/out.json" "$T/target.json"
	[ "$("$RCGO" overlay -o /dev/stdout | cksum)" = "$(cksum <"$T/out.json")" ]
	run "$RCGO" overlay -o "$T/nothing/file.json"
	says_first "rcgo: cannot write $T/nothing/file.json: No such file or directory"
}

@test "overlay: to a full disk" {
	fake_go
	[ -c /dev/full ] || skip "no /dev/full here"
	run "$RCGO" overlay -o /dev/full
	says_first "rcgo: cannot write /dev/full: No space left on device"
	run sh -c "'$RCGO' overlay >/dev/full"
	[ "$status" -eq 2 ]
	has "cannot write to standard output: No space left on device"
}

@test "overlay: go build -overlay accepts the file that it writes" {
	hello
	"$RCGO" overlay -o "$T/o.json"
	go build -overlay="$T/o.json" -ldflags=-compressdwarf=false -o "$T/prog" .
	run "$T/prog"
	is "C says 42"
	carries_ours "$T/prog"
}

@test "abi: every symbol that an installed Go imports is defined" {
	for go in $(toolchains); do
		RCGO_GO=$go run "$RCGO" abi
		[ "$status" -eq 0 ]
		has "x_cgo_init"
		# Counted independently: the symbols that the compiled stock package imports from C.
		n=$(cd / && "$go" list -f '{{range .GoFiles}}{{.}} {{end}}' runtime/cgo |
			(cd "$("$go" env GOROOT)/src/runtime/cgo" && xargs cat) |
			grep -c '^//go:cgo_import_static')
		has " imports $((n + 2)) names; rcgo supplies $((n + 2)) of them."
	done
}

@test "abi: a missing symbol" {
	fake_go
	printf '//go:cgo_import_static x_cgo_brand_new\n' >>"$T/goroot/src/runtime/cgo/callbacks.go"
	run "$RCGO" abi
	[ "$status" -eq 1 ]
	has "imports 4 names; rcgo supplies 3 of them, 1 are MISSING."
	printf '%s\n' "${lines[@]}" | grep -q '^x_cgo_brand_new .* NO$'
	run "$RCGO" abi -json
	[ "$status" -eq 1 ]
	has '"missing": 1'
}

@test "doctor: all well here" {
	run "$RCGO" doctor
	echo "$output"
	[ "$status" -eq 0 ]
	for what in "go command" "Go version" GOROOT platform cgo "C compiler" linker libc GOFLAGS \
		overlay kernel cache "Go's cache" RLIMIT_NPROC RLIMIT_STACK RLIMIT_AS "cgroup pids" \
		threads-max max_map_count; do
		printf '%s\n' "${lines[@]}" | grep -Eq "^(ok|warn)  +$what  +[^ ]"
	done
	lacks "$(printf '\033')"
	RCGO=stock run "$RCGO" doctor
	printf '%s\n' "${lines[@]}" | grep -Eq "^ok  +RCGO  +stock: programs behave as with Go's own runtime/cgo$"
	RCGO=stock,crash=on run "$RCGO" doctor
	has "own runtime/cgo, but for the rest"
}

@test "doctor: a failed check is named, and the status is 1" {
	run env PATH="$T/bin" "$RCGO" doctor
	[ "$status" -eq 1 ]
	has "FAIL  go command      no Go found"
	fake_go CC=no-such-cc
	run "$RCGO" doctor
	[ "$status" -eq 1 ]
	has "FAIL  C compiler      no-such-cc is not in PATH"
	fake_go CC=false
	run "$RCGO" doctor
	[ "$status" -eq 1 ]
	has "FAIL  C compiler      false cannot build a program with a thread"
	fake_go GOVERSION=go1.18
	run "$RCGO" doctor
	[ "$status" -eq 1 ]
	has "FAIL  Go version      Go is too old"
	echo '{' >bad.json
	GOFLAGS=-overlay=bad.json run "$RCGO" doctor
	has "FAIL  overlay         the overlay $T/work/bad.json is not valid JSON"
}

@test "doctor: limits that are tight" {
	run sh -c "ulimit -s 128; ulimit -v 1000000; '$RCGO' doctor"
	has "warn  RLIMIT_STACK"
	has "warn  RLIMIT_AS"
	: >"$T/file"
	RCGO_CACHE=$T/file/x run "$RCGO" doctor
	[ "$status" -eq 0 ]
	has "warn  cache           $T/file/x: Not a directory; $T/tmp/rcgo-$(id -u) is used instead"
	RCGO_CACHE=rel run "$RCGO" doctor -json
	[ "$status" -eq 1 ]
	jq -e '.findings[] | select(.name == "cache") | .level == "FAIL" and (.text | startswith("RCGO_CACHE=rel is not"))' \
		<<<"$output"
}

@test "version: rcgo, its runtime/cgo and Go" {
	run "$RCGO" --version
	[ "$status" -eq 0 ]
	version=$(sed -n 's/^## //p' "$HERE/../../CHANGELOG.md" | head -n 1)
	has "rcgo $version, runtime/cgo "
	has "tested with Go 1.19 to 1.27"
	has "go: $(go env GOVERSION) $(go env GOOS)/$(go env GOARCH), GOROOT $(go env GOROOT)"
	run env PATH="$T/bin" "$RCGO" --version
	[ "$status" -eq 0 ]
	has "go: none found"
	[ "$("$RCGO" version 2>"$T/ours")" = "$(go version)" ]
	grep -q "^rcgo $version, runtime/cgo " "$T/ours"
}

@test "help: the overview, and the help of each command" {
	for flag in help -h --help; do
		run "$RCGO" "$flag"
		[ "$status" -eq 0 ]
		[ "${lines[0]}" = "rcgo runs the go command with its own implementation of runtime/cgo." ]
	done
	for command in env overlay doctor abi version help go; do
		run "$RCGO" help "$command"
		[ "$status" -eq 0 ]
		has "usage: rcgo $command"
	done
	for command in env overlay doctor abi addr2line symbolize version; do
		run "$RCGO" "$command" --help
		[ "$status" -eq 0 ]
		has "usage: rcgo $command"
	done
	run "$RCGO" help build
	is "$(go help build)"
	run "$RCGO" help nope
	[ "$status" -eq 2 ]
	has "unknown help topic"
}

@test "the binary needs no library, and is stripped" {
	run ldd "$RCGO"
	lacks jansson
	lacks libc.so
	run file -L "$RCGO"
	[ "$status" -ne 0 ] || lacks "not stripped"
	if [ -e "$RCGO.debug" ]; then
		run readelf -p .gnu_debuglink "$RCGO"
		has rcgo.debug
	fi
}

@test "doctor: JSON, and arguments that are wrong" {
	run "$RCGO" doctor -json
	[ "$status" -eq 0 ]
	[ "$(jq -r '.fail' <<<"$output")" = 0 ]
	[ "$(jq -r '.findings[] | select(.name == "platform").text' <<<"$output")" = "linux/$(go env GOARCH)" ]
	run "$RCGO" doctor -nope
	says_first "rcgo: doctor: unknown flag, or flag without its value: -nope"
	run "$RCGO" overlay -p -xo
	says_first "rcgo: overlay: unknown flag, or flag without its value: -xo"
}

@test "doctor: an overlay of ours for another Go, of another rcgo, or gone" {
	fake_go
	eval "$("$RCGO" env)"
	run "$RCGO" doctor
	has "overlay         ours is in GOFLAGS: plain \`go\` builds with it"
	fake_go GOVERSION=go1.24.1
	run "$RCGO" doctor
	has "ok    overlay         ours in GOFLAGS is for go1.22.1 in $T/goroot, and here runs go1.24.1 in $T/goroot; the \`go\` in PATH is rcgo"
	export PATH=${PATH#*:}
	run "$RCGO" doctor
	has "warn  overlay         ours in GOFLAGS is for go1.22.1"
	has 'do: run: eval "$(rcgo env)"'
	rm -r "$CACHE"
	run "$RCGO" doctor
	has "warn  overlay         ours is in GOFLAGS, but its file is gone"
}

@test "a go env without end is not read without end" {
	printf '#!/bin/sh\nexec yes\n' >"$T/bin/go"
	chmod +x "$T/bin/go"
	RCGO_GO=$T/bin/go run timeout 60 "$RCGO" build
	says_first "rcgo: Go does not run: \`$T/bin/go env\` prints without end: File too large"
}

@test "a go env that does not end is not waited for without end" {
	printf '#!/bin/sh\necho begun\nexec sleep 1000\n' >"$T/bin/go"
	chmod +x "$T/bin/go"
	for command in build run env doctor overlay; do
		RCGO_WAIT=1 RCGO_GO=$T/bin/go run timeout 60 "$RCGO" $command
		[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
		has "Go does not run: \`$T/bin/go env\` has not ended within 1 s (RCGO_WAIT)"
	done
	# A go env that closes its output and continues to run.
	printf '#!/bin/sh\nexec sleep 1000 >/dev/null 2>&1\n' >"$T/bin/go"
	RCGO_WAIT=1 RCGO_GO=$T/bin/go run timeout 60 "$RCGO" build
	says_first "rcgo: Go does not run: \`$T/bin/go env\` has not ended within 1 s (RCGO_WAIT)"
	for bad in 0 -1 1s x; do
		RCGO_WAIT=$bad run "$RCGO" build
		[ "$status" -eq 2 ]
		says_first "rcgo: RCGO_WAIT=$bad is not a number of seconds"
	done
}

@test "doctor BIN: runtime/cgo, glibc, names" {
	hello
	"$RCGO" build -ldflags=-compressdwarf=false -o prog .
	run "$RCGO" doctor prog
	[ "$status" -eq 0 ]
	has "$("$RCGO" --version | sed -n 's/.*runtime.cgo \([0-9a-f]*\),.*/\1/p'), of rcgo"
	want=$(objdump -T prog | grep -o 'GLIBC_2\.[0-9]*' | sort -uV | tail -n 1)
	has "demands glibc ${want#GLIBC_} or newer, by "
	symbol=$(sed -n 's/.*or newer, by \([^, ]*\).*/\1/p' <<<"$output")
	objdump -T prog | grep -q "($want) *$symbol\$"
	has "C frames have names, files and lines"
	strip prog
	go build -ldflags=-s -o stock .
	run "$RCGO" doctor -json prog stock
	[ "$status" -eq 0 ]
	[ "$(jq -r '.findings[] | select(.name == "debug info") | .level' <<<"$output" | tr '\n' ' ')" = "warn warn " ]
	[ "$(jq -r '.findings[] | select(.name == "runtime/cgo") | .level' <<<"$output" | tr '\n' ' ')" = "ok warn " ]
	run "$RCGO" doctor main.go
	[ "$status" -eq 1 ]
	has "is not a 64-bit ELF file"
}

@test "doctor: reports on leaf calls in a module that uses them" {
	printf 'module example.com/user\n\ngo 1.19\n' >go.mod
	run "$RCGO" doctor
	lacks "leaf calls"
	"$RCGO" init >/dev/null
	run "$RCGO" doctor
	has "leaf calls"
}

@test "doctor: which go the tools of a directory run" {
	hello
	run "$RCGO" doctor
	[ "$status" -eq 0 ]
	has "ok    tools           gopls, linters and debuggers of this shell use Go's own runtime/cgo"
	lacks "VS Code"
	lacks "direnv"
	mkdir -p .vscode sub .git
	cat >.vscode/settings.json <<'END'
{
	// A comment, "quoted", and /* another */
	"editor.tabSize": 4, /* of two
	lines */ "x": "a // b, }",
	"list": [1, 2, ],
}
END
	run "$RCGO" doctor -C sub
	has "warn  VS Code         $PWD/.vscode/settings.json: builds with Go's own runtime/cgo"
	has "do: merge what \`rcgo env -format vscode\` prints into it"
	"$RCGO" env -format vscode >.vscode/settings.json
	run "$RCGO" doctor -C sub
	has "ok    VS Code         $PWD/.vscode/settings.json: uses our runtime/cgo"
	jq 'del(."go.alternateTools")' .vscode/settings.json >s.json
	mv s.json .vscode/settings.json
	run "$RCGO" doctor
	has "ok    VS Code "
	rm -r "$CACHE"
	run "$RCGO" doctor
	has "warn  VS Code         $PWD/.vscode/settings.json: ours is in GOFLAGS, but its file is gone"
	echo '{"go.alternateTools": {"go": "/nowhere/go"}}' >.vscode/settings.json
	run "$RCGO" doctor
	has "settings.json: names /nowhere/go as its go command, which is not there"
	echo '{"a": "b' >.vscode/settings.json
	run "$RCGO" doctor
	has "settings.json is not valid JSON"
	# Settings in directories above the repository do not count.
	(cd sub && mkdir .git && "$RCGO" doctor >"$T/out")
	run cat "$T/out"
	lacks "VS Code"
	rm -r .vscode
	echo 'export A=b' >.envrc
	run "$RCGO" doctor
	has "ok    direnv          $PWD/.envrc does not use rcgo"
	echo 'eval "$(rcgo env -format direnv)"' >.envrc
	run "$RCGO" doctor
	has "warn  direnv          $PWD/.envrc uses rcgo, and is not loaded here"
	DIRENV_DIR=-$PWD run "$RCGO" doctor
	has "ok    direnv          $PWD/.envrc uses rcgo, and is loaded"
	eval "$("$RCGO" env)"
	run "$RCGO" doctor
	has "is rcgo: gopls, linters and debuggers of this shell use our runtime/cgo"
	PATH=${PATH#*:} run "$RCGO" doctor
	has "use our runtime/cgo, by GOFLAGS"
}

@test "doctor: the sandbox" {
	run "$RCGO" doctor
	has "ok    /proc           is there"
	has "  sandbox         "
	run setpriv --no-new-privs "$RCGO" doctor
	has "no new privileges"
	NIX_BUILD_TOP=/build run "$RCGO" doctor
	has "a Nix build"
	if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
		run unshare -m sh -c "mount -t tmpfs none /proc && '$RCGO' doctor"
		has "warn  /proc           is not there"
	fi
	# A parent that traces rcgo and follows forks already traces its children, so rcgo
	# cannot trace them.
	command -v strace >/dev/null || skip "no strace here"
	run strace -f -o /dev/null "$RCGO" doctor
	has "warn  ptrace          Operation not permitted"
	has "--cap-add=SYS_PTRACE"
}
