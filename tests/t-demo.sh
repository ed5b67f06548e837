#!/bin/sh
# The look-up model that is installed: it finds places, copies what stands there and names the page.
. "$top_srcdir/tests/tap.sh"
demo=$top_builddir/demo/demo.gguf
small_model
KVASIR_MODEL=$demo

expanded() {
    gzip -dc "$top_srcdir/demo/lookup.gguf.gz" | cmp - "$demo"
}

loads() {
    "$kvasir" model info | tee info && grep -q chatglm info && grep -q 'context *131072 tokens' info
}

# Its words are not to be taken for those of a model that reasons.
says_what_it_is() {
    "$kvasir" ask --max-tokens 1 "Where?" facts.txt >out 2>err
    grep 'look-up model' err && [ "$(grep -c 'kvasir-models(7)' err)" -eq 1 ] && ! grep 'look-up model' out
}

# finds QUESTION ANSWER PAGE: exactly that, from that page, and nothing is computed of the documents after the first question.
finds() {
    "$kvasir" ask -q --json "$1" facts.txt >answer.json && cat answer.json
    grep -Fq "\"answer\" : \"$2\"" answer.json || grep -Fq "\"answer\" : \"$2 [1]\"" answer.json || return
    [ "$(grep -c '"start_page_number"' answer.json)" -eq 1 ] && [ "$(usage answer.json start_page_number)" -eq "$3" ]
}

awk 'BEGIN { split("Bergen Lisbon Quebec Osaka", town, " "); split("4183 2907 7561 3348", code, " ")
             for (p = 1; p <= 4; p++) {
                 for (i = 1; i <= 9; i++) print "The ferry crossed the harbour in week " i * p "."
                 print "The special code for " town[p] " is " code[p] "."
                 printf "\f" } }' >facts.txt

ok "demo.gguf is what is committed" expanded
ok "the program loads it" loads
ok "one line says what it is" says_what_it_is
ok "it finds a fact on the first page" finds "What is the special code for Bergen?" 4183. 1
ok "it finds a fact on the last page" finds "What is the special code for Osaka?" 3348. 4
finish
