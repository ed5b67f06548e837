# Tests of what holds for the whole tree: layers, flags, manual, release, look-up model.
docs_tests = tests/t-completion.sh tests/t-demo.sh tests/t-dist.sh tests/t-flags.sh \
	tests/t-help.sh tests/t-includes.sh tests/t-mandoc.sh tests/t-manual.sh
TESTS += $(docs_tests)
EXTRA_DIST += $(docs_tests) tests/tap.sh scripts/setup.sh
