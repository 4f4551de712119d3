# C libraries with signal handlers of their own, in Go programs. Needs Debian's libgc-dev,
# libedit-dev, python3-dev, php-dev, libphp-embed and default-jdk-headless.

VICTIM_SECONDS ?= 300

.PHONY: victims

victims: all ## libgc, libedit, CPython, PHP and a JVM in Go programs, under a storm of signals (VICTIM_SECONDS)
	test/victims/run $(VICTIM_SECONDS)
