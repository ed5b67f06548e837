# tap.sh - a few lines for shell tests that speak TAP; to be sourced.
#
#     ok TITLE COMMAND...     one test: passes if the command succeeds; its output, if not, is shown
#     skip TITLE REASON       one test that cannot run here
#     skip_all REASON         ends the script as skipped
#     finish                  prints the plan; the last line of every script
#
#     own_folders             $scratch becomes the working folder; configuration, cache and data lie in it
#     small_model             the same; $kvasir is the program, with a small model of the test data and its own choice of arithmetic
#     status N COMMAND...     succeeds if the command ends with status N; its output is in the files out and err
#     usage FILE NAME         the number that a member of the JSON in FILE has
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

skip() {
    tap_count=$((tap_count + 1))
    printf 'ok %s - %s # SKIP %s\n' "$tap_count" "$1" "$2"
}

skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

finish() {
    echo "1..$tap_count"
}

own_folders() {
    XDG_CONFIG_HOME=$scratch/config KVASIR_CACHE_DIR=$scratch/cache KVASIR_DATA_DIR=$scratch/data
    export XDG_CONFIG_HOME KVASIR_CACHE_DIR KVASIR_DATA_DIR
    cd "$scratch" || exit 1
}

small_model() {
    kvasir=$top_builddir/kvasir
    unset KVASIR_ISA KVASIR_THREADS
    KVASIR_MODEL=$top_srcdir/tests/data/models/tiny-a-q8_0.gguf
    export KVASIR_MODEL
    own_folders
}

status() {
    expected=$1
    shift
    "$@" >out 2>err
    got=$?
    cat out err
    [ "$got" -eq "$expected" ] || { echo "exit status $got, not $expected"; return 1; }
}

usage() {
    sed -n "s/.*\"$2\" : \([0-9]*\),\{0,1\}\$/\1/p" "$1"
}
