#!/bin/sh
# Wrong calls: one sentence on standard error, nothing on standard output, status 2.
. "$top_srcdir/tests/tap.sh"
small_model
echo "A text." >a.txt
echo "1 2 3" >ids
mkdir -p config/kvasir

# wrong STATUS PATTERN COMMAND...: fails with STATUS and one line that matches, perhaps the usage behind it.
wrong() {
    expected=$1 pattern=$2
    shift 2
    "$@" >out 2>err </dev/null
    got=$?
    cat out err
    [ "$got" -eq "$expected" ] && [ ! -s out ] && head -n 1 err | grep -q -- "$pattern" &&
        [ "$(grep -vc '^usage: ' err)" -eq 1 ]
}

config() {
    printf '%s\n' "$1" >config/kvasir/kvasir.conf
    shift
    "$@"
    result=$?
    rm config/kvasir/kvasir.conf
    return $result
}

right() {
    "$@" >out 2>err </dev/null
    got=$?
    cat out err
    [ "$got" -eq 0 ] && [ -s out ]
}

no_command() {
    "$kvasir" >out 2>err
    [ $? -eq 2 ] && [ ! -s out ] && grep -q '^usage: kvasir COMMAND' err
}

help_of_all() {
    for command in $("$kvasir" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
        case $command in help | version) continue ;; esac
        "$kvasir" "$command" --help >out || return
        "$kvasir" help "$command" | cmp - out && grep -q "kvasir $command" out || return
    done
}

other_corpus() {
    "$kvasir" ingest -q --no-prefill -c here a.txt && wrong 2 'no corpus "nowhere"' "$kvasir" ask -q -c nowhere "Why?"
}

ids_on_input() {
    printf '1\n2\t3' | "$kvasir" logits --greedy 3 >a && "$kvasir" logits --greedy 3 ids >b && cmp a b &&
        [ "$(wc -w <a)" -eq 3 ]
}

raw_logits() {
    "$kvasir" logits --raw ids >raw && "$kvasir" logits ids >text &&
        [ "$(wc -c <raw)" -eq $((4 * $(wc -l <text))) ] && [ "$(wc -l <text)" -ge 256 ]
}

# A stream that is closed is not the next file that is opened: nothing goes there, and it is told.
closed_streams() {
    "$kvasir" text a.txt >&- 2>err
    [ $? -eq 4 ] && grep -q 'cannot write to standard output' err || return 1
    "$kvasir" text - <&- 2>err
    [ $? -eq 3 ] && grep -q 'standard input: Bad file descriptor' err || return 1
    "$kvasir" ask --max-tokens 4 "What?" a.txt >one 2>&- <&-
    "$kvasir" ask -q --max-tokens 4 "What?" a.txt >two
    [ -s one ] && cmp one two
}

documents_on_input() {
    "$kvasir" text - a.txt <a.txt >out && [ "$(grep -c 'A text' out)" -eq 2 ] &&
        "$kvasir" plan -q --only - <a.txt | grep -q '^1 document;'
}

# A corpus keeps where its documents lie.
ingest_input() {
    status 3 "$kvasir" ingest -q --no-prefill -c x - <a.txt && grep -q 'standard input: .*; save it to a file' err
}

# Ctrl-C while a pipe is slow.
interrupted_input() {
    mkfifo slow
    "$kvasir" ask "What?" - <slow 2>err &
    pid=$!
    exec 3>slow
    sleep 0.3
    # A shell's background ignores SIGINT.
    kill -TERM $pid
    wait $pid
    got=$?
    exec 3>&-
    cat err
    [ $got -eq 75 ] && grep -q '^kvasir ask: interrupted$' err && ! grep -q WARNING err
}

# HOME and the XDG variables count only if they are absolute.
relative_folders() {
    mkdir -p here home && cd here &&
        env -u KVASIR_CACHE_DIR XDG_CACHE_HOME=x HOME="$scratch/home" "$kvasir" cache status >../out && [ -z "$(ls)" ] &&
        grep -qF "$scratch/home/.cache/kvasir/kv.db" ../out &&
        env -u KVASIR_CACHE_DIR -u XDG_CACHE_HOME HOME=. "$kvasir" cache status >../out && [ -z "$(ls)" ] && grep -q ' /.*/kv.db' ../out
}

ok "no command: the list, on standard error" no_command
ok "help, version" eval 'right "$kvasir" help && right "$kvasir" --version && right "$kvasir" -h'
ok "help COMMAND is COMMAND --help" help_of_all
ok "a misspelt command: a suggestion" wrong 2 'did you mean "ask"' "$kvasir" aks
ok "an unknown command" wrong 2 'no command "frobnicate"' "$kvasir" frobnicate
ok "an unknown option" wrong 2 '--frob' "$kvasir" ask --frob "Why?" a.txt
ok "ask without a question" wrong 2 'question' "$kvasir" ask
ok "ask with an empty question" wrong 2 'question' "$kvasir" ask " " a.txt
ok "ask without documents" wrong 2 'no documents' "$kvasir" ask "Why?"
ok "ask a corpus when there is none" wrong 2 'no corpora' "$kvasir" ask -q -c nowhere "Why?"
ok "ask a corpus that is not there" other_corpus
ok "arguments behind -- may begin with -" wrong 3 '^kvasir ask: -x: ' "$kvasir" ask -q "Why?" -- -x
ok "only the first -- is taken away" wrong 3 '^kvasir ask: --: ' "$kvasir" ask -q -- "Why?" --
ok "ask with a bad KV type" wrong 2 'int8, f16, f32' "$kvasir" ask --kv int4 "Why?" a.txt
ok "ask with a bad set" wrong 2 'avx512' "$kvasir" ask --isa sse "Why?" a.txt
ok "ask with a bad number of threads" wrong 2 '-t' "$kvasir" ask -t -1 "Why?" a.txt
ok "ask with a bad temperature" wrong 2 'temperature' "$kvasir" ask --temperature=-1 "Why?" a.txt
ok "ask with a bad top-p" wrong 2 'top-p' "$kvasir" ask --top-p 0 "Why?" a.txt
ok "ask for no tokens" wrong 2 'max-tokens' "$kvasir" ask --max-tokens 0 "Why?" a.txt
ok "ask for a record where none can be written" wrong 4 'a folder that can' "$kvasir" ask --record nowhere/x "Why?" a.txt
ok "ask for a record that is a folder" wrong 4 'a folder that can' "$kvasir" ask --record "$scratch" "Why?" a.txt
ok "ask files for volumes" wrong 2 'only a corpus' "$kvasir" ask --all-volumes "Why?" a.txt
ok "ask a question that is not UTF-8" wrong 2 'UTF-8' "$kvasir" ask "$(printf 'a\377')" a.txt
ok "ingest without a corpus" wrong 2 'corpus' "$kvasir" ingest a.txt
ok "ingest without files" wrong 2 'nothing to ingest' "$kvasir" ingest -c x
ok "ingest from a pipe" ingest_input
ok "documents on standard input" documents_on_input
ok "interrupted while standard input is read" interrupted_input
ok "standard streams that are closed" closed_streams
ok "logits of words" wrong 3 'number 2' eval 'echo 1 two | "$kvasir" logits'
ok "logits of nothing" wrong 3 'no token ids' "$kvasir" logits
ok "logits of an id that is too large" wrong 2 'token id 99999' eval 'echo 99999 | "$kvasir" logits'
ok "logits of two files" wrong 2 'one file' "$kvasir" logits ids ids
ok "logits, ids on standard input" ids_on_input
ok "logits, raw and as text" raw_logits
ok "environment: relative folders are none" relative_folders
ok "environment: bad number of threads" wrong 2 'KVASIR_THREADS' env KVASIR_THREADS=many "$kvasir" logits ids
ok "environment: bad set" wrong 2 'KVASIR_ISA' env KVASIR_ISA=mmx "$kvasir" logits ids
ok "configuration: what it says is used" config "[kvasir]
threads = 1
kv = f32
isa = c
cache-limit = 40G" right "$kvasir" logits ids
ok "configuration: an unknown key" config "[kvasir]
modell = x" wrong 2 'kvasir.conf: there is no key "modell"' "$kvasir" logits ids
ok "configuration: an unknown group" config "[model]
path = x" wrong 2 'no group \[model\]' "$kvasir" logits ids
ok "configuration: a bad size" config "[kvasir]
cache-limit = much" wrong 2 'cache-limit: "much"' "$kvasir" logits ids
ok "configuration: not a key file" config "hello" wrong 2 'kvasir.conf' "$kvasir" logits ids
ok "configuration: the model, relative to the file" config "[kvasir]
model = nowhere.gguf" wrong 4 "$scratch/config/kvasir/nowhere.gguf" env -u KVASIR_MODEL "$kvasir" logits ids
finish
