# Test machines: Debian's real kernels under qemu-system, with programs that are built here. Logs are in
# build/vm/MACHINE/logs, and the last lines are a table. VM_SUITES chooses suites (test/vm/run -help).

.PHONY: vm-arm64 vm-arm64-16k

vm-arm64: all ## all suites on a real arm64 kernel
	test/vm/run arm64 $(VM_SUITES)

vm-arm64-16k: all ## the same with pages of 16 KB
	test/vm/run arm64-16k $(VM_SUITES)
