# What takes too long for `make test`: each part adds its target to soak's.

.PHONY: soak

soak: soak-cfi ## the tests that take hours
