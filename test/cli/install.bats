#!/usr/bin/env bats
# The files that are installed with the binary: man pages and completions.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

ROOT=$BATS_TEST_DIRNAME/../..

setup_file() {
	make -s -C "$BATS_TEST_DIRNAME/../.." share
}

# Prints the subcommands of rcgo, one per line.
commands() {
	sed -n 's/^@commands //p' "$ROOT/cmd/rcgo/help/overview.txt" | tr ' ' '\n'
}

# complete_as WORD...: prints bash's completions of the last word, one per line.
complete_as() {
	bash --norc -c '. "$0"
		COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		eval "${FAKE_COMPLETION:-}"
		_rcgo; printf "%s\n" "${COMPREPLY[@]}"' "$ROOT/build/share/rcgo.bash" "$@"
}

@test "install and uninstall with DESTDIR and PREFIX" {
	run make -s -C "$ROOT" install "DESTDIR=$T/a b" PREFIX=/usr
	[ "$status" -eq 0 ]
	installed=$(cd "$T/a b/usr" && find . -type f | sort)
	pages=$(commands | sed 's|.*|./share/man/man1/rcgo-&.1|')
	[ "$installed" = "$(printf '%s\n' ./bin/rcgo ./share/bash-completion/completions/rcgo \
		./share/fish/vendor_completions.d/rcgo.fish "$pages" ./share/man/man1/rcgo.1 \
		./share/zsh/site-functions/_rcgo | sort)" ]
	run "$T/a b/usr/bin/rcgo" version
	[ "$status" -eq 0 ]
	run make -s -C "$ROOT" uninstall "DESTDIR=$T/a b" PREFIX=/usr
	[ "$status" -eq 0 ]
	[ -z "$(find "$T/a b" -type f)" ]
}

@test "the man pages are clean, and there is one for each command" {
	command -v mandoc >/dev/null || skip "no mandoc here"
	# man cannot find pages that are not installed yet.
	[ -z "$(mandoc -Tlint "$ROOT/build/share/rcgo.1" | grep -v 'referenced manual not found: Xr rcgo-')" ]
	for command in $(commands); do
		mandoc -Tlint -W warning "$ROOT/build/share/rcgo-$command.1"
		grep -q "^\.Xr rcgo-$command 1" "$ROOT/build/share/rcgo.1"
	done
}

@test "every command has a help text, and help, man page and completions name the same flags" {
	[ "$(commands | wc -l)" -ge 15 ]
	for command in $(commands); do
		run "$RCGO" help "$command"
		[ "$status" -eq 0 ]
		has "usage: rcgo $command"
		# On a terminal of 80 columns.
		[ -z "$(cut -c 81- "$ROOT/cmd/rcgo/help/$command.txt" | tr -d '\n')" ]
		for flag in $(sed -n 's/^  \(-[^ =]*\).*/\1/p' "$ROOT/cmd/rcgo/help/$command.txt"); do
			flag=${flag%,}
			mandoc -Tascii "$ROOT/build/share/rcgo-$command.1" | sed "s/.$(printf '\b')//g" |
				grep -qe "^ *$flag\|, $flag"
			grep -e "$command) echo" "$ROOT/build/share/rcgo.bash" | grep -qe "$flag"
			grep -e "__rcgo_command $command'" "$ROOT/build/share/rcgo.fish" | grep -qe " $(sed 's/^--*//' <<<"$flag")\b"
		done
	done
	run "$RCGO" help
	[ -z "$(awk 'length > 80' <<<"$output")" ]
}

@test "the usage of a command names its flags, and rcgo accepts them" {
	fake_go
	for command in $(commands); do
		for flag in $(sed -n 's/^  \(-[A-Za-z-]*\)\( [a-z].*\|  .*\)*$/\1/p' "$ROOT/cmd/rcgo/help/$command.txt"); do
			run "$RCGO" "$command" "$flag" --no-such-flag-of-rcgo </dev/null
			lacks "unknown flag $flag"
			lacks "invalid option -- '${flag#-}'"
		done
	done
}

@test "bash completes the commands and flags of rcgo" {
	[ "$(complete_as rcgo ov)" = overlay ]
	[ "$(complete_as rcgo bu)" = build ]
	[ "$(complete_as rcgo help ab)" = abi ]
	[ "$(complete_as rcgo overlay --o)" = --output= ]
	[ "$(complete_as rcgo env -j)" = -json ]
	[ "$(complete_as rcgo build --wit | tr '\n' ' ')" = "--with= --without= " ]
	[ "$(complete_as rcgo build --with = sy)" = syscall ]
	[ "$(complete_as rcgo overlay --without = sig)" = signals ]
	[ "$(complete_as rcgo help feat)" = features ]
	[ "$(complete_as rcgo env -format vs)" = vscode ]
	[ "$(complete_as rcgo stack -sysroot /us)" = /usr ]
	[ "$(complete_as rcgo top $$)" = $$ ]
	touch "$T/work/some.core"
	[ "$(complete_as rcgo stack some)" = some.core ]
	[ -z "$(complete_as rcgo record -F 9)" ]
}

@test "fish completes the commands and flags of rcgo" {
	command -v fish >/dev/null || skip "no fish here"
	fish_says() {
		fish --no-config -c "source '$ROOT/build/share/rcgo.fish'; complete -C 'rcgo $1'" | cut -f 1 | tr '\n' ' '
	}
	[ "$(fish_says ov)" = "overlay " ]
	[ "$(fish_says bu)" = "build " ]
	[ "$(fish_says 'overlay --out')" = "--output " ]
	[ "$(fish_says 'env -format vs')" = "vscode " ]
	[ "$(fish_says 'build --with=sys')" = "--with=syscall " ]
	[ "$(fish_says 'stack -sysr')" = "-sysroot " ]
}

@test "bash hands go commands to go's own completion" {
	# shellcheck disable=SC2016 # it is expanded later
	export FAKE_COMPLETION='_g() { COMPREPLY=("go: ${COMP_WORDS[*]} at $COMP_CWORD"); }; complete -F _g go'
	[ "$(complete_as rcgo build -r)" = "go: go build -r at 2" ]
	[ "$(complete_as rcgo go env GO)" = "go: go env GO at 2" ]
}

@test "zsh completes the commands and flags of rcgo" {
	command -v zsh >/dev/null || skip "no zsh here"
	cat >"$T/z" <<'END'
zmodload zsh/zpty
zpty z zsh -f
send() { zpty -w z "$1"; }
send "PS1='>'; fpath=($COMPLETIONS \$fpath); autoload -Uz compinit; compinit -u -d $T/zdump; rcgo() { print -r -- got:\$*; }; echo ready"
zpty -r z line '*ready*ready*'
zpty -w -n z "rcgo overla"$'\t'"--outp"$'\t'"X"$'\n'
sleep 1
zpty -w -n z "echo fin"ished$'\n'
zpty -r z out '*finished*finished*'
print -r -- "$out"
zpty -d z
END
	export COMPLETIONS=$ROOT/build/share T
	run timeout 20 zsh -f "$T/z"
	has "got:overlay --output=X"
}
