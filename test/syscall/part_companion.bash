#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The Go package allthreads: with our runtime/cgo and without C it makes the calls, with the stock
# runtime/cgo it reports that it cannot. With libc's musl too.
# usage: test/syscall/part_companion.bash [-all]
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../../go" || exit
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# run NAME AVAILABLE WORD...: tests the package with this go command.
run() {
	local name=$1 available=$2
	shift 2
	if RCGO_ALLTHREADS=$available GOTOOLCHAIN=local GOFLAGS=-buildvcs=false nice "$@" \
		-vet=off -count=1 -timeout 5m ./allthreads >"$log" 2>&1; then
		echo "ok companion/$name"
	else
		echo "not ok companion/$name"
		tail -30 "$log" | sed 's/^/# /'
	fi
}

roots=$(go env GOROOT)
[ "${1:-}" = -all ] && roots=$(../tools/toolchains list --minor)
for root in $roots; do
	go=$root/bin/go
	version=$("$go" env GOVERSION)
	run "$version/ours" yes env RCGO_GO="$go" ../bin/rcgo test
	experiment= # the tests of the Go module have compiled the standard library with both already
	case $version in go1.19* | go1.20*) ;; *) experiment=cgocheck2 ;; esac
	run "$version/ours-race" yes env RCGO_GO="$go" GOEXPERIMENT=$experiment ../bin/rcgo test -race
	run "$version/stock" no "$go" test
	run "$version/without-c" yes env CGO_ENABLED=0 "$go" test
	if command -v musl-gcc >/dev/null; then
		run "$version/musl" yes env RCGO_GO="$go" CC=musl-gcc ../bin/rcgo test -ldflags=-extldflags=-static
	fi
done
