# Tests of cli: the program from outside.
cli_tests = tests/t-usage.sh tests/t-ask.sh tests/t-ingest.sh tests/t-resume.sh
TESTS += $(cli_tests)
EXTRA_DIST += $(cli_tests)
TESTS += tests/t-volumes.sh
EXTRA_DIST += tests/t-volumes.sh
TESTS += tests/t-search.sh
EXTRA_DIST += tests/t-search.sh
TESTS += tests/t-record.sh
EXTRA_DIST += tests/t-record.sh
TESTS += tests/t-model.sh tests/t-prepare.sh
EXTRA_DIST += tests/t-model.sh tests/t-prepare.sh
TESTS += tests/t-tokens.sh
EXTRA_DIST += tests/t-tokens.sh
TESTS += tests/t-bench.sh
EXTRA_DIST += tests/t-bench.sh
TESTS += tests/t-chat.sh
EXTRA_DIST += tests/t-chat.sh
