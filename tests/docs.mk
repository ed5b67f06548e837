# Tests of what holds for the whole tree: layers, flags, manual, release, demonstration model.
docs_tests = tests/t-demo.sh tests/t-includes.sh tests/t-flags.sh tests/t-mandoc.sh tests/t-dist.sh
TESTS += $(docs_tests)
EXTRA_DIST += $(docs_tests) tests/tap.sh tests/t-help.sh tests/t-manual.sh tests/t-completion.sh scripts/setup.sh
