# The Go module for as long as one likes: goroutines in leaves, handles and arenas beside collections,
# growing stacks and profiling signals, and fuzzed handles.

.PHONY: soak-companion

COMPANION_SOAK := 600

soak: soak-companion
soak-companion: ## ten minutes of stress of the Go module; GOROOTS="…" says on which Go versions
	test/companion/soak $(COMPANION_SOAK) $(GOROOTS)

.PHONY: soak-callbacks
soak: soak-callbacks
soak-callbacks: bin/rcgo ## ten minutes of callbacks on the first and newest release of each Go; VERSIONS="…" names others
	test/companion/callback-soak $(COMPANION_SOAK) $(VERSIONS)

.PHONY: companion-sanitizers
companion-sanitizers: ## the Go module on every Go with the race detector, the checks of pointers and cgo's rules, and AddressSanitizer
	cd test && GOFLAGS=-buildvcs=false go test -count=1 -v -timeout 10h ./suites/companion -args -sanitizers
