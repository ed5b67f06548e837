#!/bin/sh
# kvasir search: what is found where, as documents come, change and go.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
own_folders

printf 'Title: none\n\nThe rate of learning is 0.003.\n\fThe second page tells of turbines.\n' >one.txt
printf '# Power\n\n# Wind\n\nTurbines turn.\n\n# Water\n\nA turbine in a river. 水轮机也转。\n' >two.md

no_corpora() {
    status 2 "$kvasir" search turbine && grep -q 'no corpora yet' err
}

finds() {
    "$kvasir" ingest -q --no-prefill -c energy one.txt two.md >/dev/null &&
        status 0 "$kvasir" search turbine && [ "$(wc -l <out)" -eq 3 ] && grep -qx 'one.txt, p. 2: .*turbines\.' out ||
        { cat out; return 1; }
}

chinese() {
    status 0 "$kvasir" search 水轮机 && [ "$(wc -l <out)" -eq 1 ] && grep -q 'section "Water"' out
}

all_words() {
    status 1 "$kvasir" search turbine learning && status 0 "$kvasir" search --any turbine learning &&
        [ "$(wc -l <out)" -eq 4 ] && status 0 "$kvasir" search --any -n 1 turbine learning && [ "$(wc -l <out)" -eq 1 ]
}

json() {
    status 0 "$kvasir" search --json learning && grep -q '"page_number":1' out && grep -q '"corpus":"energy"' out &&
        grep -q '"path":"[^"]*/one.txt"' out && grep -q '"place":"p. 1"' out && grep -q '"matches":\[[0-9]*,[0-9]*\]' out
}

usage() {
    status 2 "$kvasir" search && status 2 "$kvasir" search '***' && status 2 "$kvasir" search -n 0 x &&
        status 2 "$kvasir" search -c none x && grep -q 'no corpus "none"' err
}

# A changed document is found by its new words only.
changed() {
    printf 'Title: none\n\nThe rate of forgetting.\n' >one.txt
    "$kvasir" ingest -q --no-prefill --reread -c energy one.txt >/dev/null
    status 0 "$kvasir" search forgetting && status 1 "$kvasir" search learning
}

two_corpora() {
    "$kvasir" ingest -q --no-prefill -c other two.md >/dev/null
    status 0 "$kvasir" search wind && [ "$(wc -l <out)" -eq 1 ] && grep -q '^energy: ' out &&
        status 0 "$kvasir" search -c other wind && ! grep -q '^other: ' out
}

# The texts of a removed corpus leave the index at once.
removed() {
    "$kvasir" corpus remove energy && status 1 "$kvasir" search forgetting && status 0 "$kvasir" search wind &&
        ! grep -aqi forget "$KVASIR_CACHE_DIR"/search.db*
}

private() {
    [ "$(stat -c %a "$KVASIR_CACHE_DIR/search.db")" = 600 ]
}

# A damaged index is told, with the remedy, and that works.
rebuilt() {
    printf 'not a database, but long enough to be looked at' >"$KVASIR_CACHE_DIR/search.db"
    status 4 "$kvasir" search wind && status 0 "$kvasir" search --rebuild wind && [ "$(wc -l <out)" -eq 1 ]
}

bold() {
    for term in xterm dumb; do
        TERM=$term script -qec "$kvasir search wind" /dev/null </dev/null >$term || return 1
    done
    esc=$(printf '\033')
    NO_COLOR=1 TERM=xterm script -qec "$kvasir search wind" /dev/null </dev/null >plain || return 1
    NO_COLOR= TERM=xterm script -qec "$kvasir search wind" /dev/null </dev/null >empty || return 1
    grep -q "${esc}\[1m[Ww]ind${esc}\[0m" xterm && grep -q '[Ww]ind' dumb && ! grep -q "$esc" dumb &&
        grep -q '[Ww]ind' plain && ! grep -q "$esc" plain && cmp xterm empty
}

ok "without corpora: a sentence" no_corpora
ok "pages that hold a word or its other forms" finds
ok "Chinese" chinese
ok "all words, any word, at most so many" all_words
ok "JSON" json
ok "wrong usage" usage
ok "a changed document" changed
ok "a document of two corpora is found once" two_corpora
ok "a removed corpus" removed
ok "only its owner can read the index" private
if command -v script >/dev/null; then
    ok "words stand out on a terminal that can" bold
else
    skip "words on a terminal" "no script(1)"
fi
ok "a damaged index is made again" rebuilt
finish
