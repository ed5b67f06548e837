#!/bin/sh
# kvasir ask --quote: the answer is passages of the documents, with any model.
. "$top_srcdir/tests/tap.sh"
small_model

awk 'BEGIN { for (i = 1; i <= 30; i++) print "Line " i " of the document says " (i * 7919) % 1000 " and nothing else.\n" }' >doc.txt

# What stands in the blocks of an answer is in the document, and a page stands behind it.
words() {
    status 0 "$kvasir" ask -q --quote --max-tokens 200 "What does line 7 say?" doc.txt && cp out answer.txt &&
        sed -n 's/^> //p' out >blocks && [ -s blocks ] && grep -q '^\[1\]$' out && grep -q '^\[1\] doc.txt, p. 1$' out || return 1
    while read -r line; do
        grep -qF -- "$line" doc.txt || return 1
    done <blocks
}

json() {
    status 0 "$kvasir" ask -q --json --quote --max-tokens 200 "What does line 7 say?" doc.txt || return 1
    grep -c '"status" : "verified"' out
    [ "$(grep -c '"status" : "verified"' out)" -ge 1 ] && ! grep -E '"status" : "(repaired|misattributed|not_found)"' out &&
        [ "$(grep -c '"text" : "Line' out)" -eq "$(grep -c '"status" : "verified"' out)" ]
}

same() {
    for options in "--no-drafts" "--isa c" "-t 1"; do
        # shellcheck disable=SC2086
        status 0 "$kvasir" ask -q --quote --max-tokens 200 $options "What does line 7 say?" doc.txt && cmp out answer.txt || return 1
    done
}

sampled() {
    for seed in 1 2 3; do
        status 0 "$kvasir" ask -q --json --quote --temperature 4 --seed $seed --max-tokens 150 "Why?" doc.txt &&
            grep -q '"status" : "verified"' out && ! grep -E '"status" : "(repaired|misattributed|not_found)"' out || return 1
    done
}

batch() {
    printf 'What does line 7 say?\nWhy?\n' >questions.txt
    status 0 "$kvasir" ask -q --quote --max-tokens 200 --batch questions.txt doc.txt && [ "$(wc -l <out)" -eq 2 ] || return 1
    text=$(sed -n 's/^{"id":1,.*"answer":"\([^"]*\)".*/\1/p' out)
    [ "$(printf '%b' "$text")" = "$(sed '/^\[1\] doc/,$d' answer.txt)" ] && [ "$(grep -c '"status":"verified"' out)" -eq 2 ]
}

volumes() {
    status 0 "$kvasir" ingest -q -c lines --volume-tokens 5000 doc.txt || return 1
    awk 'BEGIN { for (i = 1; i <= 60; i++) print "The apple of line " i " is red in this document.\n" }' >apple.txt
    status 0 "$kvasir" ingest -q -c lines apple.txt &&
        status 0 "$kvasir" ask -q --quote --max-tokens 60 --all-volumes -c lines "The apple?" && grep -q '^> ' out
}

verified() {
    status 0 "$kvasir" verify -q 1 && grep -q '^identical$' out
}

ok "passages of the document, and their pages" words
ok "a record of them is computed again" verified
ok "in JSON all of them are verified" json
ok "the same without drafts, in plain C, with one thread" same
ok "sampled, they are verified as well" sampled
ok "in a batch" batch
ok "from volumes" volumes
finish
