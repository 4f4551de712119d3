#!/usr/bin/env bats
# What is installed beside the binary: man page and completions.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

ROOT=$BATS_TEST_DIRNAME/../..

# complete_as WORD...: what bash offers for the last of these words, one a line.
complete_as() {
	bash --norc -c '. "$0"
		COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		eval "${FAKE_COMPLETION:-}"
		_rcgo; printf "%s\n" "${COMPREPLY[@]}"' "$ROOT/cmd/rcgo/completion/rcgo.bash" "$@"
}

@test "install and uninstall with DESTDIR and PREFIX" {
	run make -s -C "$ROOT" install "DESTDIR=$T/a b" PREFIX=/usr
	[ "$status" -eq 0 ]
	installed=$(cd "$T/a b" && find . -type f | sort)
	[ "$installed" = "./usr/bin/rcgo
./usr/share/bash-completion/completions/rcgo
./usr/share/man/man1/rcgo.1
./usr/share/zsh/site-functions/_rcgo" ]
	run "$T/a b/usr/bin/rcgo" version
	[ "$status" -eq 0 ]
	run make -s -C "$ROOT" uninstall "DESTDIR=$T/a b" PREFIX=/usr
	[ "$status" -eq 0 ]
	[ -z "$(find "$T/a b" -type f)" ]
}

@test "the man page is clean and names every verb of ours" {
	command -v mandoc >/dev/null || skip "no mandoc here"
	run mandoc -Tlint "$ROOT/cmd/rcgo/rcgo.1"
	is ""
	run mandoc -Tascii "$ROOT/cmd/rcgo/rcgo.1"
	plain=$(printf '%s\n' "$output" | sed "s/.$(printf '\b')//g")
	for verb in env overlay doctor abi version help; do
		printf '%s\n' "$plain" | grep -q "^     rcgo $verb"
	done
}

@test "bash completes verbs and flags of ours" {
	[ "$(complete_as rcgo ov)" = overlay ]
	[ "$(complete_as rcgo bu)" = build ]
	[ "$(complete_as rcgo help ab)" = abi ]
	[ "$(complete_as rcgo overlay --o)" = --output= ]
	[ "$(complete_as rcgo env -j)" = -json ]
	[ "$(complete_as rcgo build --wit | tr '\n' ' ')" = "--with= --without= " ]
	[ "$(complete_as rcgo build --with = sy)" = syscall ]
	[ "$(complete_as rcgo overlay --without = sig)" = signals ]
	[ "$(complete_as rcgo help feat)" = features ]
}

@test "bash hands verbs of go to go's own completion" {
	# shellcheck disable=SC2016 # it is expanded later
	export FAKE_COMPLETION='_g() { COMPREPLY=("go: ${COMP_WORDS[*]} at $COMP_CWORD"); }; complete -F _g go'
	[ "$(complete_as rcgo build -r)" = "go: go build -r at 2" ]
	[ "$(complete_as rcgo go env GO)" = "go: go env GO at 2" ]
}

@test "zsh completes verbs and flags of ours" {
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
	export COMPLETIONS=$ROOT/cmd/rcgo/completion T
	run timeout 20 zsh -f "$T/z"
	has "got:overlay --output=X"
}
