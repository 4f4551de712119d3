#!/usr/bin/env bats
# The user's own overlay and GOFLAGS are merged, not lost.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

# with_overlay: writes a second who.go that prints "overlaid C", and an overlay for
# it, $T/user.json.
with_overlay() {
	hello
	printf 'package main\n\nconst who = "overlaid C"\n' >"$T/other.go"
	printf '{"Replace": {"%s": "%s"}}\n' "$PWD/who.go" "$T/other.go" >"$T/user.json"
}

@test "other GOFLAGS stay as they are" {
	fake_go
	GOFLAGS="-mod=mod  -tags=a,b" run "$RCGO" build
	[ "$status" -eq 0 ]
	has "GOFLAGS=-mod=mod  -tags=a,b -overlay=$CACHE/"
}

@test "GOFLAGS of go env -w stay" {
	GOENV=$T/goenv go env -w GOFLAGS=-tags=fromfile
	hello
	GOENV=$T/goenv run sh -c "eval \"\$('$RCGO' env)\" && echo \"\$GOFLAGS\""
	[ "$status" -eq 0 ]
	has "-tags=fromfile -"
	has " -overlay=$CACHE/"
}

@test "by GOFLAGS, in the built program" {
	with_overlay
	GOFLAGS=-overlay=$T/user.json "$RCGO" build -ldflags=-compressdwarf=false -o "$T/prog" .
	run "$T/prog"
	is "overlaid C says 42"
	carries_ours "$T/prog"
}

@test "by a flag in two words, in the built program" {
	with_overlay
	"$RCGO" build -ldflags -compressdwarf=false -overlay "$T/user.json" -o "$T/prog" .
	run "$T/prog"
	is "overlaid C says 42"
	carries_ours "$T/prog"
}

@test "rcgo run with a flag; the program's own flags are its own" {
	with_overlay
	cat >who.go <<'END'
package main

import "os"

var who = os.Args[1]
END
	run "$RCGO" run . -overlay=mine
	is "-overlay=mine says 42"
	run "$RCGO" run --overlay="$T/user.json" . -overlay=mine
	is "overlaid C says 42"
}

@test "relative paths in it are relative to go's working directory" {
	with_overlay
	cp "$T/other.go" other.txt
	echo '{"Replace": {"./who.go": "other.txt"}}' >rel.json
	run "$RCGO" run -overlay=rel.json .
	is "overlaid C says 42"
	GOFLAGS=-overlay=rel.json run "$RCGO" run .
	is "overlaid C says 42"
}

@test "relative paths and -C" {
	fake_go
	mkdir sub
	echo '{"Replace": {"a.go": "b.go"}}' >sub/rel.json
	run "$RCGO" build -C sub -overlay rel.json -v
	[ "$status" -eq 0 ]
	has "args: <build> <-C> <sub> <-v>"
	grep -q "\"$PWD/sub/a.go\": \"$PWD/sub/b.go\"" "${output##*-overlay=}"
	run "$RCGO" build -C=sub -overlay=rel.json
	has "args: <build> <-C=sub>"
	grep -q "\"$PWD/sub/a.go\": \"$PWD/sub/b.go\"" "${output##*-overlay=}"
}

@test "the flag wins over GOFLAGS, and the last flag over the first, as with go" {
	fake_go
	for n in 1 2 3; do
		echo "{\"Replace\": {\"/x/$n.go\": \"\"}}" >"$n.json"
	done
	GOFLAGS=-overlay=1.json run "$RCGO" build --overlay=2.json -overlay 3.json
	has "args: <build>"
	json=${output##*-overlay=}
	grep -q '"/x/3.go": ""' "$json"
	run grep -c '/x/[12].go' "$json"
	[ "$output" = 0 ]
}

@test "an empty flag takes the overlay of GOFLAGS away, as with go" {
	fake_go
	echo '{"Replace": {"/x/1.go": ""}}' >1.json
	GOFLAGS=-overlay=1.json run "$RCGO" build -overlay=
	[ "$status" -eq 0 ]
	run grep -c '/x/1.go' "${output##*-overlay=}"
	[ "$output" = 0 ]
}

@test "arguments that are not for rcgo stay" {
	fake_go
	echo '{"Replace": {"/x/1.go": ""}}' >1.json
	run "$RCGO" run . -overlay=1.json
	has "args: <run> <.> <-overlay=1.json>"
	run "$RCGO" run -ldflags -overlay=1.json .
	has "args: <run> <-ldflags> <-overlay=1.json> <.>"
	run "$RCGO" build -- -overlay=1.json
	has "args: <build> <--> <-overlay=1.json>"
	run "$RCGO" test ./a -v -- -overlay=1.json
	has "args: <test> <./a> <-v> <--> <-overlay=1.json>"
	run "$RCGO" test ./a ./b -overlay=1.json -run X
	has "args: <test> <./a> <./b> <-run> <X>"
	run "$RCGO" test ./a -args -overlay=1.json
	has "args: <test> <./a> <-args> <-overlay=1.json>"
	run "$RCGO" test ./a -v word -overlay=1.json
	has "args: <test> <./a> <-v> <word> <-overlay=1.json>"
	run "$RCGO" test ./a -mine value -overlay=1.json
	has "args: <test> <./a> <-mine> <value>"
	lacks "<-overlay"
	run "$RCGO" test -test.run X -overlay 1.json
	has "args: <test> <-test.run> <X>"
	lacks "<-overlay"
}

@test "broken JSON: file, line and column" {
	fake_go
	printf '{"Replace": {\n  "a" "b"\n}}\n' >bad.json
	run "$RCGO" build -overlay=bad.json
	says_first "rcgo: the overlay $T/work/bad.json is not valid JSON: line 2, column 9: ':' expected near '\"b\"'"
	GOFLAGS=-overlay=bad.json run "$RCGO" build
	[ "$status" -eq 2 ]
	has "line 2, column 9"
}

@test "JSON of another kind" {
	fake_go
	for text in '[1]' '{"Replace": ["a"]}'; do
		echo "$text" >bad.json
		run "$RCGO" build -overlay=bad.json
		says_first "rcgo: the overlay $T/work/bad.json has no \"Replace\" object"
	done
	echo '{"Replace": {"a.go": 7}}' >bad.json
	run "$RCGO" build -overlay=bad.json
	says_first "rcgo: the overlay $T/work/bad.json has a bad entry: \"a.go\""
	# go accepts these, so rcgo does too.
	for text in '{}' '{"Replace": null}' '{"replace": {"a": ""}, "More": 1}'; do
		echo "$text" >good.json
		run "$RCGO" build -overlay=good.json
		[ "$status" -eq 0 ]
	done
}

@test "no such overlay" {
	fake_go
	run "$RCGO" build -overlay=nothing.json
	says_first "rcgo: cannot read the overlay $T/work/nothing.json: No such file or directory"
}

@test "conflict: it replaces a C file of runtime/cgo" {
	fake_go
	f=$T/goroot/src/runtime/cgo/gcc_context.c
	echo "{\"Replace\": {\"$f\": \"/x.c\"}}" >user.json
	run "$RCGO" build -overlay=user.json
	says_first "rcgo: two overlays want the same file: $T/work/user.json replaces $f"
	# The same file by another path.
	echo "{\"Replace\": {\"$T/goroot/src/./runtime/../runtime/cgo//gcc_context.c\": \"\"}}" >user.json
	run "$RCGO" build -overlay=user.json
	says_first "rcgo: two overlays want the same file: $T/work/user.json replaces $f"
}

@test "no conflict: it replaces a Go file of runtime/cgo" {
	fake_go
	echo "{\"Replace\": {\"$T/goroot/src/runtime/cgo/callbacks.go\": \"/x.go\"}}" >user.json
	run "$RCGO" build -overlay=user.json
	[ "$status" -eq 0 ]
}

@test "a nested rcgo starts from the user's overlay" {
	fake_go
	echo '{"Replace": {"/x/1.go": ""}}' >user.json
	first=$(GOFLAGS=-overlay=user.json "$RCGO" overlay -p)
	second=$(GOFLAGS=-overlay=$first "$RCGO" overlay -p)
	[ "$first" = "$second" ]
	grep -q '/x/1.go' "$first"
	# With another Go, no entry for the first GOROOT remains.
	mkdir "$T/b"
	cp -r "$T/goroot" "$T/b/goroot"
	fake_go "GOROOT=$T/b/goroot"
	GOFLAGS=-overlay=$first run "$RCGO" overlay
	has "$T/b/goroot/src/runtime/cgo/gcc_context.c"
	has "/x/1.go"
	lacks "\"$T/goroot/"
}

@test "an unterminated quote in GOFLAGS" {
	fake_go
	GOFLAGS="'-tags=a" run "$RCGO" build
	says_first "rcgo: GOFLAGS has an unterminated quote: '-tags=a"
}

@test "quoted words in GOFLAGS" {
	fake_go
	mkdir "a b"
	echo '{"Replace": {"/x/1.go": ""}}' >"a b/user.json"
	GOFLAGS="'-ldflags=-s -w' '-overlay=a b/user.json' -v" run "$RCGO" build
	[ "$status" -eq 0 ]
	has "GOFLAGS='-ldflags=-s -w' -v -overlay=$CACHE/"
	grep -q '/x/1.go' "${output##*-overlay=}"
}

@test "our compiler flags are in Go's own cgo.go" {
	fake_go
	printf '/*\nAbout.\n*/\npackage cgo\n\n/*\n#cgo CFLAGS: -Wall\n\n*/\nimport "C"\n' \
		>"$T/goroot/src/runtime/cgo/cgo.go"
	run "$RCGO" overlay
	lacks "rcgo_flags.go"
	derived=$("$RCGO" overlay | jq -r --arg key "$T/goroot/src/runtime/cgo/cgo.go" '.Replace[$key]')
	run cat "$derived"
	has "#cgo CFLAGS: -Wall"
	has "#cgo CFLAGS: -std=gnu11"
	in_order "$output" '#cgo CFLAGS: -std=gnu11' '*/' 'import "C"'
	[ "${lines[-1]}" = 'func rcgo_export_header() {}' ]
}

@test "with a cgo.go that is unknown or the user's own, our flags are in a separate file" {
	fake_go
	cgo=$T/goroot/src/runtime/cgo/cgo.go
	printf 'package cgo\n\n// #cgo CFLAGS: -Wall\nimport "C"\n' >"$cgo"
	run "$RCGO" overlay
	has "rcgo_flags.go"
	lacks "\"$cgo\""
	printf 'package cgo\n/*\n*/\nimport "C"\n' >"$cgo"
	printf '{"Replace": {"%s": "%s"}}\n' "$cgo" "$T/mine.go" >"$T/user.json"
	GOFLAGS=-overlay=$T/user.json run "$RCGO" overlay
	has "rcgo_flags.go"
	has "\"$cgo\": \"$T/mine.go\""
}
