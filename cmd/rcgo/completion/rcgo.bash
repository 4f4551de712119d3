# SPDX-License-Identifier: BSD-3-Clause
# bash completion for rcgo. Verbs of go are completed by go's own completion where there is one.
# shellcheck shell=bash

_rcgo_go() {
	local go_verbs="build clean doc fix fmt generate get install list mod run test tool vet work"

	if complete -p go >/dev/null 2>&1 || { declare -F _completion_loader >/dev/null &&
		_completion_loader go >/dev/null 2>&1; complete -p go >/dev/null 2>&1; }; then
		local spec
		spec=$(complete -p go)
		case $spec in
		*" -F "*)
			spec=${spec##* -F }
			COMP_WORDS[0]=go
			"${spec%% *}" go "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
			return
			;;
		esac
	fi
	if [[ $COMP_CWORD -eq 1 ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$go_verbs env help version" -- "${COMP_WORDS[COMP_CWORD]}")
	else
		compopt -o default 2>/dev/null
		COMPREPLY=()
	fi
}

_rcgo() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local own="abi addr2line doctor env go help init leaf overlay record shim stack symbolize top version"
	local go="build clean doc fix fmt generate get install list mod run test tool vet work"
	local features="traceback contexts crash signals syscall"
	local flags=

	COMPREPLY=()
	if [[ $COMP_CWORD -eq 1 ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$own $go" -- "$cur")
		return
	fi
	# The shell takes --with=NAME for three words.
	case $prev$cur in
	--with= | --without=) cur= prev=--with ;;
	=*) prev=${COMP_WORDS[COMP_CWORD - 2]} ;;
	esac
	case $prev in
	--with | --without)
		mapfile -t COMPREPLY < <(compgen -W "$features" -- "$cur")
		return
		;;
	esac
	case ${COMP_WORDS[1]} in
	abi) flags="-C -json" ;;
	addr2line)
		[[ $prev == -C ]] && prev=
		flags="-a -C -e -f -i -j -p -s --addresses --basenames --demangle --exe= --functions
			--inlines --pretty-print --section="
		;;
	symbolize)
		[[ $prev == -C ]] && prev=
		flags="-b -C -d -e --base= --debug= --demangle --exe="
		[[ $cur == -* ]] || prev=-o
		;;
	doctor) flags="-C -json" ;;
	env) flags="-C -format -json -u --with= --without=" ;;
	shim)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	init) flags="-C -dir -remove" ;;
	leaf) flags="-o -package -errno -cflags -ldflags" ;;
	overlay) flags="-C -o -p --output= --path --with= --without=" ;;
	record)
		flags="-d -F -off-cpu -wall -o -folded -runtime -debug"
		case $prev in
		-debug) prev=-C ;;
		-d | -F) return ;;
		-o) ;;
		*) [[ $cur == -* ]] || flags=$(cd /proc && echo [0-9]*) ;;
		esac
		;;
	stack)
		flags="-all -c -stop -no-stop -thread -runtime -json -folded -pprof -debug -e -sysroot -force"
		case $prev in
		-pprof) prev=-o ;;
		-debug | -sysroot) prev=-C ;;
		-e) ;;
		*) [[ $cur == -* ]] || flags=$(cd /proc && echo [0-9]*) ;;
		esac
		;;
	top)
		flags="-d -n -json"
		[[ $cur == -* ]] || flags=$(cd /proc && echo [0-9]*)
		;;
	version)
		[[ $cur == -* ]] && flags="-sbom" || prev=-o
		;;
	help)
		[[ $COMP_CWORD -eq 2 ]] && mapfile -t COMPREPLY < <(compgen -W "$own $go features" -- "$cur")
		return
		;;
	go)
		# As if `go …` had been typed.
		COMP_WORDS=("${COMP_WORDS[@]:1}")
		COMP_CWORD=$((COMP_CWORD - 1))
		_rcgo_go
		return
		;;
	*)
		case $cur in
		--w*) mapfile -t COMPREPLY < <(compgen -W "--with= --without=" -- "$cur") ;;
		*) _rcgo_go ;;
		esac
		return
		;;
	esac
	case $prev in
	-format) mapfile -t COMPREPLY < <(compgen -W "sh fish direnv github make vscode json" -- "$cur") ;;
	-C) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	-o | -e | -d) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	*) mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur") ;;
	esac
}

complete -F _rcgo rcgo
