# SPDX-License-Identifier: BSD-3-Clause
# Makes the tables of the shells' completions from the help texts: see generate.

# Returns what follows a flag or is an operand: files, dirs, pids, commands, features, the words of a|b|c, or "" for
# nothing that could be completed.
function kind_of(word) {
	if (word ~ /^(FILE|EXE|PROGRAM|LOG|CORE|HEADER|BIN)$/) return "files"
	if (word == "DIR") return "dirs"
	if (word == "PID") return "pids"
	if (word == "COMMAND") return "commands"
	if (word ~ /^FEATURE/) return "features"
	if (word ~ /\|/) { gsub(/\|/, " ", word); return word }
	return ""
}

# Records the flags of a line such as "-o FILE, --output=FILE".
function add_flags(spelling, parts, count, i, flag, arg, group, how) {
	count = split(spelling, parts, /, /)
	group = ""
	arg = how = ""
	for (i = count; i >= 1; i--) {
		flag = parts[i]
		if (match(flag, /\[=/)) {
			flag = substr(flag, 1, RSTART - 1) # an argument that may be left out
		} else if (match(flag, /[ =]/)) {
			arg = substr(flag, RSTART + 1)
			how = "value"
			flag = substr(flag, 1, RSTART - 1)
		}
		group = flag (group == "" ? "" : " " group)
	}
	n++
	of[n] = command
	names[n] = group
	takes[n] = how
	metavar[n] = arg
	kind[n] = how == "" ? "" : kind_of(arg)
	described[n] = ""
}

# Records what the operands in a synopsis are.
function add_operands(s, words, count, i, found) {
	gsub(/\[-[^][]*(\[[^]]*\])?[^][]*\]|\[--[^]]*\]|--?[A-Za-z]+[ =][A-Z][A-Za-z,.]*/, " ", s)
	gsub(/[][|.…,]/, " ", s)
	count = split(s, words, " ")
	for (i = 1; i <= count; i++) {
		found = words[i] ~ /^[A-Z]+$/ ? kind_of(words[i]) : ""
		if (found != "" && index(operands[command] " ", " " found " ") == 0) {
			operands[command] = operands[command] " " found
		}
	}
}

FNR == 1 {
	if (usage != "") add_operands(usage)
	usage = ""
	command = FILENAME
	sub(/\.txt$/, "", command)
	summary[command] = substr($0, index($0, ": ") + 2)
	in_usage = 1
	in_flag = 0
	next
}

in_usage && $0 == "" { add_operands(usage); usage = ""; in_usage = 0; next }
in_usage { usage = usage " " $0; next }

/^  -/ {
	line = substr($0, 3)
	gap = match(line, /  +/)
	text = gap ? substr(line, gap + RLENGTH) : ""
	add_flags(gap ? substr(line, 1, gap - 1) : line)
	described[n] = text
	in_flag = 1
	next
}

in_flag && /^      / {
	sub(/^ +/, "")
	described[n] = described[n] (described[n] == "" ? "" : " ") $0
	next
}

{ in_flag = 0 }

# Returns the first clause of a description.
function brief(s) {
	sub(/[;:].*/, "", s)
	sub(/\. .*/, "", s)
	gsub(/`/, "", s)
	gsub(/'/, "’", s)
	return s
}

function bash_tables(i, j, count, parts, commands, total, list) {
	total = split(order, commands, " ")
	print "_rcgo_commands=\"" order "\""
	print "\n# The flags of a command.\n_rcgo_flags() {\n\tcase $1 in"
	for (i = 1; i <= total; i++) {
		list = ""
		for (j = 1; j <= n; j++) {
			if (of[j] == commands[i]) {
				count = split(names[j], parts, " ")
				for (k = 1; k <= count; k++) {
					list = list " " parts[k] (takes[j] != "" && parts[k] ~ /^--/ ? "=" : "")
				}
			}
		}
		if (list != "") print "\t" commands[i] ") echo \"" substr(list, 2) "\" ;;"
	}
	print "\tesac\n}\n\n# What follows a flag of a command: dirs, features, files, pids, words, or none where nothing is known of it."
	print "_rcgo_value() {\n\tcase \"$1 $2\" in"
	for (j = 1; j <= n; j++) {
		if (takes[j] == "") continue
		count = split(names[j], parts, " ")
		list = ""
		for (k = 1; k <= count; k++) {
			list = list (k > 1 ? " | " : "") "\"" of[j] " " parts[k] "\""
		}
		print "\t" list ") echo \"" (kind[j] == "" ? "none" : kind[j]) "\" ;;"
	}
	print "\tesac\n}\n\n# What the operands of a command are.\n_rcgo_operands() {\n\tcase $1 in"
	for (i = 1; i <= total; i++) {
		if (operands[commands[i]] != "") print "\t" commands[i] ") echo \"" substr(operands[commands[i]], 2) "\" ;;"
	}
	print "\tesac\n}"
}

function zsh_action(kinds) {
	if (kinds == "") return ""
	if (kinds == "files" || kinds == "pids files" || kinds == "files pids") return kinds == "files" ? "_files" : "_rcgo_pids_or_files"
	if (kinds == "dirs") return "_files -/"
	if (kinds == "pids") return "_pids"
	if (kinds == "commands") return "_rcgo_commands"
	if (kinds == "features") return "_values -s , feature $_rcgo_features"
	return "(" kinds ")"
}

function zsh_tables(i, j, k, count, parts, commands, total, text, spec) {
	total = split(order, commands, " ")
	print "_rcgo_own=("
	for (i = 1; i <= total; i++) print "\t'" commands[i] ":" brief(summary[commands[i]]) "'"
	print ")\n\n_rcgo_command() {\n\tcase $1 in"
	for (i = 1; i <= total; i++) {
		printf "%s", "\t" commands[i] ")\n\t\t_arguments"
		for (j = 1; j <= n; j++) {
			if (of[j] != commands[i]) continue
			text = brief(described[j])
			gsub(/[][]/, "\\\\&", text)
			count = split(names[j], parts, " ")
			spec = ""
			for (k = 1; k <= count; k++) {
				spec = spec (k > 1 ? "," : "") parts[k] (takes[j] != "" && parts[k] ~ /^--/ ? "=" : "")
			}
			spec = count > 1 ? "'(" names[j] ")'{" spec "}'" : "'" spec
			spec = spec "[" text "]"
			if (takes[j] != "") spec = spec ":" tolower(kind[j] ~ / /  ? "word" : metavar[j] == "" ? "value" : plain(metavar[j])) ":" zsh_action(kind[j])
			printf "%s", " \\\n\t\t\t" spec "'"
		}
		if (operands[commands[i]] != "") {
			printf "%s", " \\\n\t\t\t'*:operand:" zsh_action(substr(operands[commands[i]], 2)) "'"
		}
		print "\n\t\t;;"
	}
	print "\tesac\n}"
}

function plain(s) {
	gsub(/[^A-Za-z]/, "", s)
	return s
}

function fish_values(kinds, list, parts, count, i) {
	if (kinds == "files") return " -rF"
	if (kinds == "dirs") return " -xa '(__fish_complete_directories)'"
	if (kinds == "pids") return " -xa '(__fish_complete_pids)'"
	if (kinds == "features") return " -xa \"$__rcgo_features\""
	if (kinds == "commands") return " -xa \"$__rcgo_commands\""
	if (kinds == "") return " -x"
	return " -xa '" kinds "'"
}

function fish_tables(i, j, k, count, parts, commands, total, line, option) {
	total = split(order, commands, " ")
	print "set -g __rcgo_commands " order
	for (i = 1; i <= total; i++) {
		print "complete -c rcgo -n __rcgo_no_command -fa " commands[i] " -d '" brief(summary[commands[i]]) "'"
	}
	for (j = 1; j <= n; j++) {
		count = split(names[j], parts, " ")
		line = "complete -c rcgo -n '__rcgo_command " of[j] "'"
		for (k = 1; k <= count; k++) {
			option = parts[k]
			sub(/^--?/, "", option)
			line = line (parts[k] ~ /^--/ ? " -l " : length(option) == 1 ? " -s " : " -o ") option
		}
		print line (takes[j] == "" ? "" : fish_values(kind[j])) " -d '" brief(described[j]) "'"
	}
	for (i = 1; i <= total; i++) {
		count = split(operands[commands[i]], parts, " ")
		line = ""
		for (k = 1; k <= count; k++) {
			if (parts[k] == "pids") print "complete -c rcgo -n '__rcgo_command " commands[i] "' -fa '(__fish_complete_pids)'"
			if (parts[k] == "dirs") print "complete -c rcgo -n '__rcgo_command " commands[i] "' -fa '(__fish_complete_directories)'"
			if (parts[k] == "commands") print "complete -c rcgo -n '__rcgo_command " commands[i] "' -fa \"$__rcgo_commands features\""
			if (parts[k] == "files") line = "files"
		}
		if (line == "") print "complete -c rcgo -n '__rcgo_command " commands[i] "' -f"
		else print "complete -c rcgo -n '__rcgo_command " commands[i] "' -F"
	}
}

END {
	if (shell == "bash") bash_tables()
	if (shell == "zsh") zsh_tables()
	if (shell == "fish") fish_tables()
}
