# SPDX-License-Identifier: BSD-3-Clause
# Perl with FFI::Platypus: all.pl LIBRARY. Calls, signals, fork, and the environment.
use strict;
use warnings;
use FFI::Platypus 1.00;

sub check { my ($what, $is) = @_; die "failed: $what\n" unless $is }

my $ffi = FFI::Platypus->new(api => 1, lib => [$ARGV[0], undef]);
$ffi->attach($_ => [] => 'int') for qw(golib_work golib_fault);
$ffi->attach(golib_env => [] => 'void');
$ffi->attach(golib_add  => ['int', 'int'] => 'int');
$ffi->attach(golib_back => ['opaque', 'int'] => 'int');
my $abs = $ffi->find_symbol('abs');
my ($caught, $alarms) = (0, 0);
$SIG{USR1} = sub { $caught++ };
$SIG{ALRM} = sub { $alarms++ };
for my $i (1 .. 20) {
	check('add', golib_add($i, 2) == $i + 2);
	check('work', golib_work() == 1);
	check('fault', golib_fault() == 1);
	check('back', golib_back($abs, 4) == 6);
	kill 'USR1', $$;
	check('a signal', $caught == $i);
}
alarm 1;
select undef, undef, undef, 0.01 until $alarms;
$ENV{OF_PERL} = 'perl';
check('the environment', `echo \$OF_PERL` eq "perl\n");
golib_env();
$ENV{"OF_PERL_$_"} = $_ for 1 .. 200;
delete $ENV{OF_PERL};
golib_env();
check('what both have set', `echo \$OF_PERL\$OF_PERL_200` eq "200\n");
my $pid = fork;
exit(golib_add(3, 4)) if !$pid;
waitpid $pid, 0;
check('a child', $? == 7 << 8);
$SIG{INT} = 'DEFAULT';
$pid = fork;
if (!$pid) { kill 'INT', $$; sleep 10; exit 1 }
waitpid $pid, 0;
check('a default action', $? == 2);
print "ok\n";
