# C libraries with signal handlers of their own, in Go programs. Needs Debian's libgc-dev.

VICTIM_SECONDS ?= 300

.PHONY: victims

victims: all ## libgc collecting in a Go program, under a storm of signals (VICTIM_SECONDS)
	test/victims/run $(VICTIM_SECONDS)
