#!/bin/sh
# Records of answers: ask --record, history, show, and verify, which finds each kind of difference.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
unset KVASIR_ISA KVASIR_THREADS
models=$top_srcdir/tests/data/models
KVASIR_MODEL=$models/tiny-a-q8_0.gguf
export KVASIR_MODEL
own_folders

# document NAME SENTENCES: a text file of that many sentences, all different.
document() {
    awk -v name="$1" -v n="$2" 'BEGIN { for (i = 1; i <= n; i++) print name " has line " i " of " n ".\n" }' >"$1.txt"
}

# The random model cites nothing: status 1 is the honest end.
ask() {
    status 1 "$kvasir" ask -q --max-tokens 12 "$@"
}

identical() {
    status 0 "$kvasir" verify -q "$@" && [ "$(cat out)" = identical ]
}

# differs PATTERN ARGUMENT...: verify finds what PATTERN says, and only that.
differs() {
    pattern=$1
    shift
    status 1 "$kvasir" verify -q "$@" && [ "$(wc -l <out)" -eq 1 ] && grep -q "$pattern" out
}

# edit FROM TO EXPRESSION: a record changed and sealed anew, as a forger would.
edit() {
    sed -e 's/,"sha256":"[0-9a-f]*"}$//' -e "$3" "$1" | tr -d '\n' >body &&
        ! { printf '%s' "$(sed 's/,"sha256":"[0-9a-f]*"}$//' "$1")" | cmp -s - body; } &&
        printf '%s,"sha256":"%s"}\n' "$(cat body)" "$(sha256sum <body | cut -d' ' -f1)" >"$2"
}

document alpha 40
document beta 20

written() {
    ask --record r.json "What is in line 7?" alpha.txt beta.txt && [ "$(wc -l <r.json)" -eq 1 ] &&
        [ "$(stat -c %a r.json)" = 600 ] && grep -q '"kvasir_record":2,.*"answer_ids":\[[0-9]' r.json
}

elsewhere() {
    ( mkdir -p other && cd other && "$kvasir" verify -q ../r.json ) >out && [ "$(cat out)" = identical ]
}

no_cache() {
    identical --no-cache r.json && identical -t 1 --isa c r.json
}

changed_document() {
    cp beta.txt beta.kept && sed -i s/7/8/ beta.txt && differs '^document 2, .*beta.txt, has changed$' r.json
    result=$?
    mv beta.kept beta.txt
    return $result
}

missing_document() {
    mv alpha.txt gone.txt && differs '^document 1 cannot be read: .*alpha.txt' r.json
    result=$?
    mv gone.txt alpha.txt
    return $result
}

missing_and_changed() {
    mv alpha.txt gone.txt && cp beta.txt beta.kept && sed -i s/7/8/ beta.txt && status 1 "$kvasir" verify -q r.json &&
        [ "$(wc -l <out)" -eq 2 ] && grep -q '^document 1 cannot be read: ' out && grep -q '^document 2, .*beta.txt, has changed$' out
    result=$?
    mv gone.txt alpha.txt
    mv beta.kept beta.txt
    return $result
}

# A name that stands in for the title counts; the folder does not.
files_named() {
    mkdir -p moved && cp alpha.txt beta.txt moved && identical r.json moved/alpha.txt moved/beta.txt &&
        differs '^document 2, .*beta.txt, is missing$' r.json moved/alpha.txt &&
        differs '^document 3, .*alpha.txt, is not in the record$' r.json alpha.txt beta.txt alpha.txt
}

other_order() {
    status 1 "$kvasir" verify -q r.json beta.txt alpha.txt && grep -q '^document 1 was .*alpha.txt; .*beta.txt' out &&
        grep -q '^document 2 was ' out
}

other_model() {
    for model in "$models"/tiny-*.gguf; do
        case $model in */tiny-a-q8_0.gguf) continue ;; esac
        status 1 "$kvasir" verify -q -m "$model" r.json && grep -q '^the model is another: ' out
        return
    done
    return 1
}

other_arithmetic() {
    differs '^the arithmetic is another: ' --precise r.json
}

# The KV type is the record's, unless another is asked for.
other_kv() {
    ask --record f16.json --kv f16 "What is in line 7?" alpha.txt beta.txt && identical f16.json &&
        differs '^the type of the KV cache is another: then f16, now int8$' --kv int8 f16.json
}

sampled() {
    ask --record s.json --temperature 2 --top-p 0.9 --seed 7 "Why?" beta.txt && identical s.json &&
        edit s.json s8.json 's/"seed":7/"seed":8/' && differs '^the answer differs from token [0-9]* on: then ' s8.json
}

other_system() {
    ask --record y.json --system "Be brief." "Why?" beta.txt && identical y.json &&
        edit y.json y2.json 's/Be brief/Be longer/' && differs '^the prompt is another: ' y2.json
}

other_question() {
    edit r.json q.json 's/line 7?/line 8?/' && differs '^the prompt is another: ' q.json
}

other_tokenizer() {
    edit r.json t.json 's/"tokenizer_hash":"......../"tokenizer_hash":"00000000/' &&
        differs '^the tokenizer is another: ' t.json
}

other_text() {
    edit r.json x.json 's/"answer":"/"answer":"No. /' && differs '^the text of the answer differs' x.json
}

other_token() {
    edit r.json i.json 's/"answer_ids":\[[0-9]*/"answer_ids":[5/' && differs '^the answer differs from token 1 on: ' i.json
}

other_citations() {
    edit r.json c.json 's/"citations":\[[^]]*\]/"citations":[{"document_title":"A","start_page_number":1,"end_page_number":2}]/' && differs '^the citations differ' c.json
}

# Every byte of a record counts: one is changed at a time, at places all over it.
flipped_bytes() {
    size=$(wc -c <r.json)
    at=0
    while [ "$at" -lt "$size" ]; do
        cp r.json flip.json
        byte=$(od -An -tu1 -j "$at" -N 1 r.json | tr -d ' ')
        # shellcheck disable=SC2059
        printf "\\$(printf %03o $((byte ^ 1)))" | dd of=flip.json bs=1 seek="$at" conv=notrunc 2>/dev/null
        "$kvasir" verify -q flip.json >out 2>err
        [ $? -eq 3 ] || { echo "byte $at"; cat out err; return 1; }
        at=$((at + 1 + size / 40))
    done
    head -c $((size - 1)) r.json >flip.json
    status 3 "$kvasir" verify flip.json && status 3 "$kvasir" verify alpha.txt && status 3 "$kvasir" verify none.json
}

newer_format() {
    edit r.json n.json 's/"kvasir_record":2/"kvasir_record":3/' && status 3 "$kvasir" verify n.json && grep -q newer err
}

standard_input() {
    "$kvasir" ask -q --max-tokens 4 --record stdin.json "Why?" - <beta.txt >/dev/null
    differs '^document 1 came from standard input' stdin.json
}

history() {
    rm -rf data && status 0 "$kvasir" history && [ ! -s out ] && status 2 "$kvasir" show 1 &&
        ask "What is in line 7?" alpha.txt beta.txt && ask --seed 3 "And
in line 8?" beta.txt || return
    status 0 "$kvasir" history && [ "$(wc -l <out)" -eq 2 ] && grep -q '^    2 .* And in line 8?$' out &&
        status 0 "$kvasir" history --json && grep -q '"number" : 2' out && status 0 "$kvasir" show 1 &&
        grep -q '^What is in line 7?$' out && grep -q 'alpha.txt$' out && identical 1 && identical 2
}

piped() {
    status 0 "$kvasir" verify -q - <r.json && grep -qx identical out && status 2 "$kvasir" verify -q - alpha.txt - <r.json &&
        grep -q 'not both' err && status 3 "$kvasir" verify nowhere.json && grep -q 'nowhere.json: No such file' err || return
    status 3 timeout 60 "$kvasir" verify /dev/zero && grep -q '/dev/zero: longer than' err
}

# Sealed like a right one: what nests without end, what is no text, a form and pages that nobody knows.
made_up() {
    edit r.json odd.json 's/"citations":\[.*\],"timings"/"citations":[{"document_title":"x","start_page_number":1,"end_page_number":2,"cited_text":{}}],"timings"/' &&
        status 3 "$kvasir" verify odd.json && grep -q 'odd.json: not a record' err || return
    edit r.json odd.json 's/"question":"/"question":"\\u0000/' && status 3 "$kvasir" verify odd.json || return
    awk 'BEGIN { for (i = 0; i < 200000; i++) printf "["; for (i = 0; i < 200000; i++) printf "]" }' >nest
    { sed 's/,"sha256":.*//' r.json | tr -d '\n'; printf ',"more":'; cat nest; } >body &&
        printf '%s,"sha256":"%s"}\n' "$(cat body)" "$(sha256sum <body | cut -d' ' -f1)" >odd.json || return
    status 3 "$kvasir" verify odd.json && grep -q 'odd.json: not a record' err || return
    edit r.json odd.json 's/"system":/"form":"rhyme","system":/' && status 3 "$kvasir" verify odd.json &&
        grep -q 'has the form "rhyme", which this program does not know' err || return
    edit r.json odd.json 's/"question":/"shown_pages":"1:900","question":/' && differs '^the documents do not have the pages' odd.json
}

shown_record() {
    "$kvasir" show --json 1 >shown.json && identical shown.json && status 2 "$kvasir" show 3 && status 2 "$kvasir" show x &&
        status 2 "$kvasir" verify 3
}

corpus() {
    "$kvasir" ingest -q --no-prefill -c both alpha.txt beta.txt && ask -c both "Which?" && identical 3 &&
        status 0 "$kvasir" history -c both && [ "$(wc -l <out)" -eq 1 ] && rm -rf elsewhere && mkdir elsewhere &&
        document gamma 5 && "$kvasir" ingest -q --no-prefill -c both gamma.txt &&
        differs '^document 3, .*gamma.txt, is not in the record$' 3 && identical 3 alpha.txt beta.txt &&
        "$kvasir" corpus remove both && differs '^the corpus both is missing' 3
}

# What is deleted is listed, the others keep their numbers, and the file does not have the words any more.
deleted() {
    rm -rf data
    for word in Alpha Beta Gamma Delta; do
        ask "Where is the unusual word $word$word?" beta.txt || return
    done
    printf 'One?\n' | "$kvasir" chat -q --max-tokens 2 beta.txt >chat.out || return
    "$kvasir" ingest -q --no-prefill -c some beta.txt && ask -c some "Of a corpus?" || return
    status 2 "$kvasir" history --delete 2 9 && grep -q 'no record 9' err && status 2 "$kvasir" history --delete &&
        status 2 "$kvasir" history --delete 1 --all && status 2 "$kvasir" history --delete x && status 2 "$kvasir" history --all &&
        status 2 "$kvasir" history --delete --before yesterday && status 2 "$kvasir" history --delete 2 5 &&
        grep -q "chat --delete 1" err && [ "$("$kvasir" history | wc -l)" -eq 6 ] || return 1
    status 0 "$kvasir" history --delete 2 3 2 && [ "$(wc -l <out)" -eq 2 ] && grep -q '^    2 .*BetaBeta' out &&
        grep -q '^kvasir: 2 answers deleted$' err && [ "$("$kvasir" history | wc -l)" -eq 4 ] &&
        status 2 "$kvasir" show 2 && status 0 "$kvasir" show 4 && ! grep -rqa 'BetaBeta' data || return 1
    status 0 "$kvasir" history --delete --before 2020-01-01 && [ ! -s out ] &&
        status 0 "$kvasir" history --delete --before 9999-01-01 -c some && grep -q 'Of a corpus' out && [ "$(wc -l <out)" -eq 1 ] &&
        status 0 "$kvasir" history --delete --all && [ "$(wc -l <out)" -eq 2 ] && grep -q '1 turn of conversations stays' err &&
        ! grep -rqa 'AlphaAlpha' data && [ "$("$kvasir" history | wc -l)" -eq 1 ]
}

switched_off() {
    rm -rf data && ask --no-history "Why?" beta.txt && [ ! -e data/catalogue.db ] && mkdir -p config/kvasir &&
        printf '[kvasir]\nhistory = false\n' >config/kvasir/kvasir.conf && ask "Why?" beta.txt && [ ! -e data/catalogue.db ] &&
        ask --record off.json "Why?" beta.txt && [ ! -e data/catalogue.db ] && identical off.json &&
        printf '[kvasir]\nhistory = no\n' >config/kvasir/kvasir.conf && status 2 "$kvasir" history
    result=$?
    rm -rf config
    return $result
}

# An answer is not lost because its record cannot be kept; a file that was asked for must be written.
cannot_write() {
    rm -rf data && : >data && ask "Why?" beta.txt && grep -q 'warning: .*; the answer is not in the history$' err &&
        [ -s out ] && rm data && status 4 "$kvasir" ask -q --max-tokens 4 --record none/r.json "Why?" beta.txt
}

# What is no file stays what it is, and a link stays a link.
no_file() {
    mkfifo pipe && { timeout 20 cat pipe >piped & } && ask --record pipe "What is in line 7?" beta.txt && wait && [ -p pipe ] &&
        identical piped && : >linked.json && ln -s linked.json link && ask --record link "Why?" beta.txt && [ -L link ] && identical linked.json &&
        rm linked.json && ask --record link "Why?" beta.txt && [ -L link ] && identical linked.json
}
# The file that standard output goes to keeps what is in it, and gets the record behind the answer.
standard_output() {
    echo "A log." >log
    "$kvasir" ask -q --max-tokens 8 --record /dev/stdout "What is in line 7?" beta.txt >>log 2>err
    got=$?
    cat err log
    [ $got -le 1 ] && [ "$(head -n 1 log)" = "A log." ] && [ "$(wc -l <log)" -ge 3 ] && tail -n 1 log >last && identical last
}

# Better known before the answer is computed.
not_there() {
    for name in nowhere/r.json . ""; do
        status 4 "$kvasir" ask -q --record "$name" "Why?" beta.txt && [ ! -s out ] && grep -q 'cannot be written' err || return
    done
}

ok "ask --record writes a record" written
ok "computed again it is identical" identical r.json
ok "and from another folder" elsewhere
ok "and without the cache, with one thread in plain C" no_cache
ok "a changed document is named" changed_document
ok "a missing document is named" missing_document
ok "a missing one and a changed one behind it" missing_and_changed
ok "files take the place of the recorded ones" files_named
ok "another order" other_order
ok "another model" other_model
ok "another arithmetic" other_arithmetic
ok "another KV type" other_kv
ok "sampling is repeated; another seed is found" sampled
ok "rules of the user's own" other_system
ok "another question" other_question
ok "another tokenizer" other_tokenizer
ok "another text of the answer" other_text
ok "other citations" other_citations
ok "another token of the answer" other_token
ok "a flipped byte is found, wherever it is" flipped_bytes
ok "a newer format is refused" newer_format
ok "standard input cannot be read again" standard_input
ok "the history lists, shows and verifies" history
ok "a record from standard input, and from what has no end" piped
ok "a record that is made up is refused with a sentence" made_up
ok "show --json gives the record" shown_record
ok "about a corpus" corpus
ok "answers of the history are deleted, and their bytes are gone" deleted
ok "the history can be switched off" switched_off
ok "a history or record that cannot be written" cannot_write
ok "a record into a pipe, and through a link" no_file
ok "a record on standard output" standard_output
ok "a record into no folder" not_there
finish
