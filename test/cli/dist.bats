#!/usr/bin/env bats
# `make dist`: the packages install and run, `go get` gets the Go module, and a second build has the same bytes.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

setup_file() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	command -v zip >/dev/null || skip "no zip here"
	make -s -C "$ROOT" dist >/dev/null 2>&1
	export ROOT DIST=$ROOT/build/dist
	MODULE=$("$ROOT/tools/module_path")
	VERSION=$(sed -n 's/^## //p' "$ROOT/CHANGELOG.md" | head -n 1)
	export MODULE VERSION
}

# from_proxy: makes the go command get modules only from a copy of our proxy.
from_proxy() {
	cp -r "$DIST/proxy" "$T/proxy"
	export GOPROXY=file://$T/proxy "GONOSUMDB=*" GOFLAGS=-modcacherw GOMODCACHE=$T/modcache
}

# publish PATH DIR: puts the module in DIR into the proxy, as version v1.0.0.
publish() {
	local at="$T/proxy/$1/@v"
	mkdir -p "$at" "$T/zip/$1@v1.0.0"
	cp -r "$2/." "$T/zip/$1@v1.0.0"
	(cd "$T/zip" && find "$1@v1.0.0" -type f | sort | zip -q -X -D -@ "$at/v1.0.0.zip")
	cp "$2/go.mod" "$at/v1.0.0.mod"
	echo '{"Version":"v1.0.0"}' >"$at/v1.0.0.info"
	echo v1.0.0 >"$at/list"
}

# library DIR: writes a module that uses ours.
library() {
	mkdir -p "$1"
	printf 'module lib.example/names\n\ngo 1.19\n' >"$1/go.mod"
	cat >"$1/names.go" <<END
// Package names keeps names for C.
package names

import (
	"$MODULE/cmem"
	"$MODULE/handle"
)

// Keep gives a name to C and takes it back.
func Keep(s string) (string, uintptr) {
	a := cmem.Get()
	defer a.Put()
	p, _ := a.String(s)
	back, _ := cmem.GoString(p)
	h := handle.New(back)
	defer h.Delete()
	return h.Value(), uintptr(h)
}
END
	(cd "$1" && go get "$MODULE@v$VERSION" && go mod tidy)
}

# application DIR: writes a module that uses the library.
application() {
	mkdir -p "$1"
	printf 'module app.example/app\n\ngo 1.19\n' >"$1/go.mod"
	cat >"$1/main.go" <<'END'
package main

import (
	"fmt"

	"lib.example/names"
)

func main() {
	s, h := names.Keep("kept")
	fmt.Println(s, h != 0)
}
END
}

@test "dist: an application gets the module, its license and its headers by go get" {
	from_proxy
	printf 'module app.example/app\n\ngo 1.19\n' >go.mod
	cat >main.go <<END
package main

// #include <runtime_cgo.h>
import "C"

import (
	"fmt"

	_ "$MODULE/include"
	"$MODULE/leaf"
)

func main() {
	fast, _ := leaf.Fast()
	fmt.Println(fast)
}
END
	go get "$MODULE@latest"
	go mod tidy
	grep -q "^require $MODULE v$VERSION\$" go.mod
	go mod verify
	dir=$(go list -m -f '{{.Dir}}' "$MODULE")
	cmp "$dir/LICENSE" "$ROOT/LICENSE"
	# A variable of the C compiler: with another CGO_CFLAGS go compiles every package of C again.
	export C_INCLUDE_PATH=$dir/include
	go build -o "$T/stock" .
	"$RCGO" build -o "$T/ours" .
	run "$T/stock"
	is "true"
	run "$T/ours"
	is "true"
	# The tests of the module compile there.
	go vet "$MODULE/handle" "$MODULE/leaf"
}

@test "dist: a library that uses the module, and an application that uses that library" {
	from_proxy
	library lib
	(cd lib && go vet ./... && "$RCGO" vet ./...)
	publish lib.example/names lib
	application app
	cd app
	go get lib.example/names@v1.0.0
	grep -q "$MODULE v$VERSION // indirect" go.mod
	run go run .
	is "kept true"
	run "$RCGO" run .
	is "kept true"
	# Vendored, a build needs neither proxy nor cache.
	go mod vendor
	[ -f "vendor/$MODULE/LICENSE" ]
	export GOPROXY=off GOMODCACHE=$T/empty
	run go run -mod=vendor .
	is "kept true"
	run "$RCGO" run -mod=vendor .
	is "kept true"
}

@test "dist: a workspace of the library and the application" {
	unset GOWORK # test/run turns it off
	from_proxy
	library lib
	application app
	printf 'go 1.19\n\nuse ./app\nuse ./lib\n' >go.work
	cd app
	for go in go "$RCGO"; do
		run "$go" run .
		is "kept true"
	done
	# The application uses the module itself, too. Its sums are those of the library.
	sed -i "s,^	\"lib.example,	_ \"$MODULE/cmem\"\n&," main.go
	go mod edit -require="$MODULE@v$VERSION"
	for go in go "$RCGO"; do
		run "$go" run .
		is "kept true"
	done
	"$RCGO" vet ./... ../lib/...
	# Modules of the workspace are not fetched.
	export GOPROXY=off
	run "$RCGO" build -o "$T/app" .
	[ "$status" -eq 0 ]
	"$RCGO" version "$T/app"
}

@test "dist: the static command runs where there is no libc at all" {
	[ "$(id -u)" = 0 ] || skip "needs chroot"
	readelf -l "$ROOT/bin/rcgo" | grep -q INTERP && skip "no static libc here"
	tar -xzf "$DIST"/rcgo-"$VERSION"-linux-*.tar.gz -C "$T"
	mkdir "$T/root"
	cp "$T"/rcgo-*/bin/rcgo "$T/root"
	run chroot "$T/root" /rcgo help version
	[ "$status" -eq 0 ]
	has "usage: rcgo version"
	# The command is stripped; the debug file has its debug information.
	[ -z "$(nm "$T/root/rcgo" 2>/dev/null)" ]
	run "$RCGO" addr2line -f -e "$ROOT/bin/rcgo.debug" "0x$(nm "$ROOT/bin/rcgo.debug" | sed -n 's/ T main$//p')"
	has "main.c:"
}

@test "dist: the packages and their sums" {
	(cd "$DIST" && sha256sum -c --quiet SHA256SUMS)
	deb=$(echo "$DIST"/rcgo_*.deb)
	dpkg-deb -c "$deb" | grep -q './usr/share/man/man1/rcgo-stack.1.gz'
	if command -v lintian >/dev/null; then
		[ -z "$(lintian "$deb" 2>/dev/null)" ]
	fi
	dpkg-deb -x "$deb" "$T/deb"
	cmp "$T/deb/usr/bin/rcgo" "$ROOT/bin/rcgo"
	[ "$(jq -r '.components[].name' "$DIST/rcgo-$VERSION.cdx.json" | tail -n 1)" = runtime_cgo ]
	[ "$(jq -r '.metadata.component.hashes[0].content' "$DIST/rcgo-$VERSION.cdx.json")" = \
		"$(sha256sum <"$ROOT/bin/rcgo" | cut -d' ' -f1)" ]
	if command -v rpm >/dev/null; then
		rpm -qpl "$DIST"/rcgo-"$VERSION"-1.*.rpm | grep -qx /usr/bin/rcgo
		[ "$(rpm -qp --requires "$DIST"/rcgo-"$VERSION"-1.*.rpm | grep -cv '^rpmlib')" -eq 0 ]
	fi
}

@test "dist: a build in another directory has the same bytes" {
	[ "${RCGO_TEST_MORE-}" = 1 ] || skip "everything is compiled for it: make test-more"
	git -C "$ROOT" diff --quiet HEAD || skip "the tree has changes"
	git clone -q "$ROOT" "$T/another-place"
	make -s -C "$T/another-place" dist >/dev/null 2>&1
	diff "$DIST/SHA256SUMS" "$T/another-place/build/dist/SHA256SUMS"
}
