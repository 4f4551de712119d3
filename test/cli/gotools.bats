#!/usr/bin/env bats
# Editors, linters and debuggers give the same answers in a shell that `rcgo env` has set up as in
# others. A tool is taken from RCGO_GOTOOLS, a directory, or from PATH; a tool that is not there is
# skipped. `GOBIN=DIR go install MODULE@latest` gets one from the module proxy.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

# wants TOOL: puts the tool into PATH, or skips the test.
wants() {
	PATH=${RCGO_GOTOOLS:+$RCGO_GOTOOLS:}$PATH
	command -v "$1" >/dev/null || skip "no $1 here"
}

# program: writes a program with a callback, a handle and a function that is never called.
program() {
	printf 'module example.test/tools\n\ngo 1.19\n' >go.mod
	cat >main.go <<'END'
package main

// #include <stdint.h>
// extern int goTwice(uintptr_t, int);
// static int call(uintptr_t h, int n) { return goTwice(h, n); }
import "C"

import (
	"fmt"
	"runtime/cgo"
)

type doubler interface{ twice(n int) int }

type by int

func (b by) twice(n int) int { return int(b) * n }

//export goTwice
func goTwice(h C.uintptr_t, n C.int) C.int {
	return C.int(cgo.Handle(h).Value().(doubler).twice(int(n)))
}

func run(d doubler, n int) int {
	h := cgo.NewHandle(d)
	defer h.Delete()
	return int(C.call(C.uintptr_t(h), C.int(n)))
}

func main() {
	fmt.Println(run(by(2), 21))
}
END
	printf 'package main\n\nfunc unused() int { return 1 }\n' >unused.go
}

# same_as_stock COMMAND...: has the same output and status with our runtime/cgo and with stock.
same_as_stock() {
	{ "$@" && echo "status 0" || echo "status $?"; } >"$T/stock" 2>&1
	(
		eval "$("$RCGO" env)"
		{ "$@" && echo "status 0" || echo "status $?"; } >"$T/ours" 2>&1
	)
	cat "$T/ours"
	diff "$T/stock" "$T/ours"
}

@test "every Go file that go list names is on disk" {
	program
	for go in $(toolchains); do
		export RCGO_GO=$go
		dir=$("$go" env GOROOT)/src/runtime/cgo
		for f in $("$RCGO" list -f '{{join .GoFiles " "}} {{join .CgoFiles " "}}' runtime/cgo) \
			$("$RCGO" list -f '{{join .SFiles "\n"}}' runtime/cgo | grep '\.s$'); do
			[ -f "$dir/$f" ]
		done
	done
}

# Such a name is read by tools that hash a package, as golangci-lint does.
@test "every file for other systems and CPUs that go list names is on disk" {
	program
	for go in $(toolchains); do
		export RCGO_GO=$go
		dir=$("$go" env GOROOT)/src/runtime/cgo
		for f in $("$RCGO" list -f '{{join .IgnoredGoFiles " "}} {{join .IgnoredOtherFiles " "}}' runtime/cgo); do
			[ -f "$dir/$f" ]
		done
	done
}

@test "go vet" {
	program
	same_as_stock go vet ./...
}

@test "staticcheck" {
	wants staticcheck
	program
	same_as_stock staticcheck ./...
	run cat "$T/ours"
	has "func unused is unused"
}

@test "golangci-lint" {
	wants golangci-lint
	program
	export GOLANGCI_LINT_CACHE=$T/lint XDG_CACHE_HOME=$T/cache
	printf 'version: "2"\nlinters:\n  default: standard\n' >.golangci.yml
	same_as_stock golangci-lint run --concurrency 2 ./...
	run cat "$T/ours"
	has "func unused is unused"
}

@test "deadcode" {
	wants deadcode
	program
	same_as_stock deadcode ./...
	run cat "$T/ours"
	has "unreachable func: unused"
}

@test "govulncheck" {
	wants govulncheck
	program
	mkdir -p vulndb/index
	echo '{"modified":"2024-01-01T00:00:00Z"}' >vulndb/index/db.json
	echo '[]' >vulndb/index/modules.json
	echo '[]' >vulndb/index/vulns.json
	same_as_stock govulncheck -db "file://$PWD/vulndb" ./...
	run cat "$T/ours"
	has "No vulnerabilities found"
}

@test "gopls: definition, references, implementation, rename, symbols" {
	wants gopls
	program
	same_as_stock gopls definition main.go:25:10
	same_as_stock gopls references main.go:12:6
	same_as_stock gopls implementation main.go:12:20
	same_as_stock gopls rename -d main.go:24:6 started
	run cat "$T/ours"
	has "+func started"
	same_as_stock gopls workspace_symbol -matcher casesensitive goTwice
	same_as_stock gopls check main.go
	run cat "$T/ours"
	is "status 0"
}

@test "delve stops in a Go function that C calls" {
	wants dlv
	program
	cat >cmds <<'END'
break main.goTwice
continue
bt 4
exit
END
	(
		eval "$("$RCGO" env)"
		timeout 120 dlv debug --allow-non-terminal-interactive=true --init cmds . >out 2>&1 </dev/null || true
	)
	cat out
	grep -q 'main.goTwice' out
}
