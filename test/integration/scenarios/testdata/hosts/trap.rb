# SPDX-License-Identifier: BSD-3-Clause
# Ruby loads Go, sets traps, and puts back what it is told was there before.
require 'fiddle'

lib = Fiddle.dlopen(ARGV[0])
add = Fiddle::Function.new(lib['libAdd'], [Fiddle::TYPE_INT, Fiddle::TYPE_INT], Fiddle::TYPE_INT)
abort 'wrong sum' unless add.call(1, 2) == 3

%w[INT TERM HUP USR1 USR2 CHLD ALRM].each do |name|
  before = trap(name) {}
  abort "#{name}: #{before.inspect}" unless before == 'DEFAULT'
  trap(name, before)
end
begin
  Process.kill(:INT, $$)
  sleep 10
  abort 'SIGINT is ignored'
rescue Interrupt
  puts 'trap ok'
end
