#!/bin/sh
# kvasir ask --why, chat's /why, show --why, model calibrate: what an answer's sentences looked at.
. "$top_srcdir/tests/tap.sh"
small_model

awk 'BEGIN { for (p = 1; p <= 4; p++) { for (i = 1; i <= 12; i++) print "Page " p " has line " i " here."; printf "\f" } }' >notes.txt

# With heads that are not calibrated, it is a hint and says so.
shows() {
    "$kvasir" ask -q --why --max-tokens 12 "What is in line 7?" notes.txt >out
    [ $? -le 1 ] && grep -q '^Why, by attention (heads not calibrated' out &&
        grep -Eq '^ +[0-9]+%  notes.txt, p. [1-4]: Page' out
}

json() {
    "$kvasir" ask -q --json --why --max-tokens 12 "What is in line 7?" notes.txt >why.json
    [ $? -le 1 ] && tr -d ' \n' <why.json | grep -q '"why":{"calibrated":false,"heads":[0-9]*,"sentences":\[{"text":'
}

# The answer is the same with and without, cold and warm.
same_answer() {
    "$kvasir" ask -q --json --max-tokens 12 --no-cache "What is in line 7?" notes.txt >plain.json
    [ $? -le 1 ] && ! grep -q '"why"' plain.json && grep '"answer"' plain.json >a && grep '"answer"' why.json | cmp - a
}

# The prefix was read back: nothing is computed for the sake of --why.
nothing_computed() {
    "$kvasir" ask -q --json --why --max-tokens 12 "What is in line 7?" notes.txt >again.json
    [ $? -le 1 ] && [ "$(usage again.json cache_read_tokens)" -gt 256 ] &&
        sed -n '/"why"/,/"stop_reason"/p' why.json >x && sed -n '/"why"/,/"stop_reason"/p' again.json | cmp - x
}

in_the_record() {
    "$kvasir" show --why 1 >shown && grep -q '^Why, by attention' shown &&
        "$kvasir" show 1 >shown && ! grep -q '^Why' shown && "$kvasir" verify -q 1
}

in_chat() {
    printf 'What is in line 7?\n/why\n' | "$kvasir" chat -q --max-tokens 12 notes.txt >out && grep -q '^Why, by attention' out
}

# The form of LongCite: another prompt, recorded and computed again in it.
longcite() {
    "$kvasir" ask -q --longcite --json --max-tokens 8 "What is in line 7?" notes.txt >long.json
    [ $? -le 1 ] && [ "$(usage long.json prompt_tokens)" -ne "$(usage why.json prompt_tokens)" ] || return
    n=$("$kvasir" history | sed -n '$s/^ *\([0-9]*\) .*/\1/p')
    "$kvasir" show --json "$n" | grep -q '"form":"longcite"' && "$kvasir" verify -q "$n"
}

no_such_heads() {
    status 4 "$kvasir" model calibrate && grep -q 'no attention heads of this model' err && [ ! -s out ]
}

damaged_heads() {
    print=$("$kvasir" model info --json | sed 's/.*"fingerprint":"\([0-9a-f]\{32\}\).*/\1/')
    echo '{"kvasir_heads":1}' >"$KVASIR_CACHE_DIR/heads-$print.json"
    "$kvasir" ask -q --why --max-tokens 4 "Why?" notes.txt >out 2>err
    [ $? -le 1 ] && grep -q 'calibrate' err && grep -q 'not calibrated' out && rm "$KVASIR_CACHE_DIR/heads-$print.json"
}

# A model that finds things looks at where they stand: the page that is cited is among those looked at.
finds() {
    KVASIR_MODEL=$top_builddir/demo/demo.gguf
    awk 'BEGIN { split("Bergen Lisbon Quebec Nairobi Osaka Tallinn", town, " ")
                 for (p = 1; p <= 6; p++) { for (i = 1; i <= 9; i++) print "The ferry crossed the harbour in week " i * p ".";
                     print "The special code for " town[p] " is " 1000 + p * 611 "."; printf "\f" } }' >codes.txt
    right=0
    for p in 1 2 3 4 5 6; do
        town=$(echo Bergen Lisbon Quebec Nairobi Osaka Tallinn | cut -d' ' -f$p)
        "$kvasir" ask -q --why "What is the special code for $town?" codes.txt >out
        cat out
        head -n 1 out | grep -q "^$((1000 + p * 611))\." && sed -n '/^Why/,$p' out | grep '%' | grep -q "p. $p: .*$town" &&
            right=$((right + 1))
    done
    echo "$right of 6 pages named"
    [ "$right" -ge 5 ]
}

ok "--why shows pages and passages of each sentence" shows
ok "--json has them" json
ok "the answer is the same" same_answer
ok "a warm prefix gives the same pages" nothing_computed
ok "show --why takes them from the record" in_the_record
ok "/why shows them in a chat" in_chat
ok "--longcite asks in that form, and verify does" longcite
ok "a model of random weights has no such heads" no_such_heads
ok "a damaged file of heads is told" damaged_heads
ok "the look-up model answers from the pages that it looks at" finds
finish
