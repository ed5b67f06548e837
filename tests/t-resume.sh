#!/bin/sh
# Cold = warm = resumed: the logits behind the prompt are the same bytes, whether the
# prefix was computed now, read back, or finished after kill -9 at random moments.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
unset KVASIR_ISA KVASIR_THREADS
KVASIR_MODEL=$top_srcdir/tests/data/models/tiny-a-q8_0.gguf
XDG_CONFIG_HOME=$scratch/config KVASIR_DATA_DIR=$scratch/data KVASIR_CACHE_DIR=$scratch/cache
export KVASIR_MODEL XDG_CONFIG_HOME KVASIR_DATA_DIR KVASIR_CACHE_DIR
cd "$scratch" || exit 1

awk 'BEGIN { for (i = 1; i <= 60; i++) print "Line " i " says " (i * 7919) % 1000 ".\n" }' >document.txt

# run ISA THREADS KV LOGITS [OPTION...]: the first token's logits into LOGITS; JSON into LOGITS.json.
run() {
    isa=$1 threads=$2 kv=$3 logits=$4
    shift 4
    "$kvasir" ask -q --json --isa "$isa" -t "$threads" --kv "$kv" --max-tokens 1 --logits "$logits" "$@" \
        "What does line 50 say?" document.txt >"$logits.json"
    [ $? -le 1 ] && [ -s "$logits" ]
}

cold_and_warm() {
    rm -rf cache
    run "$@" cold && run "$@" warm || return
    cat warm.json
    [ "$(usage cold.json cache_read_tokens)" -eq 0 ] && [ "$(usage warm.json cache_read_tokens)" -ge 1024 ] &&
        cmp cold warm && cp cold "expected.$1.$3.$2"
}

without_cache() {
    run "$@" alone --no-cache && [ "$(usage alone.json cache_creation_tokens)" -eq 0 ] && cmp "expected.$1.$3.$2" alone
}

# Where the kill falls is chance: a block more or less must not matter.
killed_and_resumed() {
    rm -rf cache resumed
    "$kvasir" ask -q --isa "$1" -t "$2" --kv "$3" --max-tokens 1 "What does line 50 say?" document.txt >/dev/null 2>&1 &
    child=$!
    sleep "$(awk -v seed="$$$2" 'BEGIN { srand(seed); printf "%.3f", 0.02 + 0.3 * rand() }')"
    kill -9 "$child" 2>/dev/null
    wait "$child" 2>/dev/null
    run "$@" resumed || return
    echo "after the kill $(usage resumed.json cache_read_tokens) of $(usage resumed.json prompt_tokens) tokens read back"
    cmp "expected.$1.$3.$2" resumed
}

one_result() {
    cmp "expected.$1.$2.1" "expected.$1.$2.2" && cmp "expected.$1.$2.1" "expected.$1.$2.3"
}

# A store made with one integer set serves the others: they compute the same bytes.
sets_agree() {
    rm -rf cache
    for set in avx2 avx512 c; do
        run $set 2 int8 "set.$set" || return
        cmp expected.c.int8.1 "set.$set" || return
        cat "set.$set.json"
    done
    [ "$(usage set.c.json cache_read_tokens)" -eq "$(usage set.avx2.json cache_creation_tokens)" ] || return
    run avx512 1 int8 alone --no-cache && cmp expected.c.int8.1 alone
}

# Two at once over the same documents compute each block once between them.
together() {
    rm -rf cache
    "$kvasir" ask -q --json --isa c -t 1 --max-tokens 1 --logits second "What does line 50 say?" document.txt >second.json &
    other=$!
    run c 1 int8 first
    result=$?
    wait "$other"
    cat first.json second.json
    computed=$(($(usage first.json cache_creation_tokens) + $(usage second.json cache_creation_tokens)))
    [ "$result" -eq 0 ] && cmp first second && cmp first expected.c.int8.1 &&
        [ "$computed" -eq "$(usage warm.json cache_read_tokens)" ]
}

# The first Ctrl-C keeps what is done and says how to go on; what it says works.
interrupted() {
    rm -rf cache
    awk 'BEGIN { for (i = 1; i <= 150; i++) print "Line " i " says " (i * 7919) % 1000 ".\n" }' >long.txt
    "$kvasir" ask --isa c -t 1 --max-tokens 1 "What's in \"line\" 5?" long.txt >out 2>err &
    child=$!
    for i in $(seq 100); do
        "$kvasir" cache status --json 2>/dev/null | grep -q '"blocks":[1-9]' && break
        sleep 0.1
    done
    kill -TERM "$child"
    wait "$child"
    status=$?
    cat err
    [ "$status" -eq 75 ] && grep -q '^kvasir: [0-9,]* of [0-9,]* prompt tokens are kept' err || return
    sed -n 's/^  kvasir /"$kvasir" /p' err >again.sh
    [ -s again.sh ] && . ./again.sh >out 2>err
    [ $? -le 1 ] || return
    cat err
    grep -q '^kvasir: [1-9][0-9,]* of ' err
}

for isa in c blas; do
    for kv in int8 f16; do
        for threads in 1 2 3; do
            ok "$isa, $kv, threads $threads: cold = warm" cold_and_warm $isa $threads $kv
            ok "$isa, $kv, threads $threads: killed, resumed = cold" killed_and_resumed $isa $threads $kv
        done
        ok "$isa, $kv: without a cache = cold" without_cache $isa 2 $kv
        ok "$isa, $kv: threads make no difference" one_result $isa $kv
    done
done
ok "the integer sets compute the same bytes and share a store" sets_agree
ok "two at once compute each block once" together
ok "an interruption keeps what is done and prints what goes on" interrupted
finish
