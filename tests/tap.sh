# tap.sh - a few lines for shell tests that speak TAP; to be sourced.
#
#     ok TITLE COMMAND...     one test: passes if the command succeeds; its output, if not, is shown
#     skip_all REASON         ends the script as skipped
#     finish                  prints the plan; the last line of every script
#
# $scratch is an empty folder that goes when the script ends.  COMMAND runs in a
# subshell: what it sets is gone afterwards.
tap_count=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/kvasir-test.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

ok() {
    tap_title=$1
    shift
    tap_count=$((tap_count + 1))
    if ( "$@" ) >"$scratch/.output" 2>&1; then
        printf 'ok %s - %s\n' "$tap_count" "$tap_title"
    else
        printf 'not ok %s - %s\n' "$tap_count" "$tap_title"
        sed 's/^/# /' "$scratch/.output"
    fi
}

skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

finish() {
    echo "1..$tap_count"
}
