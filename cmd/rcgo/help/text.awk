# SPDX-License-Identifier: BSD-3-Clause
# Makes C source of the help texts: see generate.

function quote(s) {
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	return "\t\"" s "\\n\"\n"
}

FNR == 1 { file = FILENAME; sub(/\.txt$/, "", file); files[++n] = file }

file == "overview" { overview[++lines] = $0; next }

FNR == 1 {
	colon = index($0, ": ")
	spelling[file] = substr($0, 1, colon - 1)
	summary[file] = substr($0, colon + 2)
	next
}

{ text[file] = text[file] quote($0) }

function list_commands(words, commands, count, i, left) {
	count = split(words, commands, " ")
	for (i = 2; i <= count; i++) {
		left = sprintf("  rcgo %s ", spelling[commands[i]])
		while (length(left) < 23) {
			left = left " "
		}
		printf "%s", quote(left summary[commands[i]])
	}
}

END {
	print "// Generated from cmd/rcgo/help by generate.\n#include \"help.h\"\n"
	print "const char help_overview[] ="
	for (i = 1; i <= lines; i++) {
		if (overview[i] ~ /^@commands /) {
			list_commands(overview[i])
		} else {
			printf "%s", quote(overview[i])
		}
	}
	print "\t;\n\nconst struct help_topic help_topics[] = {"
	for (i = 2; i <= n; i++) {
		printf "\t{\"%s\",\n%s\t},\n", files[i], text[files[i]]
	}
	print "\t{0},\n};"
}
