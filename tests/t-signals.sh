#!/bin/sh
# Signals at every stage: the first ends the work at a safe point with status 75, and what was done is kept; what the caller ignores
# stays ignored.
. "$top_srcdir/tests/tap.sh"
env --default-signal=INT true 2>/dev/null || skip_all "env cannot set signals"
small_model
KVASIR_ISA=c KVASIR_THREADS=1
export KVASIR_ISA KVASIR_THREADS

awk 'BEGIN { for (i = 1; i <= 60; i++) print "Line " i " says " (i * 7919) % 1000 ".\n" }' >long.txt
echo "A short text." >short.txt
for i in $(seq 200); do echo "What does line $i say? All of it, word for word."; done >many.txt
mkdir tree
for i in $(seq 120); do echo "Document $i." >"tree/$i.txt"; done

# start COMMAND...: runs it in the background with signals as they are in a terminal; its number is $child.
start() {
    env --default-signal=INT,TERM,HUP,PIPE "$@" >out 2>err &
    child=$!
}

# Waits until COMMAND succeeds; not for ever.
until_true() {
    for i in $(seq 400); do
        "$@" 2>/dev/null && return 0
        kill -0 "$child" 2>/dev/null || return 1
        sleep 0.02
    done
    return 1
}

# ends STATUS: the child does.
ends() {
    wait "$child"
    got=$?
    cat out err
    [ "$got" -eq "$1" ] || { echo "exit status $got, not $1"; return 1; }
}

has_blocks() {
    "$kvasir" cache status --json | grep -q '"blocks":[1-9]'
}

lines() {
    [ "$(wc -l <"$1")" -ge "$2" ]
}

prefill() {
    rm -rf cache
    start "$kvasir" ask --max-tokens 1 --record record.json "Why?" long.txt
    until_true has_blocks && kill -"$1" "$child" && ends 75 || return 1
    grep -q '^kvasir: [1-9][0-9,]* of [0-9,]* prompt tokens are kept' err && [ ! -s out ] && [ ! -e record.json ]
}

# A closed terminal sends it twice.
hang_up_twice() {
    rm -rf cache
    start "$kvasir" ask --max-tokens 1 "Why?" long.txt
    until_true has_blocks && kill -HUP "$child" && kill -HUP "$child" && ends 75 && grep -q 'are kept.  To go on' err
}

ignored() {
    rm -rf cache
    env --ignore-signal="$1" "$kvasir" ask -q --max-tokens 1 "Why?" long.txt >out 2>err &
    child=$!
    until_true has_blocks && kill -"$1" "$child" && ends 1 && [ -s out ]
}

batch() {
    rm -f answers.jsonl
    start "$kvasir" ask --max-tokens 40 --group 2 --no-history --batch many.txt --output answers.jsonl short.txt
    until_true lines answers.jsonl 2 && kill -INT "$child" && ends 75 || return 1
    grep -q '^  kvasir ask .* --output answers.jsonl short.txt$' err && [ "$(tail -c 1 answers.jsonl | od -An -tx1)" = " 0a" ] &&
        ! lines answers.jsonl 200
}

some_documents() {
    "$kvasir" corpus list | grep -q '^tree  '
}

reading() {
    start "$kvasir" ingest --no-prefill -c tree tree
    until_true some_documents && kill -INT "$child" && ends 75 && grep -q '^  kvasir ingest --no-prefill -c tree tree$' err || return 1
    status 0 "$kvasir" ingest --no-prefill -c tree tree && grep -q '^tree: 120 documents (.* new, 0 changed, [1-9][0-9]* as before)$' out
}

# Without a terminal the signal is for all of the pipe.
chat() {
    rm -f answered input
    mkfifo input
    env --default-signal=INT,TERM,HUP "$kvasir" chat -q --max-tokens 2 short.txt <input >out 2>err &
    child=$!
    exec 9>input
    echo "Why?" >&9
    until_true test -s out && kill -"$1" "$child" && ends 75
    result=$?
    exec 9>&-
    return $result
}

verifying() {
    status 1 "$kvasir" ask -q --max-tokens 1 --record record.json "Why?" long.txt || return 1
    rm -rf cache
    start "$kvasir" verify record.json
    until_true has_blocks && kill -TERM "$child" && ends 75 && ! grep -q identical out || return 1
    status 0 "$kvasir" verify record.json && grep -q '^kvasir: [1-9][0-9,]* of .* read from the cache' err
}

# Questions from a pipe that nobody opens for writing.
waiting() {
    rm -f nobody
    mkfifo nobody
    start "$kvasir" ask --batch nobody short.txt
    sleep 0.5
    kill -INT "$child"
    ends 75
}

# Who reads no more wants no message either.
no_reader() {
    status 1 "$kvasir" ask -q --max-tokens 1 "Why?" short.txt || return 1
    { env --default-signal=PIPE "$kvasir" history 2>err; echo $? >ended; } | true
    cat err ended
    case $(cat ended) in 0 | 141) [ ! -s err ] ;; *) false ;; esac || return 1
    { sleep 0.3; env --ignore-signal=PIPE "$kvasir" history 2>err; echo $? >ended; } | true
    [ "$(cat ended)" -eq 4 ] && grep -q '^kvasir history: cannot write to standard output: Broken pipe$' err
}

for signal in INT TERM HUP; do
    ok "SIG$signal while the documents are computed" prefill $signal
    ok "SIG$signal in a chat" chat $signal
done
ok "SIGHUP twice is once" hang_up_twice
ok "SIGINT that is ignored stays so" ignored INT
ok "SIGHUP that is ignored stays so" ignored HUP
ok "a batch" batch
ok "reading documents" reading
ok "verify" verifying
ok "a pipe that is waited for" waiting
ok "a pipe that nobody reads" no_reader
finish
