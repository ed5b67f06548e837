#!/bin/sh
# Processes that prefill the same documents at the same time: no block is computed twice,
# the logits are those of one alone, and one that is killed holds nobody up.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
unset KVASIR_ISA KVASIR_THREADS
KVASIR_MODEL=$top_srcdir/tests/data/models/tiny-a-q8_0.gguf
XDG_CONFIG_HOME=$scratch/config KVASIR_DATA_DIR=$scratch/data KVASIR_CACHE_DIR=$scratch/cache
export KVASIR_MODEL XDG_CONFIG_HOME KVASIR_DATA_DIR KVASIR_CACHE_DIR
cd "$scratch" || exit 1

awk 'BEGIN { for (i = 1; i <= 60; i++) print "Line " i " says " (i * 7919) % 1000 ".\n" }' >document.txt

run() {
    "$kvasir" ask -q --json --isa c -t 1 --max-tokens 1 --logits "$1" \
        "What does line 50 say?" document.txt >"$1.json"
    [ $? -le 1 ] && [ -s "$1" ]
}

alone() {
    run alone && rm -rf cache
}

# What was created in all is what one process alone creates.
together() {
    run one & first=$!
    run two & second=$!
    run three & third=$!
    wait $first && wait $second && wait $third || return
    sum=0
    for name in one two three; do
        created=$(usage $name.json cache_creation_tokens)
        echo "$name created $created"
        sum=$((sum + created))
        cmp alone $name || return
    done
    "$kvasir" cache verify
    [ "$sum" -eq "$(usage alone.json cache_creation_tokens)" ] && [ "$sum" -ge 1024 ]
}

killed() {
    rm -rf cache one
    "$kvasir" ask -q --isa c -t 1 --max-tokens 1 "What does line 50 say?" document.txt >/dev/null 2>&1 & first=$!
    run two & second=$!
    sleep 0.3
    kill -9 $first
    wait $first 2>/dev/null
    wait $second && cmp alone two
}

ok "one process alone" alone
ok "three processes compute each block once" together
ok "a killed process holds nobody up" killed
finish
