#!/bin/sh
# What shares the cache limit: blocks and prepared weights.  And a mapped file that is shortened ends the program with a sentence.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
models=$top_srcdir/tests/data/models
unset KVASIR_ISA KVASIR_THREADS KVASIR_PREPARE
KVASIR_MODEL=$models/tiny-a-q8_0.gguf
export KVASIR_MODEL
own_folders
awk 'BEGIN { for (i = 1; i <= 40; i++) print "Line " i " says " (i * 7919) % 1000 ".\n" }' >document.txt

number() { "$kvasir" cache status --json | grep -o "\"$1\":[0-9]*" | sed -n '1s/.*://p'; }
limit() { mkdir -p config/kvasir && printf '[kvasir]\ncache-limit = %s\n' "$1" >config/kvasir/kvasir.conf; }
prepared() { "$kvasir" model prepare "$models/$1.gguf"; }
size() { stat -c %s "$1"; }

a=$(prepared tiny-a-q8_0) b=$(prepared tiny-b-q6_k)

told() {
    [ -e "$a" ] && [ -e "$b" ] && "$kvasir" cache status && "$kvasir" cache status |
        grep -q '^prepared   2 files of weights, ' && [ "$(number prepared_bytes)" -eq $(($(size "$a") + $(size "$b"))) ]
}
# The one that was not used for longer goes before the other and before any block; what is in use stays.
order() {
    "$kvasir" ingest -q -c one document.txt && touch -d '2 days ago' "$a" && touch -d yesterday "$b" || return
    all=$(($(number bytes) + $(size "$a") + $(size "$b"))) blocks=$(number blocks)
    status 0 "$kvasir" cache trim --limit $((all - 1)) && grep -q '^1 of 2 files of prepared weights removed; 1 kept' out &&
        [ ! -e "$a" ] && [ -e "$b" ] && [ "$(number blocks)" -eq "$blocks" ] || return
    status 0 flock -s "$b" "$kvasir" cache trim --limit "$(number bytes)" && [ -e "$b" ] && [ "$(number blocks)" -lt "$blocks" ] || return
    status 0 "$kvasir" cache trim --limit 0 && [ ! -e "$b" ] && [ "$(number blocks)" -eq 0 ]
}
# Being opened is a use.
used() {
    a=$(prepared tiny-a-q8_0) && touch -d '2 days ago' "$a" && echo 5 9 77 | "$kvasir" logits --raw --isa avx2 >logits 2>err
    [ "$(find "$a" -mtime +0)" = "" ]
}
# Where the next block needs the room that they take.
blocks_come() {
    rm -rf cache && "$kvasir" ingest -q -c one document.txt && need=$(number bytes) && "$kvasir" cache clear || return
    b=$(prepared tiny-b-q6_k) && limit $((need + 1000)) || return
    status 0 "$kvasir" ingest -q -c one document.txt && [ ! -e "$b" ] && [ "$(number bytes)" -eq "$need" ] || return
    rm -r config
}
# Too small a limit: told, and nothing is written.
refused() {
    rm -rf cache && limit 100K || return
    status 4 "$kvasir" model prepare "$models/tiny-b-q6_k.gguf" && grep -q 'more than half of the cache limit' err &&
        [ "$(wc -l <err)" -eq 1 ] && [ ! -e cache/prepared ] || return
    rm -r config
}
# Written, they leave less for the blocks, at once.
settled() {
    rm -rf cache && "$kvasir" ingest -q -c one document.txt && b=$(prepared tiny-b-q6_k) && need=$(size "$b") && rm "$b" || return
    limit $((2 * need)) && had=$(number bytes)
    echo "blocks $had, prepared $need"
    prepared tiny-b-q6_k && [ -e "$b" ] && [ $(($(number bytes) + need)) -le $((2 * need)) ] || return
    rm -r config
}

shortened() {
    cp "$KVASIR_MODEL" model.gguf && rm -rf cache || return
    awk 'BEGIN { for (i = 1; i <= 400; i++) print "Line " i " says " (i * 7919) % 1000 ".\n" }' >long.txt
    "$kvasir" ask -q -m model.gguf --isa c -t 1 --max-tokens 1 "What does line 5 say?" long.txt >out 2>err &
    child=$!
    for i in $(seq 200); do
        [ "$(number blocks)" -ge 1 ] 2>/dev/null && break
        sleep 0.05
    done
    truncate -s 4096 model.gguf
    wait $child
    got=$?
    cat err
    [ $got -eq 4 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q '^kvasir: model.gguf: cannot be read any more' err && "$kvasir" cache verify
}

ok "status tells prepared weights" told
ok "the longest unused go first, before blocks; those in use stay" order
ok "to be opened is to be used" used
ok "they give way to blocks" blocks_come
ok "too small a limit: nothing is written" refused
ok "the blocks keep to what they leave" settled
ok "a model file that is shortened while it is used" shortened
finish
