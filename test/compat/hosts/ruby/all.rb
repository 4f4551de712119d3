# SPDX-License-Identifier: BSD-3-Clause
# Ruby loads Go by ffi: calls, callbacks, trap, fork.
require "ffi"

module Golib
  extend FFI::Library
  ffi_lib ARGV[0]
  callback :back, [:int], :int
  attach_function :golib_add, [:int, :int], :int
  attach_function :golib_work, [], :int, blocking: true
  attach_function :golib_fault, [], :int
  attach_function :golib_back, [:back, :int], :int, blocking: true
end

def check(what)
  abort what.to_s unless yield
end

traps = []
check(:trap) { trap("USR2") { traps << 1 } == "DEFAULT" }
check(:add) { Golib.golib_add(2, 3) == 5 }
check(:work) { Golib.golib_work == 1 }
check(:fault) { Golib.golib_fault == 1 }
check(:back) { Golib.golib_back(proc { |i| i + 1 }, 4) == 10 }
check(:threads) { 6.times.map { Thread.new { Golib.golib_work } }.all? { |t| t.value == 1 } }
Process.kill("USR2", Process.pid)
sleep 0.01 until traps == [1]
check(:int) { ["DEFAULT", "SYSTEM_DEFAULT"].include?(trap("INT", "IGNORE")) }
trap("INT", "DEFAULT")
child = fork { exit!(Golib.golib_add(3, 4)) }
Process.wait(child)
check(:fork) { $?.exitstatus == 7 }
begin
  Process.kill("INT", Process.pid)
  sleep 5
  abort "no Interrupt"
rescue Interrupt
end
puts "ok"
