#!/bin/sh
# test.sh - builds kvasir on Debian and runs its test-suite.
#
# Installs missing packages (as root or with sudo), bootstraps, configures and
# builds in build/, then runs "make check".  Ends with a line "N passed, N failed,
# N skipped" and exit status 1 if anything failed.
set -eu
cd "$(dirname "$0")"
. ./scripts/setup.sh

# How many of the results in the .trs files are $1.
count() {
    find build/tests -name '*.trs' -exec grep -hc "^:test-result: $1" {} + | awk '{ n += $1 } END { print n + 0 }'
}

show_failures() {
    find build/tests -name '*.trs' -exec grep -l '^:global-test-result: \(FAIL\|ERROR\|XPASS\)' {} + |
    while read -r trs; do
        say "---- ${trs%.trs}.log"
        tail -n 60 "${trs%.trs}.log" >&2
    done
}

setup
find build/tests -name '*.trs' -exec rm -f {} +
say "Testing"
status=0
make -C build --no-print-directory -k -j"$(nproc)" check >build/check.log 2>&1 || status=$?
failed=$(($(count FAIL) + $(count ERROR) + $(count XPASS)))
passed=$(($(count PASS) + $(count XFAIL)))
if [ "$status" -ne 0 ] || [ "$failed" -ne 0 ] || [ "$passed" -eq 0 ]; then
    show_failures
    [ "$failed" -ne 0 ] || tail -n 40 build/check.log >&2
    status=1
fi
echo "$passed passed, $failed failed, $(count SKIP) skipped"
exit "$status"
