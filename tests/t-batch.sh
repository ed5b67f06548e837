#!/bin/sh
# kvasir ask --batch: each answer is that of a single question, in the order of the questions; resumed after kill -9.
. "$top_srcdir/tests/tap.sh"
small_model

awk 'BEGIN { for (i = 1; i <= 40; i++) print "Line " i " of the document says " (i * 7919) % 1000 ".\n" }' >doc.txt
cat >questions.jsonl <<'END'
{"id": "first", "question": "What does line 7 say?"}
{"id": 12, "question": "Und was steht in Zeile 9 — „genau“?"}
this is no JSON
{"question": "What does line 30 say, and what do all of the lines before it say?"}

{"id": 5, "question": {"of": "another kind"}}
{"id": "x", "query": "no question"}
{"id": "last", "question": "第五行说了什么？"}
END
cat >plain.txt <<'END'
What does line 7 say?

Und was steht in Zeile 9 — „genau“?
What does line 30 say, and what do all of the lines before it say?
第五行说了什么？
Why?
END

# What an answer is, without what it cost: of a line of a batch, or of the JSON of a single question.
essence() {
    python3 -c '
import json, sys
text = sys.stdin.read()
for part in [text] if sys.argv[1] == "one" else text.splitlines():
    answer = json.loads(part)
    answer.pop("timings", None)
    answer.pop("id", None)
    answer.pop("manifest_hash", None)
    usage = answer.pop("usage", {})
    answer["tokens"] = [usage.get(n) for n in ("prompt_tokens", "output_tokens")]
    print(json.dumps(answer, sort_keys=True, ensure_ascii=False))' "$1"
}

# ids FILE: the ids in it, in a row.
ids() {
    sed 's/^{"id":\([^,]*\),.*/\1/' "$1" | tr '\n' ' '
}

# same_as_single GROUPS [OPTION...]: every answer, also when few stand beside it and the next takes the place of one that ended.
same_as_single() {
    groups=$1
    shift
    rm -f single
    grep . plain.txt | while read -r question; do
        "$kvasir" ask -q --json --no-history --max-tokens 30 "$@" "$question" doc.txt | essence one >>single
    done
    for group in $groups; do
        status 1 "$kvasir" ask -q --no-history --max-tokens 30 --group $group "$@" --batch plain.txt doc.txt || return 1
        [ "$(ids out)" = "1 3 4 5 6 " ] || return 1
        essence many <out >batch && [ "$(wc -l <single)" -eq 5 ] && cmp single batch || return 1
    done
}

bad_lines() {
    status 3 "$kvasir" ask --max-tokens 6 --batch questions.jsonl doc.txt || return 1
    [ "$(ids out)" = '"first" 12 3 4 5 "x" "last" ' ] && [ "$(grep -c '"answer"' out)" -eq 4 ] &&
        sed -n 3p out | grep -q '"line":3,"error":"the line: is not valid JSON: ' &&
        sed -n 6p out | grep -q '"line":7,"error":"the object has no text' &&
        grep -q '^kvasir ask: question 3: ' err && grep -q '^kvasir: 4 of 7 questions are answered; 3 could not be asked; ' err
}

# What would otherwise be asked, or answered, as something else.
cut_and_changed() {
    printf '{"id": 1, "question": "Why\\u0000not?"}\n{"id": 99999999999999999999, "question": "Why?"}\n' >odd.jsonl
    printf '{"id": "\\\\u0000", "question": "Why?"}\n{"id": 9223372036854775807, "question": "Why?"}\n' >>odd.jsonl
    status 3 "$kvasir" ask -q --no-history --max-tokens 2 --batch odd.jsonl doc.txt &&
        [ "$(ids out)" = '1 2 "\\u0000" 9223372036854775807 ' ] && [ "$(grep -c '"answer"' out)" -eq 2 ] &&
        sed -n 1p out | grep -q 'has the character NUL' && sed -n 2p out | grep -q 'a number is too large'
}

too_long() {
    awk 'BEGIN { printf "Why?\n"; for (i = 0; i < 140000; i++) printf "w%d ", i % 1000; printf "\nWho?\n" }' >long.txt
    status 3 "$kvasir" ask -q --max-tokens 2 --batch long.txt doc.txt && [ "$(ids out)" = "1 2 3 " ] &&
        [ "$(grep -c '"answer"' out)" -eq 2 ] && sed -n 2p out | grep -q '"error":"the prompt has .* tokens'
}

standard_input() {
    status 1 "$kvasir" ask -q --max-tokens 3 --batch - doc.txt <plain.txt && [ "$(wc -l <out)" -eq 5 ] &&
        status 2 "$kvasir" ask -q --batch - - </dev/null && grep -q 'not both' err
}

history() {
    rm -rf data
    status 1 "$kvasir" ask -q --max-tokens 3 --batch plain.txt doc.txt && status 0 "$kvasir" history &&
        [ "$(wc -l <out)" -eq 5 ] && tail -n 1 out | grep -q '  Why?$' &&
        status 0 "$kvasir" verify -q 2 && grep -q '^identical$' out
}

# The answers are there all the same.
no_history() {
    rm -rf data && mkdir data && echo "no catalogue, but a text of some length" >data/catalogue.db || return 1
    status 1 "$kvasir" ask -q --max-tokens 3 --batch plain.txt doc.txt && [ "$(wc -l <out)" -eq 5 ] &&
        grep -q 'warning: .*; 5 answers are not in the history$' err
    result=$?
    rm -rf data
    return $result
}

# What stays of an interrupted run is whole lines; the next run ends with the same file.
killed() {
    rm -f all.jsonl part.jsonl
    for i in $(seq 1 24); do echo "What does line $i say? Give all of it, word for word."; done >many.txt
    "$kvasir" ask -q --no-history --max-tokens 60 --output all.jsonl --batch many.txt doc.txt || [ $? -eq 1 ] || return 1
    [ "$(wc -l <all.jsonl)" -eq 24 ] || return 1
    for lines in 2 5; do
        "$kvasir" ask -q --no-history --max-tokens 60 --group 1 --output part.jsonl --batch many.txt doc.txt 2>/dev/null &
        pid=$!
        while [ "$(wc -l <part.jsonl 2>/dev/null || echo 0)" -lt $lines ] && kill -0 $pid; do sleep 0.02; done
        kill -9 $pid
        wait $pid
        wc -l part.jsonl
        [ "$(tail -c 1 part.jsonl | od -An -tx1)" = " 0a" ] || return 1
    done
    [ "$(wc -l <part.jsonl)" -lt 24 ] || return 1
    printf '{"id":7,"questi' >>part.jsonl
    "$kvasir" ask --no-history --max-tokens 60 --output part.jsonl --batch many.txt doc.txt 2>err
    grep -q 'of them before' err && [ "$(ids part.jsonl)" = "$(ids all.jsonl)" ] || return 1
    essence many <all.jsonl >all && essence many <part.jsonl >part && cmp all part
}

complete() {
    cp all.jsonl again.jsonl
    status 0 "$kvasir" ask -m nowhere.gguf --output again.jsonl --batch many.txt doc.txt && cmp all.jsonl again.jsonl &&
        grep -q '24 of 24 questions are answered, 24 of them before' err
}

# A file of something else stays as it is.
foreign() {
    printf 'My thesis\nin two lines' >thesis.txt
    cp thesis.txt copy.txt
    status 2 "$kvasir" ask -q --output thesis.txt --batch plain.txt doc.txt && grep -q 'thesis.txt, line 1: ' err && cmp thesis.txt copy.txt ||
        return 1
    printf 'one line, no end' >thesis.txt
    cp thesis.txt copy.txt
    status 2 "$kvasir" ask -q --output thesis.txt --batch plain.txt doc.txt && grep -q 'thesis.txt ends' err && cmp thesis.txt copy.txt ||
        return 1
    printf '{"id":1,"question":"Why?"}' >one.jsonl
    cp one.jsonl copy.jsonl
    status 2 "$kvasir" ask -q --output one.jsonl --batch one.jsonl doc.txt && cmp one.jsonl copy.jsonl || return 1
    mkfifo pipe
    status 2 timeout 20 "$kvasir" ask -q --output pipe --batch plain.txt doc.txt && grep -q 'pipe is not a regular file' err || return 1
    sed 's/line 2 say/line 3 say/' many.txt >other.txt
    status 2 "$kvasir" ask -q --output all.jsonl --batch other.txt doc.txt && grep -q 'all.jsonl, line 2 answers another question' err
}

# The documents have changed behind the first answers: nothing is mixed unless that is said.
changed_documents() {
    rm -rf data && cp doc.txt fruit.txt && "$kvasir" ingest -q --no-prefill -c doc fruit.txt || return 1
    head -n 3 plain.txt >first.txt
    status 1 "$kvasir" ask -q --max-tokens 3 --output mixed.jsonl -c doc --batch first.txt && [ "$(wc -l <mixed.jsonl)" -eq 2 ] || return 1
    echo "One line more." >>fruit.txt && "$kvasir" ingest -q --no-prefill -c doc fruit.txt && cp mixed.jsonl copy.jsonl || return 1
    for questions in plain.txt first.txt; do
        status 2 "$kvasir" ask -q --max-tokens 3 --output mixed.jsonl -c doc --batch $questions &&
            grep -q 'mixed.jsonl, line 1 was answered from other documents than these; name another file .* --mixed' err &&
            cmp mixed.jsonl copy.jsonl || return 1
    done
    status 1 "$kvasir" ask -q --max-tokens 3 --mixed --output mixed.jsonl -c doc --batch plain.txt && [ "$(ids mixed.jsonl)" = "1 3 4 5 6 " ] &&
        grep -q 'warning: mixed.jsonl, line 1 was answered from other documents than these, 1 more likewise' err &&
        [ "$(grep -o '"manifest_hash":"[0-9a-f]*"' mixed.jsonl | uniq | wc -l)" -eq 2 ] || return 1
    # Another name makes no other document.
    cp fruit.txt same.txt || return 1
    status 1 "$kvasir" ask -q --max-tokens 3 --output named.jsonl --batch first.txt fruit.txt &&
        status 1 "$kvasir" ask -q --max-tokens 3 --output named.jsonl --batch plain.txt same.txt || return 1
    sed -i 's/"model":"[^"]*"/"model":"another"/' named.jsonl && sed -i '$d' named.jsonl &&
        status 2 "$kvasir" ask -q --max-tokens 3 --output named.jsonl --batch plain.txt same.txt &&
        grep -q 'named.jsonl, line 1 was answered by another, not by ' err
}

interrupted() {
    rm -f part.jsonl
    "$kvasir" ask --no-history --max-tokens 60 --group 1 --output part.jsonl --batch many.txt doc.txt >out 2>err &
    pid=$!
    while [ "$(wc -l <part.jsonl 2>/dev/null || echo 0)" -lt 2 ] && kill -0 $pid; do sleep 0.02; done
    kill -TERM $pid
    wait $pid
    [ $? -eq 75 ] && cat err && grep -q 'of 24 questions are answered' err && grep -q -- '--output part.jsonl --batch many.txt' err &&
        [ "$(tail -c 1 part.jsonl | od -An -tx1)" = " 0a" ]
}

volumes() {
    for word in apple banana cherry; do
        awk -v word=$word 'BEGIN { for (i = 1; i <= 20; i++) print "Line " i " is about the " word ".\n" }' >$word.txt
    done
    "$kvasir" ingest -q -c fruit --volume-tokens 600 apple.txt banana.txt cherry.txt || return 1
    printf 'Which line has the cherry?\nzzzz\nThe apple?\n' >fruit.txt
    status 3 "$kvasir" ask -q --max-tokens 3 --volumes 1 -c fruit --batch fruit.txt && [ "$(ids out)" = "1 2 3 " ] || return 1
    sed -n 2p out | grep -q '"error":"no word of the question' && sed -n 1p out | essence many >batch &&
        "$kvasir" ask -q --json --max-tokens 3 --volumes 1 -c fruit "Which line has the cherry?" | essence one >single
    cmp single batch
}

wrong_usage() {
    : >empty.txt
    status 2 "$kvasir" ask --batch plain.txt && grep -q 'no documents' err && status 2 "$kvasir" ask --output x "Why?" doc.txt &&
        status 2 "$kvasir" ask --group 17 --batch plain.txt doc.txt && status 2 "$kvasir" ask --batch empty.txt doc.txt &&
        grep -q 'empty.txt: there is no question' err && status 3 "$kvasir" ask --batch nowhere.txt doc.txt &&
        status 2 "$kvasir" ask --record r --batch plain.txt doc.txt &&
        status 2 "$kvasir" ask --mixed --batch plain.txt doc.txt && grep -q -- '--mixed is for an --output' err
}

full_disk() {
    [ -c /dev/full ] || return 0
    "$kvasir" ask -q --max-tokens 4 --batch plain.txt doc.txt >/dev/full 2>err
    [ $? -eq 4 ] && grep -q 'cannot write to standard output' err
}

if command -v python3 >/dev/null; then
    ok "each answer is that of a single question" same_as_single "1 3 8"
    ok "the same without drafts" same_as_single 3 --no-drafts
    ok "the same with plain C" same_as_single 3 --isa c
    ok "the same with what attention says" same_as_single 3 --why
    ok "the same in full precision" same_as_single 3 --isa blas
    ok "the same with sampling" same_as_single 3 --temperature 0.9 --top-p 0.9 --seed 4
    ok "killed and taken up again, the file is that of one run" killed
    ok "corpora in volumes: one question after the other" volumes
else
    skip "answers of a batch" "no python3"
fi
ok "a line that is no question gets an error, the others an answer" bad_lines
ok "so does one whose text or id JSON would change" cut_and_changed
ok "so does a question that is too long" too_long
ok "questions from standard input" standard_input
ok "the history has each answer, and verify computes it alone" history
ok "a history that cannot be written is a warning" no_history
if command -v python3 >/dev/null; then
    ok "a complete file costs nothing, not even a model" complete
    ok "a file of something else is left as it is" foreign
    ok "answers from other documents are not mixed with new ones" changed_documents
    ok "SIGTERM: whole lines, and the command that goes on" interrupted
fi
ok "wrong usage" wrong_usage
ok "a full disk" full_disk
finish
