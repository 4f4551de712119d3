#!/usr/bin/env bats
# Spaces, quotes and symbolic links in the paths of the cache, the project and GOROOT.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

# builds_in DIR: builds and runs a project there with our runtime/cgo and every toolchain.
builds_in() {
	local go
	hello "$1"
	cd "$1" || return 1
	for go in $(toolchains); do
		export RCGO_GO=$go
		run "$RCGO" build -ldflags=-compressdwarf=false -o "$1/prog" .
		has ""
		[ "$status" -eq 0 ]
		carries_ours "$1/prog"
		run "$1/prog"
		is "C says 42"
		rm "$1/prog"
	done
}


@test "a space and a quote in HOME" {
	export HOME="$T/a b'c"
	mkdir "$HOME"
	builds_in "$T/work"
	[ -d "$HOME/.cache/rcgo" ]
}

@test "both quotes and a space in HOME" {
	export HOME="$T/a \"b'c"
	mkdir "$HOME"
	builds_in "$T/work"
}

@test "quotes and no space in HOME" {
	export HOME="$T/a\"b'c"
	mkdir "$HOME"
	builds_in "$T/work"
	[ -n "$(find "$HOME/.cache/rcgo" -name 'overlay-*.json')" ]
}

@test "a space and a quote in the project's path" {
	builds_in "$T/work/my 'own' project"
}

@test "a path with spaces is quoted in GOFLAGS if Go supports that" {
	export HOME="$T/a b"
	mkdir "$HOME"
	fake_go GOVERSION=go1.22.0
	run "$RCGO" build
	has "GOFLAGS='-overlay=$HOME/.cache/rcgo/overlay-"
	export HOME="$T/a b'c"
	mkdir "$HOME"
	run "$RCGO" build
	has "GOFLAGS=\"-overlay=$HOME/.cache/rcgo/overlay-"
}

@test "if Go does not support quotes, the overlay has a path without spaces" {
	export HOME="$T/a b"
	mkdir "$HOME"
	fake_go GOVERSION=go1.19.8
	run "$RCGO" build
	has "GOFLAGS=-overlay=$T/tmp/rcgo-$(id -u)/overlay-"
	grep -q "$HOME/.cache/rcgo/src-" "${output##*-overlay=}"
	export TMPDIR="$T/t t"
	mkdir "$TMPDIR"
	run "$RCGO" build
	has "GOFLAGS=-overlay=/tmp/rcgo-$(id -u)/overlay-"
	rm "${output##*-overlay=}"
}

@test "a path that is not UTF-8" {
	fake_go
	HOME=$T/$(printf 'a\377b')
	mkdir "$HOME"
	run "$RCGO" build
	[ "$status" -eq 2 ]
	has "rcgo: a path is not valid UTF-8:"
}

@test "rcgo itself has a path with spaces and links" {
	fake_go
	mkdir "$T/some where"
	cp "$RCGO" "$T/some where/rcgo"
	ln -s "$T/some where/rcgo" "$T/bin/linked"
	run "$T/bin/linked" build
	[ "$status" -eq 0 ]
	has "args: <build>"
}
