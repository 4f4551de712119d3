# SPDX-License-Identifier: BSD-3-Clause
# Tcl: all.tcl EXTENSION. Calls on its own threads of events, child processes and the environment.
load [lindex $argv 0] Golib
for {set i 0} {$i < 20} {incr i} {
	if {[golib] != 1} { error "Go does not answer" }
	after 1 {set woken 1}
	vwait woken
}
for {set i 0} {$i < 50} {incr i} {
	set env(OF_TCL) tcl$i
	golib
	unset env(OF_TCL)
}
set env(OF_TCL) tcl
if {[exec sh -c {echo $OF_TCL}] ne "tcl"} { error "the environment" }
if {![catch {exec sh -c {exit 3}} - options] || [lindex [dict get $options -errorcode] 2] != 3} {
	error "a child's status"
}
puts ok
