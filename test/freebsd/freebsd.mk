# FreeBSD: what can be proved of it on Linux. See doc/freebsd.md.

.PHONY: freebsd
freebsd: ## compile all C for FreeBSD, with the headers in RCGO_FREEBSD_SYSROOT
	test/freebsd/compile
