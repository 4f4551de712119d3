# SPDX-License-Identifier: BSD-3-Clause
# Makes man pages of the help texts: see generate.

# The metavariables are the words in capitals of the synopsis and of the list of flags.
BEGIN {
	synopsis = 1
	while (mode == "man" && (getline line < (command ".txt")) > 0) {
		if (line == "") {
			synopsis = 0
		} else if (line !~ /^usage:/ && line !~ /^  -/ && !(synopsis && line ~ /^      /)) {
			continue
		} else if (line ~ /^  -/) {
			line = substr(line, 3)
			sub(/  .*/, "", line)
		}
		while (match(line, /[A-Z][A-Z]+/)) {
			is_variable[substr(line, RSTART, RLENGTH)] = 1
			line = substr(line, RSTART + RLENGTH)
		}
	}
}

# Escapes what roff reads as its own.
function escape(s) {
	gsub(/\\/, "\\e", s)
	gsub(/-/, "\\-", s)
	gsub(/'/, "\\(aq", s)
	gsub(/`/, "\\(ga", s)
	gsub(/~/, "\\(ti", s)
	gsub(/\^/, "\\(ha", s)
	gsub(/…/, "...", s)
	return s
}

# Prints text: flags and `code` in bold, metavariables in italics, each sentence on a line of its own. In the literal
# state and in a synopsis, every word that looks like a flag is one.
function put(s, out, word) {
	out = ""
	while (match(s, /`[^`]*`|--?[A-Za-z][A-Za-z0-9-]*|[A-Z][A-Z]+/)) {
		word = substr(s, RSTART, RLENGTH)
		before = RSTART == 1 ? (out == "" ? " " : "x") : substr(s, RSTART - 1, 1)
		out = out escape(substr(s, 1, RSTART - 1))
		s = substr(s, RSTART + RLENGTH)
		if (word ~ /^`/) {
			out = out "\\fB" escape(substr(word, 2, length(word) - 2)) "\\fR"
		} else if (word ~ /^-/ && before ~ /[[ ("|]/) {
			out = out "\\fB" escape(word) "\\fR"
		} else if (word in is_variable && before !~ /[A-Za-z0-9_$]/) {
			out = out "\\fI" word "\\fR"
		} else {
			out = out escape(word)
		}
	}
	out = out escape(s)
	if (!is_literal) {
		gsub(/\. /, ".\n", out)
	}
	print (out ~ /^\./ ? "\\&" : "") out
}

# In the literal state lines are kept as they are.
function literal(on) {
	if (on != is_literal) {
		print on ? ".PP\n.RS 4\n.nf" : ".fi\n.RE"
		is_literal = on
	}
}

# Begins the paragraph that an empty line has announced.
function paragraph() {
	if (pending) {
		print ".PP"
	}
	pending = in_list = 0
	begun = 1
}

mode == "commands" && FNR == 1 {
	colon = index($0, ": ")
	split(substr($0, 1, colon - 1), words, " ")
	operands = substr($0, length(words[1]) + 1, colon - 1 - length(words[1]))
	sub(/^ /, "", operands)
	gsub(/…/, "...", operands)
	print ".It Cm " words[1] (operands == "" ? "" : " Ar " operands)
	print toupper(substr($0, colon + 2, 1)) substr($0, colon + 3) ":"
	print ".Xr rcgo-" words[1] " 1 ."
}

mode == "features" && /^  [a-z]/ { print ".It Cm " $1; sub(/^  [a-z]+ +/, ""); put_feature($0); next }
mode == "features" && /^              / { sub(/^ +/, ""); put_feature($0) }

# In mdoc a sentence begins on a line of its own.
function put_feature(s) {
	gsub(/\. /, ".\n", s)
	print s
}

mode != "man" { next }

FNR == 1 {
	colon = index($0, ": ")
	print ".\\\" Generated from cmd/rcgo/help/" command ".txt."
	print ".TH RCGO\\-" toupper(command) " 1 \"" date "\" \"rcgo\" \"User Commands\""
	print ".SH NAME"
	print "rcgo\\-" command " \\- " escape(substr($0, colon + 2))
	print ".SH SYNOPSIS\n.nf"
	next
}

!described && $0 != "" {
	sub(/^(usage: |       )/, "")
	is_literal = 1
	put($0)
	is_literal = 0
	next
}

!described { print ".fi\n.SH DESCRIPTION"; described = 1; next }

/^Exit status: / {
	literal(0)
	print ".SH EXIT STATUS"
	sub(/^Exit status: /, "")
	pending = in_list = 0
	$0 = toupper(substr($0, 1, 1)) substr($0, 2)
}

/^Options:$/ { next }

$0 == "" {
	literal(0)
	pending = begun
	next
}

/^  -/ || /^  [a-z0-9]+  +[A-Z]/ {
	literal(0)
	pending = 0
	in_list = 1
	begun = 1
	line = substr($0, 3)
	gap = match(line, /  +/)
	text = gap ? substr(line, gap + RLENGTH) : ""
	print ".TP"
	put(gap ? substr(line, 1, gap - 1) : line)
	if (text != "") {
		put(text)
	}
	next
}

in_list && /^      / {
	sub(/^ +/, "")
	put($0)
	next
}

/^  / {
	literal(1)
	pending = 0
	begun = 1
	put(substr($0, 3))
	next
}

{
	paragraph()
	put($0)
}

END {
	if (mode == "man") {
		literal(0)
		print ".SH SEE ALSO\n\\fBrcgo\\fR(1)"
	}
}
