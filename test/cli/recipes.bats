#!/usr/bin/env bats
# Every recipe of doc/recipes.md, as it is written there.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

PAGE=$BATS_TEST_DIRNAME/../../doc/recipes.md

# recipe NAME: prints the code block with this name.
recipe() {
	awk -v name="<!-- recipe: $1 -->" '
		$0 == name { found = 1; next }
		found && /^```/ { if (inside) exit; inside = 1; next }
		inside { print }' "$PAGE" | grep .
}

# begin: makes a module, and puts rcgo into PATH.
begin() {
	hello
	mkdir -p "$T/path"
	ln -s "$RCGO" "$T/path/rcgo"
	export PATH=$T/path:$PATH
}

# ours PROG: checks that the program contains our runtime/cgo and works.
ours() {
	"$RCGO" version "$1"
	[ "$("$1")" = "C says 42" ]
}

@test "recipes: every one of the page has a test" {
	# shellcheck disable=SC2013 # names are words
	for name in $(sed -n 's/^<!-- recipe: \(.*\) -->$/\1/p' "$PAGE"); do
		grep -q "recipe $name\b" "$BATS_TEST_FILENAME"
	done
}

@test "recipes: make" {
	begin
	recipe make >Makefile
	make -s app
	ours ./app
}

@test "recipes: GitHub Actions" {
	begin
	export GITHUB_ENV=$T/github_env
	recipe github >step.sh
	sh -e step.sh
	# Each line is NAME=VALUE, as the runner reads it for later steps.
	while IFS= read -r line; do
		export "${line?}"
	done <"$GITHUB_ENV"
	go build -o app .
	ours ./app
}

@test "recipes: GitLab" {
	begin
	recipe gitlab | sed -n 's/^    - //p' >script.sh
	[ "$(wc -l <script.sh)" -eq 4 ]
	sh -e script.sh
	ours ./app
}

@test "recipes: Dockerfile" {
	begin
	# The commands of the first stage, with other directories for /src and /app.
	recipe docker | sed -n 's/^RUN //p; /^$/q' | sed "s,/app,$T/app," >stage.sh
	[ "$(wc -l <stage.sh)" -eq 2 ]
	sh -e stage.sh
	# The second stage has only the program.
	ours "$T/app"
	recipe docker | grep -q '^COPY --from=build /app /app$'
}

@test "recipes: tools that call go, and goreleaser" {
	begin
	recipe shim >setup.sh
	. ./setup.sh
	[ "$(command -v go)" = "$HOME/rcgo-go/go" ]
	sh -c 'go build -o app .'
	ours ./app
	binary=$(recipe goreleaser | sed -n 's/.*gobinary: "\(.*\)"/\1/p' | sed "s,{{ .Env.HOME }},$HOME,")
	rm app
	trimpath= # goreleaser uses it; the standard library is compiled for it
	[ "${RCGO_TEST_MORE-}" != 1 ] || trimpath=-trimpath
	CGO_ENABLED=1 "$binary" build $trimpath -ldflags '-s -w' -o app .
	ours ./app
}

@test "recipes: direnv and nix" {
	begin
	for name in direnv nix; do
		case $name in
		direnv) recipe direnv ;;
		nix) recipe nix | sed -n "/shellHook/,/'';/p" | sed '1d;$d' ;;
		esac >hook
		bash -ec '. ./hook; go build -o app .'
		ours ./app
		rm app
	done
}

@test "recipes: VS Code" {
	begin
	recipe vscode >print.sh
	sh -e print.sh >settings.json
	go=$(jq -r '."go.alternateTools".go' settings.json)
	# Runs go like the extension: with these variables, by this path.
	mapfile -t variables < <(jq -r '."go.toolsEnvVars" | to_entries[] | "\(.key)=\(.value)"' settings.json)
	env "${variables[@]}" "$go" build -o app .
	ours ./app
}
