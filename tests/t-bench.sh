#!/bin/sh
# kvasir bench and kvasir plan: that they report what their pages say.  No figure is judged.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
unset KVASIR_ISA KVASIR_THREADS
KVASIR_MODEL=$top_srcdir/tests/data/models/tiny-a-q8_0.gguf
XDG_CONFIG_HOME=$scratch/config KVASIR_CACHE_DIR=$scratch/cache KVASIR_DATA_DIR=$scratch/data TMPDIR=$scratch/tmp
export KVASIR_MODEL XDG_CONFIG_HOME KVASIR_CACHE_DIR KVASIR_DATA_DIR TMPDIR
mkdir "$TMPDIR"
cd "$scratch" || exit 1

# refuses WORDS COMMAND...: exit status 2, and WORDS on stderr.
refuses() {
    words=$1
    shift
    "$kvasir" "$@" >out 2>err
    got=$?
    cat out err
    [ "$got" -eq 2 ] && grep -q -e "$words" err
}

bench() { "$kvasir" bench --json --shape tiny --depths 0,512 --tokens 32 --repeat 2 -t 1 "$@"; }
has() { grep -c "^{\"test\":\"$1\",\"depth\":$2," report | grep -qx "$3"; }

number='-\{0,1\}[0-9][0-9.]*' maybe='\(null\|-\{0,1\}[0-9][0-9.]*\)'
line="{\"test\":\"[a-z_]*\",\"depth\":$maybe,\"tokens\":$maybe,\"tokens_per_s\":$maybe,\"\(gops\|gb_per_s\)\":$maybe"
line="$line,\"ceiling\":\(null\|\"[a-z0-9]*\"\),\"share\":$maybe,\"median\":$number,\"min\":$number,\"max\":$number}"
fields() { cat report && [ -s report ] && ! grep -vx "$line" report; }
in_order() { sed 's/.*"median":\([^,]*\),"min":\([^,]*\),"max":\([^}]*\)}/\1 \2 \3/' report | awk '$2 > $1 || $1 > $3 || $2 <= 0 { print; bad = 1 } END { exit bad }'; }
all_tests() {
    cat report
    has prefill 0 1 && has prefill 512 1 && has linear 0 1 && has decode 0 1 && has decode 512 1 &&
        has group 0 1 && has group 512 1 &&
        has cache_write null 1 && has cache_read null 1 && has cache_warm null 1 && [ "$(grep -c '"ceiling","depth":null' report)" -ge 3 ]
}
# What is measured is bounded by something, and is not nothing.
positive() { ! grep -E '"(tokens_per_s|gops|gb_per_s|share)":(0\.0*|0)[,}]' report; }

bench >report 2>err
ok "bench succeeds" test $? -eq 0 -a ! -s err
ok "each line has the fields" fields
ok "every test is there" all_tests
ok "min <= median <= max" in_order
ok "no figure is 0" positive
ok "nothing is left in the temporary folder" test -z "$(ls -A "$TMPDIR")"

each_type() {
    for type in bf16 q5_0 q4_k_m; do   # the last has Q4_K, Q5_K and Q6_K in it
        bench --type $type --depths 0 --tokens 8 --repeat 1 >report || return
        grep -q '"test":"decode"' report || { echo "$type"; return 1; }
    done
}
ok "weights of other types" each_type
file() {
    "$kvasir" bench --json --repeat 1 --tokens 8 --depths 0 -t 1 >report && fields &&
        has tokenizer null 1 && has startup null 1
}
ok "a model's file: tokenizer and start-up, too" file
table() { "$kvasir" bench --shape tiny --repeat 1 --tokens 8 --depths 256 -t 1 >out && cat out && grep -q '^decode  *256  *8 ' out; }
ok "a table for people" table

ok "refuses an unknown shape" refuses 'no shape "huge"' bench --shape huge
ok "refuses an unknown type" refuses 'no weight type "q3"' bench --shape tiny --type q3
ok "refuses a depth outside the context" refuses 'do not fit into the context' bench --shape tiny --depths 999999
too_many() { refuses '--tokens: 65536 tokens do not fit' bench --shape tiny --tokens 65536 && [ ! -s out ]; }
ok "refuses tokens outside the context, before it measures anything" too_many
no_room() { TMPDIR=$scratch/none "$kvasir" bench --shape tiny >out 2>err; [ $? -eq 4 ] && cat err && grep -q 'set TMPDIR' err; }
ok "no temporary folder" no_room
ok "refuses what is no depth" refuses '--depths wants' bench --shape tiny --depths 0,x
ok "refuses layers without a shape" refuses 'go with --shape' bench --layers 2
ok "refuses arguments" refuses 'options only' bench file

echo "The learning rate is 0.003 in all runs." >notes.txt
plan() { "$kvasir" plan --only -t 1 "$@" >out && cat out; }
plan_tokens() { plan --tokens 12345 && grep -q '^prompt of 12,345 tokens, int8 KV' out && grep -q 't/s .* n + .* n^2 s$' out; }
# int8: 2 KV heads, tiles of 64 keys; four times the tokens are four times the bytes.
plan_kv() {
    small=$(plan --tokens 25600 --kv f32 | tail -n 1 | awk '{ print $4 }')
    large=$(plan --tokens 102400 --kv f32 | tail -n 1 | awk '{ print $4 }')
    echo "$small $large"
    awk -v s="$small" -v l="$large" 'BEGIN { exit !(s > 0 && l / s > 3.9 && l / s < 4.1) }'
}
plan_file() { plan notes.txt && grep -q '^1 document;' out; }
plan_corpus() {
    "$kvasir" ingest -q --no-prefill -c notes notes.txt && plan -c notes && cp out corpus &&
        plan notes.txt && grep '^prompt' out | cut -d';' -f1 >a && grep '^prompt' corpus | cut -d';' -f1 >b && cmp a b
}
ok "plan for a number of tokens" plan_tokens
ok "plan for a file" plan_file
ok "plan for a corpus: the same as for its file" plan_corpus
ok "plan refuses to guess" refuses 'name documents' plan
no_documents() { mkdir nothing && "$kvasir" plan notes.txt nothing >out 2>err; [ $? -eq 3 ] && cat err && grep -q 'nothing: no documents' err; }
ok "plan refuses a folder without documents" no_documents
ok "plan refuses an unknown corpus" refuses 'no corpus' plan -c nowhere
finish
