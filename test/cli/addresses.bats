#!/usr/bin/env bats
# The commands that name addresses: addr2line, compared with that of binutils, and
# symbolize on crash logs.
# shellcheck disable=SC2154 # bats sets status and output
load helper

# program FLAGS…: builds $T/work/prog, with inlined functions and functions in C++, in assembly
# and in a library.
program() {
	cat >main.c <<'END'
#include <stdlib.h>
int twice(int n);
static inline int deep(int n) { return n * n + rand(); }
static inline int middle(int n)
{
	return deep(n + 1) - 3;
}
__attribute__((noinline)) int outer(int n)
{
	return middle(n) ^ 5;
}
__asm__(".text\n.globl bare\n.type bare, %function\nbare: .zero 32\n.size bare, 32\n");
int main(int argc, char **argv)
{
	return outer(argc) + twice(argc) + argv[0][0];
}
END
	cat >twice.cc <<'END'
extern "C" int printf(const char *, ...);
namespace tree {
struct why {
	const char *text;
};
template <class T> struct node {
	T value;
	__attribute__((noinline)) T twice(const why &w) const;
};
template <class T> T node<T>::twice(const why &w) const
{
	printf("%s\n", w.text);
	return value * 2;
}
}
extern "C" int twice(int n) { return tree::node<int>{n}.twice({"why"}); }
END
	gcc -g -O2 "$@" -c main.c
	g++ -g -O2 "$@" -o prog main.o twice.cc
	# Every third byte of the code, and some addresses outside of it.
	readelf -SW prog | awk '$2 == ".text" || $3 == ".text" {
		for (i = 1; $i != ".text"; i++); print $(i + 2), $(i + 4)
	}' >text
	read -r start size <text
	for ((at = 16#$start; at < 16#$start + 16#$size; at += 3)); do printf '%x\n' "$at"; done >pcs
	printf '0\n0x10\nffffffff\nffffffffffffffff\n \nzz\n' >>pcs
}

# as_binutils FLAGS…: compares the output with that of binutils, except for discriminators of
# inlined functions, in which versions of binutils differ.
as_binutils() {
	local undisputed=' (discriminator [0-9]*)$'
	case " $*" in
	*" -"[!-]*i* | *--inlines*) ;;
	*) undisputed='^$' ;;
	esac
	addr2line "$@" -e prog <pcs 2>/dev/null | sed "s/$undisputed//" >want
	"$RCGO" addr2line "$@" -e prog <pcs | sed "s/$undisputed//" >got
	diff want got
}

@test "addr2line prints what binutils' prints" {
	for flags in "" -no-pie -gz=zlib -gdwarf-4 -O0; do
		# shellcheck disable=SC2086 # may be empty
		program $flags
		as_binutils
		as_binutils -f
		as_binutils -fi
		as_binutils -afi
		as_binutils -fips
		as_binutils -Cfpia
		as_binutils --functions --inlines --demangle --basenames --pretty-print --addresses
		[ "$(wc -l <got)" -gt 50 ]
		grep -q 'middle.* at .*(inlined by)\|inlined by) .* at' got || [ "$flags" = -O0 ]
		grep -q 'tree::node<int>::twice(' got
		grep -q '^0x0*ffffffff: ?? ??:0$' got
	done
}

@test "addr2line of stripped files, sections, arguments and a response in time" {
	program
	strip prog
	as_binutils -f
	program
	strip --strip-debug prog
	as_binutils -fp
	as_binutils -fp -j .text
	as_binutils -fp --section=.plt
	program
	run "$RCGO" addr2line -fe prog outer main+4 "$(nm prog | sed -n 's/ T bare$//p')"
	is "$(addr2line -fe prog outer main+4 "$(nm prog | sed -n 's/ T bare$//p')")"
	# A program that writes questions to a pipe gets each answer before it writes
	# the next question.
	coproc "$RCGO" addr2line -e prog
	main=$(nm prog | sed -n 's/ T main$//p')
	printf '%s\n' "$main" >&"${COPROC[1]}"
	read -r -t 20 answer <&"${COPROC[0]}"
	[[ $answer == *main.c:* ]]
	cp prog a.out
	run "$RCGO" addr2line outer
	has "main.c:"
}

@test "addr2line finds debug information beside the program" {
	program
	as_binutils -fip
	cp got whole
	objcopy --only-keep-debug prog prog.debug
	strip prog
	objcopy --add-gnu-debuglink=prog.debug prog
	as_binutils -fip
	diff whole got
	# Debug information of another build is not used.
	echo 'int main(void) { return 1; }' | gcc -g -x c -o prog.debug -
	"$RCGO" addr2line -fip -e prog <pcs >got
	run cat got
	lacks main.c
	mkdir -p "$T/cache/$(readelf -n prog | sed -n 's/.*Build ID: //p')"
	program
	objcopy --only-keep-debug prog "$T/cache/$(readelf -n prog | sed -n 's/.*Build ID: //p')/debuginfo"
	strip prog
	DEBUGINFOD_CACHE_PATH=$T/cache "$RCGO" addr2line -fip -e prog <pcs |
		sed 's/ (discriminator [0-9]*)$//' >got
	diff whole got
}

@test "addr2line reports errors" {
	program
	run "$RCGO" addr2line -e nowhere 1
	says_first "rcgo: cannot read nowhere: No such file or directory"
	run "$RCGO" addr2line -e main.c 1
	says_first "rcgo: cannot read main.c: it is no ELF file"
	run "$RCGO" addr2line -e prog -j .nosuch 1
	says_first "rcgo: prog has no section .nosuch"
	run "$RCGO" addr2line -e prog --nosuch
	says_first "rcgo: addr2line: unknown flag, or flag without its value: --nosuch"
	run "$RCGO" addr2line -e prog --demangle=nosuch
	says_first "rcgo: unknown style of demangling: nosuch"
}

# pc NAME: prints the address of the second byte of a function in the program.
pc() {
	printf '0x%x' $((16#$(nm whole | sed -n "s/ [tT] $1\$//p") + ${2:-0}))
}

# stripped FLAGS…: builds $T/work/prog without debug information, prog.debug with it alone, and
# whole with both.
stripped() {
	program "$@"
	mv prog whole
	objcopy --only-keep-debug whole prog.debug
	strip -o prog whole
}

# crash_log BASE: prints a crash log in Go's format, of a program that was loaded at BASE.
crash_log() {
	local base=$1 outer
	outer=$(($(pc outer) + base))
	printf 'SIGSEGV: segmentation violation\nPC=0x%x m=0 sigcode=1 addr=0x0\n' "$outer"
	printf '[signal SIGSEGV: segmentation violation code=0x1 addr=0x8 pc=0x%x]\n' "$outer"
	printf 'signal arrived during cgo execution\n\n'
	printf 'prog+%s\n\t/srv/prog:0 pc=0x%x\n' "$(pc outer)" "$outer"
	printf 'non-Go function\n\tpc=0x%x\n' "$outer"
	printf 'non-Go function at pc=0x%x\n' "$outer"
	printf 'other+0x10\n\t/srv/other:0 pc=0x7f0000000010\n'
	printf 'known\n\t/src/known.c:3 pc=0x%x\n' "$outer"
	printf 'main.main()\n\t/src/main.go:12 +0x1d\n\nrip    0x%x\n' "$outer"
	printf '#2  /srv/prog+%s (nobody knows)\n' "$(pc outer)"
}

check_symbolized() {
	local place pcs
	pcs=$(sed -n 's/^non-Go function at pc=//p' log)
	# In Go's format: for each inlined function a line with its name, and a line with file, line
	# and program counter.
	addr2line -fi -e whole "$(pc outer)" | sed 's/ (discriminator [0-9]*)$//' |
		sed "n; s/.*/\t& pc=$pcs/" >frames
	[ "$(wc -l <frames)" -ge 2 ]
	place=$(addr2line -fip -e whole "$(pc outer)" | sed 's/ (discriminator [0-9]*)$//' |
		tr -d '\n')
	{
		sed -n 1p log
		echo "$(sed -n 2p log) ($place)"
		echo "$(sed -n 3p log) ($place)"
		sed -n 4,5p log
		cat frames frames frames
		sed -n '/^other/,/^rip/p' log
		echo "#2  $place (nobody knows)"
	} >want
	diff want out
}

@test "symbolize rewrites the crash log of a stripped program" {
	stripped -no-pie
	crash_log 0 >log
	"$RCGO" symbolize -e prog --debug prog.debug <log >out
	check_symbolized
	"$RCGO" symbolize -e whole log >out
	sed -i 's/prog+/whole+/; s,/srv/prog,/srv/whole,' log
	"$RCGO" symbolize -e whole log >out
	check_symbolized
}

@test "symbolize takes the load address from the log, or from a flag" {
	stripped -pie
	crash_log 0x555555554000 >log
	"$RCGO" symbolize -e prog --debug=prog.debug log >out
	check_symbolized
	sed -i '/+0x.*$/{/prog+/{N;d}}' log
	sed -i '/^#2/d' log
	run "$RCGO" symbolize -e prog -d prog.debug log
	has "rcgo: warning: 4 addresses are left as they were"
	has "non-Go function at pc=0x5555"
	run "$RCGO" symbolize -e prog -d prog.debug --base 0x555555554000 log
	lacks "warning"
	lacks "non-Go function"
	has "main.c:"
}

# An inlined function whose line is 0, which the compiler emits for code that belongs
# to several lines.
@test "symbolize leaves frames that the log already names" {
	stripped -no-pie
	local outer
	outer=$(pc outer)
	{
		printf 'touch\n\t/src/gen.h:0 pc=%s\n' "$outer"
		printf 'middle\n\tpc=%s\nouter\n\t/src/main.c:12 pc=%s\n' "$outer" "$outer"
		printf 'main.main()\n\t/src/main.go:12 +0x1d\n'
	} >log
	"$RCGO" symbolize -e whole log >out
	diff log out
}

@test "symbolize demangles names that are already in the log" {
	stripped -no-pie
	{
		printf '_ZNK4tree4nodeIiE5twiceERKNS_3whyE\n\t/src/_Z1.cc:3 pc=0x1\n'
		printf '_ZN1a1bEv(...) inlined\n\t/src/a.cc:0 pc=0x2\n'
		printf '_RNvC7mycrate3foo(...) (libx.so)\n\tpc=0x3\nmain._Cfunc__Z3foov()\n'
	} >log
	run "$RCGO" symbolize -C -e whole log
	has "tree::node<int>::twice(tree::why const&) const"
	has "/src/_Z1.cc:3"
	has "a::b()(...) inlined"
	has "mycrate::foo(...) (libx.so)"
	has "main._Cfunc__Z3foov()"
}

@test "symbolize demangles on demand, and refuses what does not fit" {
	stripped -no-pie -O0
	local twice
	twice=$(nm whole | sed -n 's/ W _ZN.*twice.*//p')
	printf 'non-Go function at pc=0x%x\n' "$((16#$twice))" >log
	run "$RCGO" symbolize -e whole log
	has "_ZNK4tree4nodeIiE5twice"
	run "$RCGO" symbolize -C -e whole log
	has "tree::node<int>::twice("
	echo 'int main(void) { return 1; }' | gcc -g -x c -o prog.debug -
	run "$RCGO" symbolize -e prog --debug prog.debug log
	says_first "rcgo: prog.debug is not the debug information of prog"
	run "$RCGO" symbolize log
	says_first "rcgo: symbolize wants the program that crashed: -e PROGRAM"
	run "$RCGO" symbolize -e prog --base here log
	says_first "rcgo: --base wants an address such as 0x555555554000"
	run "$RCGO" symbolize -e prog nolog
	says_first "rcgo: cannot read nolog: No such file or directory"
	run "$RCGO" symbolize -e prog log log
	says_first "rcgo: symbolize reads one log, got log too"
}

@test "symbolize names the C functions of a real crash of a stripped Go program" {
	printf 'module crash\n\ngo 1.19\n' >go.mod
	cat >main.go <<'END'
package main

/*
static inline int bad(int *p) { return *p + 1; }
static __attribute__((noinline)) int inner(int n) { return bad((int *)(long)n) * 2; }
int crash_here(int n) { return inner(n) + 3; }
*/
import "C"

func main() { println(C.crash_here(8)) }
END
	for mode in exe pie; do
		"$RCGO" build -buildmode=$mode -o whole .
		strip -o prog whole
		run ./prog
		[ "$status" -eq 2 ]
		has "+0x"
		lacks "main.go:6"
		printf '%s\n' "$output" >log
		run "$RCGO" symbolize -e prog --debug whole log
		has $'\nbad\n\t'"$PWD/main.go:4 pc=0x"
		has $'\ninner\n\t'"$PWD/main.go:5 pc=0x"
		has $'\ncrash_here\n\t'"$PWD/main.go:6 pc=0x"
		has "(bad at $PWD/main.go:4 (inlined by) inner at $PWD/main.go:5)"
		# Frames that Go named itself are unchanged.
		grep -A 1 '^main\.main()' log >go_frames
		[ -s go_frames ]
		has "$(cat go_frames)"
	done
}

@test "symbolize takes no ELF file for a log, and gives a terminal no control characters" {
	run "$RCGO" symbolize -e "$RCGO" "$RCGO"
	says_first "rcgo: $RCGO is an ELF file, not a crash log"
	command -v script >/dev/null || skip "no script here"
	printf 'a\033]0;title\007b\n' >log
	run script -qec "'$RCGO' symbolize -e '$RCGO' log" /dev/null
	has 'a^[]0;title^Gb'
	# The same control characters as 8-bit characters, in UTF-8, in the text of a frame, and in the
	# middle of a line.
	printf 'x\233\061m caf\303\251 \302\2331m\rback\n0x1 \033[2J main.f(+0x1)\n' >log
	run script -qec "'$RCGO' symbolize -e '$RCGO' log" /dev/null
	has 'x\x9b1m café \u009b1m^Mback'
	[ "$(printf '%s' "$output" | LC_ALL=C tr -d '\r\n' | LC_ALL=C grep -c "$(printf '\033')")" = 0 ]
	[ "$("$RCGO" symbolize -e "$RCGO" log)" = "$(cat log)" ]
}

@test "symbolize refuses files that are not text" {
	printf 'main.main()\n' >log
	gzip -k log
	run "$RCGO" symbolize -e "$RCGO" log.gz
	says_first "rcgo: log.gz is a gzip file, not a crash log"
	has "do:  zcat FILE | rcgo symbolize -e PROGRAM"
	run sh -c "zcat log.gz | '$RCGO' symbolize -e '$RCGO'"
	is "main.main()"
	xz -k log
	run "$RCGO" symbolize -e "$RCGO" log.xz
	says_first "rcgo: log.xz is an xz file, not a crash log"
	{ printf x; head -c 4096 /dev/urandom | tr -d '\n'; } >random
	run "$RCGO" symbolize -e "$RCGO" random
	says_first "rcgo: random is no text, so it is not a crash log"
	# Latin-1, colours and the zeros of a truncated log are text.
	{ head -c 100 /dev/zero; printf 'caf\351 \033[31mred\033[0m\n'; } >log
	run "$RCGO" symbolize -e "$RCGO" log
	is "$(printf 'caf\351 \033[31mred\033[0m')"
}
