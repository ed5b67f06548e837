# Tests of what holds for the whole tree: layers, flags, man pages, demonstration model.
TESTS += tests/t-demo.sh tests/t-includes.sh tests/t-flags.sh
EXTRA_DIST += tests/tap.sh tests/t-demo.sh tests/t-includes.sh tests/t-flags.sh
