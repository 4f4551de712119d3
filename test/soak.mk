# What takes too long for `make test`: each part adds its target to soak's.

.PHONY: soak

soak: soak-cfi soak-symbolize ## the tests that take hours
