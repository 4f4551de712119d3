#!/usr/bin/env bats
# rcgo in the place of go; never the stock runtime/cgo without a message.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

# another_go: prints a go command of another version than the machine's, or skips the test
# if there is none.
another_go() {
	local go
	for go in $(toolchains); do
		if [ "$("$go" env GOVERSION)" != "$("$REAL_GO" env GOVERSION)" ]; then
			printf '%s\n' "$go"
			return
		fi
	done
}

as_go() {
	"$RCGO" shim "$T/shim" >/dev/null
	export PATH=$T/shim:$PATH
}

@test "a link named go: every argument is for go" {
	as_go
	hello
	[ "$(go version)" = "$("$REAL_GO" version)" ]
	[ "$(go env GOROOT GOFLAGS)" = "$("$REAL_GO" env GOROOT GOFLAGS)" ]
	[ "$(go env -json GOOS)" = "$("$REAL_GO" env -json GOOS)" ]
	[ "$(go help build)" = "$("$REAL_GO" help build)" ]
	for words in "" "help" "help nope" "env -nope" "nope" "version nope" "build -nope" "-h" "tool -n compile"; do
		# shellcheck disable=SC2086 # words
		run "$REAL_GO" $words
		stock=$status:$output
		# shellcheck disable=SC2086 # words
		run go $words
		[ "$status:$output" = "$stock" ]
	done
	go build -o "$T/prog" .
	"$RCGO" version "$T/prog"
	run go version "$T/prog"
	is "$("$REAL_GO" version "$T/prog")"
}

@test "rcgo passes on arguments for go" {
	export GOENV=$T/goenv
	for words in "env GOROOT" "env -json GOOS" "env -w GOFLAGS=-tags=x" "env GOFLAGS" "env -u GOFLAGS" \
		"help build" "help nope" "version -m $RCGO" "env -changed"; do
		# shellcheck disable=SC2086 # words
		run "$REAL_GO" $words
		stock=$status:$output
		# shellcheck disable=SC2086 # words
		run "$RCGO" $words
		[ "$status:$output" = "$stock" ]
	done
}

@test "env -w works in a shell that rcgo env has set up" {
	export GOENV=$T/goenv
	hello
	eval "$("$RCGO" env)"
	run go env -w GOFLAGS=-tags=x
	is ""
	run go env GOFLAGS
	is "-tags=x"
}

@test "--with takes a space too" {
	fake_go
	run "$RCGO" build --with contexts --without crash x
	has "args: <build> <x>"
	run "$RCGO" build --with
	[ "$status" -eq 2 ]
	has "wants a feature"
}

@test "a go that is a link to rcgo does not count as go" {
	as_go
	run env PATH="$T/shim" "$RCGO" build
	says_first "rcgo: no Go found: there is no \`go\` in PATH"
	RCGO_GO=$T/shim/go run "$RCGO" build
	says_first "rcgo: no Go found: RCGO_GO=$T/shim/go is rcgo itself"
	printf '#!/bin/sh\nexec "%s" go "$@"\n' "$RCGO" >"$T/bin/go"
	chmod +x "$T/bin/go"
	run timeout 20 env PATH="$T/bin:/usr/bin:/bin" "$RCGO" build
	[ "$status" -eq 2 ]
	has "leads back to rcgo"
}

@test "CGO_ENABLED=0 in a shell that rcgo env has set up: stock, with one note" {
	printf 'module plain\n\ngo 1.19\n' >go.mod
	printf 'package main\n\nfunc main() {}\n' >main.go
	eval "$("$RCGO" env)"
	CGO_ENABLED=0 run go build -o "$T/prog" .
	is "rcgo: note: cgo is off: the environment sets CGO_ENABLED=0; go builds this without our runtime/cgo"
	CGO_ENABLED=0 run go list .
	is plain
}

@test "the cache is removed under a shell: go makes it again, and env -u works" {
	hello
	export GOFLAGS=-tags=x
	eval "$("$RCGO" env --without=crash)"
	rm -r "$CACHE"
	go build -o "$T/prog" .
	run "$RCGO" version "$T/prog"
	[ "$status" -eq 0 ]
	has "features=traceback,signals"
	rm -r "$CACHE"
	eval "$(RCGO_GO=$T/nothing "$RCGO" env -u)"
	[ "$GOFLAGS" = -tags=x ]
	[ -z "${GOROOT-}${RCGO_ENV-}" ]
	[ "$(command -v go)" = "$REAL_GO" ]
}

@test "env -u leaves variables that were set since" {
	hello
	before=$PATH
	eval "$("$RCGO" env)"
	export GOFLAGS="$GOFLAGS -v" GOTOOLCHAIN=auto PATH=$PATH:/elsewhere
	eval "$("$RCGO" env -u)"
	[ "$GOFLAGS" = -v ]
	[ "$GOTOOLCHAIN" = auto ]
	[ "$PATH" = "$before:/elsewhere" ]
}

@test "another go command by its path stops in such a shell, and go in PATH follows a switch" {
	other=$(another_go)
	[ -n "$other" ] || skip "one Go only"
	hello
	eval "$("$RCGO" env)"
	run "$other" build -o "$T/prog" .
	[ "$status" -ne 0 ]
	has "the_overlay_is_for_another_GOROOT"
	[ ! -e "$T/prog" ]
	# Flags on the command line that override one check, and then the other.
	if [ "$("$other" env GOVERSION)" != "$("$REAL_GO" env GOVERSION)" ]; then
		for pattern in all std runtime/cgo runtime/...; do
			run "$other" build "-asmflags=$pattern=-D=MINE=1" -o "$T/prog" .
			[ "$status" -ne 0 ]
			has "does not match go tool version"
			[ ! -e "$T/prog" ]
		done
	fi
	run "$other" build -gcflags=all=-l -o "$T/prog" .
	[ "$status" -ne 0 ]
	has "the_overlay_is_for_another_GOROOT"
	[ ! -e "$T/prog" ]
	# A program without C is built all the same.
	mkdir plain
	printf 'module plain\n\ngo 1.19\n' >plain/go.mod
	printf 'package main\n\nfunc main() {}\n' >plain/main.go
	(cd plain && "$other" build -o "$T/plain" .)
	# Another real go command becomes the first in PATH.
	PATH=${PATH/"${REAL_GO%/*}"/"${other%/*}:${REAL_GO%/*}"}
	go build -o "$T/prog" .
	run "$RCGO" version "$T/prog"
	[ "$status" -eq 0 ]
	has "go=$("$other" env GOVERSION)"
}

@test "Go is exchanged in place: the overlay in GOFLAGS stops the build" {
	minor=$("$REAL_GO" env GOVERSION | sed -n 's/.*go1\.\([0-9]*\).*/\1/p')
	hello
	overlay=$("$RCGO" overlay -p)
	key=$("$REAL_GO" env GOROOT)/src/runtime/cgo/cgo.go
	derived=$(jq -r --arg key "$key" '.Replace[$key]' "$overlay")
	# The overlay is like one for an earlier Go.
	sed "s/go1\.$minor /go1.$((minor - 1)) /; s/go1\.$((minor + 1)) /go1.$minor /" "$derived" >"$T/cgo.go"
	jq --arg key "$key" --arg to "$T/cgo.go" '.Replace[$key] = $to' "$overlay" >"$T/old.json"
	run "$REAL_GO" build -overlay="$T/old.json" -o "$T/prog" .
	[ "$status" -ne 0 ]
	has "this is another Go"
	has "rcgo env"
}

# two_patches: prints the GOROOTs of two patch releases of one Go version that the go
# command has downloaded.
two_patches() {
	local cache root minor last='' last_root=''
	cache=$(env -u GOMODCACHE GOPATH="$GOPATH" "$REAL_GO" env GOMODCACHE)/golang.org
	for root in $(printf '%s\n' "$cache"/toolchain@*-go1.*.*."$(go env GOOS)-$(go env GOARCH)" | sort -rV); do
		minor=$(sed -n 's/.*-go\(1\.[0-9]*\)\..*/\1/p' <<<"$root")
		if [ -n "$minor" ] && [ "$minor" = "$last" ]; then
			printf '%s\n' "$root" "$last_root"
			return
		fi
		last=$minor last_root=$root
	done
}

@test "Go is upgraded in place to another patch: our runtime/cgo, or a message" {
	mapfile -t roots < <(two_patches)
	[ "${#roots[@]}" -eq 2 ] || skip "no two patch releases of one Go here"
	hello
	export RCGO_GO=$T/go/bin/go
	for root in "${roots[@]}"; do
		rm -rf "$T/go"
		cp -al "$root" "$T/go" 2>/dev/null || cp -a "$root" "$T/go"
		chmod -R u+w "$T/go"
		if [ "$root" = "${roots[0]}" ]; then
			eval "$("$RCGO" env)"
			continue
		fi
		# The real go command, by its own path, with the overlay for the
		# previous patch release.
		run "$T/go/bin/go" build -o "$T/prog" .
		[ "$status" -ne 0 ] || "$RCGO" version "$T/prog"
		go build -o "$T/prog" .
		run "$RCGO" version "$T/prog"
		has "go=$("$T/go/bin/go" env GOVERSION)"
	done
	chmod -R u+w "$T/go"
}

@test "the user's flags for the assembler stay, and do not turn the check off" {
	hello
	# Without fmt: all packages are compiled again for these flags.
	printf 'package main\n\nimport "C"\n\nfunc main() {}\n' >main.go
	export GOFLAGS="-buildvcs=false -asmflags=std=-D=MINE=1 -gcflags=all=-l"
	eval "$("$RCGO" env)"
	run go build -a -n runtime/cgo
	has "-D=MINE=1 "
	has "-D=TEXT="
	has "-l -goversion=go1."
	go build -o "$T/prog" .
	"$RCGO" version "$T/prog"
	other=$(another_go)
	if [ -n "$other" ]; then
		run "$other" build -o "$T/other" .
		[ "$status" -ne 0 ]
		# Go 1.19 does not know quotes in GOFLAGS, and stops for that reason.
		has "the_overlay_is_for_another_GOROOT" || has 'parsing $GOFLAGS: non-flag'
	fi
	eval "$("$RCGO" env -u)"
	[ "$GOFLAGS" = "-buildvcs=false -asmflags=std=-D=MINE=1 -gcflags=all=-l" ]
}

@test "overlay by hand: a note, and flags that stop another Go" {
	hello
	run "$RCGO" overlay -o "$T/o.json"
	has "rcgo: note: this overlay is for $(go env GOVERSION) in $(go env GOROOT); another Go"
	flags=$("$RCGO" overlay --flags 2>/dev/null)
	# shellcheck disable=SC2086 # flags
	go build $flags -o "$T/prog" .
	"$RCGO" version "$T/prog"
	other=$(another_go)
	[ -n "$other" ] || skip "one Go only"
	# shellcheck disable=SC2086 # flags
	run "$other" build $flags -o "$T/other" .
	[ "$status" -ne 0 ]
	has "the_overlay_is_for_another_GOROOT"
	[ ! -e "$T/other" ]
}

@test "a module that asks for another Go: our runtime/cgo with that Go, or a message" {
	other=$(another_go)
	[ -n "$other" ] || skip "one Go only"
	version=$("$other" env GOVERSION)
	case $version in go1.1* | go1.20*) skip "$version cannot be switched to" ;; esac
	minor=$("$REAL_GO" env GOVERSION | sed -n 's/.*go1\.\([0-9]*\).*/\1/p')
	[ "$minor" -ge 21 ] || skip "Go switches from 1.21 on"
	ln -s "$other" "$T/bin/$version"
	export PATH=$T/bin:$PATH
	hello
	eval "$("$RCGO" env)"
	# The user sets GOTOOLCHAIN: the go in PATH is rcgo, which follows the switch.
	GOTOOLCHAIN=$version go build -o "$T/prog" .
	run "$RCGO" version "$T/prog"
	[ "$status" -eq 0 ]
	has "go=$version"
	# A go command that go generate starts is the real one, and switches in another module.
	export GOTOOLCHAIN=path
	mkdir inner
	printf 'module inner\n\ngo 1.19\n\ntoolchain %s\n' "$version" >inner/go.mod
	printf 'package main\n\nimport "C"\n\nfunc main() {}\n' >inner/main.go
	printf 'package main\n\n//go:generate go build -C inner -o %s/inner .\n' "$T" >gen.go
	run go generate .
	if [ -e "$T/inner" ]; then
		"$RCGO" version "$T/inner"
	else
		[ "$status" -ne 0 ]
		has "the_overlay_is_for_another_GOROOT"
	fi
	# go.work selects the version.
	mkdir ws
	printf 'go 1.19\n\ntoolchain %s\n\nuse ..\n' "$version" >ws/go.work
	GOWORK=$PWD/ws/go.work go build -o "$T/prog" .
	"$RCGO" version "$T/prog"
	GOWORK=$PWD/ws/go.work run "$REAL_GO" build -o "$T/prog2" .
	[ ! -e "$T/prog2" ] || "$RCGO" version "$T/prog2"
}

@test "env in other formats" {
	fake_go
	run "$RCGO" env -format fish
	has "set -gx GOFLAGS '"
	run "$RCGO" env -format=github
	has "RCGO_ENV={"
	run "$RCGO" env -format make
	has "export GOFLAGS := "
	# shellcheck disable=SC2016 # make expands it
	printf 'include env.mk\nall:\n\t@echo "$$GOFLAGS"\n' >Makefile
	"$RCGO" env -format make >env.mk
	[ "$(make -s)" = "$("$RCGO" env -json | jq -r .GOFLAGS)" ]
	run "$RCGO" env -format vscode
	jq -er '."go.toolsEnvVars".GOFLAGS' <<<"$output" | grep -e -overlay
	run "$RCGO" env -format nope
	[ "$status" -eq 2 ]
	has "there is sh, "
	if command -v fish >/dev/null; then
		run fish -c "'$RCGO' env -format fish | source; echo \$GOFLAGS"
		has "-overlay="
	fi
}

@test "shim: leaves a real go alone" {
	mkdir "$T/d"
	cp /bin/true "$T/d/go"
	run "$RCGO" shim "$T/d"
	says_first "rcgo: $T/d/go is there already, and is no link"
	run "$RCGO" shim
	[ "$status" -eq 2 ]
}
