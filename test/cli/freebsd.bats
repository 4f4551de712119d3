#!/usr/bin/env bats
# Cross builds to FreeBSD: missing files are reported, and a complete sysroot is used.
# shellcheck disable=SC2154 # bats sets status, output and lines
load helper

# sysroot: makes a sysroot with every file that rcgo looks for, and fake compilers.
sysroot() {
	export RCGO_FREEBSD_SYSROOT=$T/sysroot
	mkdir -p "$T/sysroot/usr/include/sys" "$T/sysroot/usr/lib"
	touch "$T/sysroot/usr/include/pthread.h" "$T"/sysroot/usr/lib/{crt1.o,libc.so,libpthread.so}
	printf '#undef __FreeBSD_version\n#define __FreeBSD_version 1403000\n' \
		>"$T/sysroot/usr/include/sys/param.h"
	printf '#!/bin/sh\n' >"$T/bin/clang"
	cp "$T/bin/clang" "$T/bin/ld.lld"
	chmod +x "$T/bin/clang" "$T/bin/ld.lld"
	PATH=$T/bin:$PATH
}

@test "no sysroot: the message says how to get one" {
	fake_go GOOS=freebsd CGO_ENABLED=0
	run "$RCGO" build
	has "rcgo: note: no C compiler for FreeBSD: RCGO_FREEBSD_SYSROOT is not set; go builds this without our runtime/cgo"
	run "$RCGO" doctor
	[ "$status" -eq 1 ]
	has "https://download.freebsd.org/releases/amd64/"
}

@test "a sysroot without libc" {
	sysroot
	rm "$T/sysroot/usr/lib/libc.so"
	fake_go GOOS=freebsd CGO_ENABLED=0
	run "$RCGO" build
	has "RCGO_FREEBSD_SYSROOT is not complete: $T/sysroot/usr/lib/libc.so is not there"
}

@test "a complete sysroot: clang compiles with it, for its version" {
	sysroot
	fake_go GOOS=freebsd
	# shellcheck disable=SC2016 # the fake go expands it
	FAKE_DO='echo "CC=$CC"; echo "CGO_ENABLED=$CGO_ENABLED"' run "$RCGO" build
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "CC=clang --target=x86_64-unknown-freebsd14 --sysroot=$T/sysroot -fuse-ld=lld -Wno-unused-command-line-argument" ]
	[ "${lines[1]}" = "CGO_ENABLED=1" ]
}

@test "arm64: GNU ld links, as Go demands there" {
	sysroot
	cp "$T/bin/clang" "$T/bin/aarch64-linux-gnu-ld.bfd"
	fake_go GOOS=freebsd GOARCH=arm64
	# shellcheck disable=SC2016 # the fake go expands it
	FAKE_DO='echo "CC=$CC"' run "$RCGO" build
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "CC=clang --target=aarch64-unknown-freebsd14 --sysroot=$T/sysroot --ld-path=aarch64-linux-gnu-ld.bfd -Wno-unused-command-line-argument" ]
}

@test "the user's own compiler stays" {
	sysroot
	fake_go GOOS=freebsd
	# shellcheck disable=SC2016 # the fake go expands it
	CC="sh -x" FAKE_DO='echo "CC=$CC"' run "$RCGO" build
	is "CC=sh -x"
}

@test "the go command sees our files for FreeBSD, and no other" {
	CC=true GOOS=freebsd GOARCH=amd64 CGO_ENABLED=1 run "$RCGO" list \
		-f '{{range .CFiles}}{{.}} {{end}}{{range .SFiles}}{{.}} {{end}}' runtime/cgo
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "rcgo_core_freebsd.c rcgo_symbolize_freebsd.c rcgo_unwind_freebsd.c asm_amd64.s gcc_amd64.S " ]
}

@test "arm64: the go command sees our files, and none that only amd64 needs" {
	CC=true GOOS=freebsd GOARCH=arm64 CGO_ENABLED=1 run "$RCGO" list \
		-f '{{range .CFiles}}{{.}} {{end}}{{range .SFiles}}{{.}} {{end}}' runtime/cgo
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "rcgo_core_freebsd.c rcgo_symbolize_freebsd.c rcgo_unwind_freebsd.c asm_arm64.s gcc_arm64.S " ]
}

@test "386, arm, riscv64: the go command sees our files" {
	local arch files="rcgo_core_freebsd.c rcgo_symbolize_freebsd.c rcgo_unwind_freebsd.c"
	for arch in 386 arm riscv64; do
		CC=true GOOS=freebsd GOARCH=$arch CGO_ENABLED=1 run "$RCGO" list \
			-f '{{range .CFiles}}{{.}} {{end}}{{range .SFiles}}{{.}} {{end}}' runtime/cgo
		[ "$status" -eq 0 ]
		[ "${lines[0]}" = "$files asm_$arch.s gcc_$arch.S " ]
	done
}

@test "on FreeBSD itself, without a compiler: its own is named" {
	fake_go GOOS=freebsd GOHOSTOS=freebsd CC=missing-cc
	run "$RCGO" build
	has "FreeBSD's own is \`cc\`; install one (\`pkg install llvm\`)"
}

@test "signals are not interposed there" {
	CC=true GOOS=freebsd GOARCH=amd64 CGO_ENABLED=1 run "$RCGO" list -f '{{.CgoCFLAGS}}' runtime/cgo
	has "-DRCGO_WITHOUT_SIGNALS"
}
