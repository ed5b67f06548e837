#!/bin/sh
# The cache from outside: status, verify, trim and clear, and files that are damaged or none of ours.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
unset KVASIR_ISA KVASIR_THREADS
KVASIR_MODEL=$top_srcdir/tests/data/models/tiny-a-q8_0.gguf
XDG_CONFIG_HOME=$scratch/config KVASIR_DATA_DIR=$scratch/data KVASIR_CACHE_DIR=$scratch/cache
export KVASIR_MODEL XDG_CONFIG_HOME KVASIR_DATA_DIR KVASIR_CACHE_DIR
cd "$scratch" || exit 1

awk 'BEGIN { for (i = 1; i <= 30; i++) print "Line " i " says " (i * 7919) % 1000 ".\n" }' >document.txt

ask() {
    "$kvasir" ask -q --json --isa c --max-tokens 1 --logits "$1" "What does line 5 say?" document.txt >"$1.json"
    [ $? -le 1 ] && [ -s "$1" ]
}

# blocks: how many are stored
blocks() {
    "$kvasir" cache status --json | sed -n 's/^[^{]*{[^{]*"blocks":\([0-9]*\),.*/\1/p'
}

# says STATUS PATTERN COMMAND...: exit status and one sentence on standard error
says() {
    wanted=$1 pattern=$2
    shift 2
    "$@" >out 2>err
    status=$?
    cat out err
    [ "$status" -eq "$wanted" ] && [ "$(wc -l <err)" -eq 1 ] && grep -q "$pattern" err
}

nothing_yet() {
    "$kvasir" cache status && "$kvasir" cache verify && "$kvasir" cache trim && "$kvasir" cache clear &&
        [ "$(blocks)" -eq 0 ] && [ ! -e cache ]
}

filled() {
    ask first && [ "$(blocks)" -ge 3 ] && "$kvasir" cache verify && ask second && cmp first second &&
        [ "$(usage second.json cache_creation_tokens)" -eq 0 ] &&
        [ "$(stat -c %a cache)" = 700 ] && [ "$(stat -c %a cache/kv.db)" = 600 ]
}

# Bytes of a block begin somewhere in the file: 64 KB of zeros near its end hit one at least.
damage() {
    dd if=/dev/zero of=cache/kv.db bs=65536 count=1 seek=$(($(stat -c %s cache/kv.db) / 65536 - 1)) \
        conv=notrunc 2>dd.log
}

damaged_block() {
    damage
    "$kvasir" cache verify >out 2>err
    status=$?
    cat out err
    case $status in
    1) grep -q 'damaged' out && "$kvasir" cache verify ;;
    4) grep -q 'cache clear' err && "$kvasir" cache clear ;;
    *) false ;;
    esac || return
    ask third && cmp first third && ask fourth && cmp first fourth &&
        [ "$(usage fourth.json cache_creation_tokens)" -eq 0 ]
}

# The answer does not depend on anybody's having verified.
damaged_and_asked() {
    damage
    ask third && cmp first third
}

trimmed() {
    "$kvasir" cache clear && ask first || return
    all=$(blocks)
    "$kvasir" cache trim --limit 120K && [ "$(blocks)" -lt "$all" ] && "$kvasir" cache verify || return
    "$kvasir" cache trim --limit 0 && [ "$(blocks)" -eq 0 ] && ask second && cmp first second
}

limited() {
    mkdir -p config/kvasir && echo '[kvasir]' >config/kvasir/kvasir.conf &&
        echo 'cache-limit = 100K' >>config/kvasir/kvasir.conf && "$kvasir" cache clear || return
    "$kvasir" ask -q --isa c --max-tokens 1 --logits limited "What does line 5 say?" document.txt >out 2>err
    status=$?
    cat out err
    rm -r config
    [ "$status" -le 1 ] && cmp first limited && [ "$(blocks)" -ge 1 ] && [ "$(blocks)" -le 2 ]
}

# foreign FILE PATTERN: refused by all, and left as it is
foreign() {
    rm -rf cache && mkdir cache && cp "$1" cache/kv.db || return
    for command in "cache status" "cache verify" "cache trim" "cache clear" \
        "ask -q --max-tokens 1 What document.txt"; do
        # shellcheck disable=SC2086
        says 4 "$2" "$kvasir" $command && cmp "$1" cache/kv.db || return
    done
}

# Version 9 in the header of a real one.
newer() {
    rm -rf cache && ask first && cp cache/kv.db newer.db &&
        printf '\011' | dd of=newer.db bs=1 seek=63 conv=notrunc 2>dd.log && foreign newer.db newer
}

cleared() {
    rm -rf cache && ask first &&
        printf 'damage' | dd of=cache/kv.db bs=1 seek=100 conv=notrunc 2>dd.log &&
        says 4 'damaged.*cache clear' "$kvasir" cache status && "$kvasir" cache clear && ask second && cmp first second
}

# number NAME [WHICH]: the WHICHth number of that name in the JSON of status
number() {
    "$kvasir" cache status --json | grep -o "\"$1\":[0-9.]*" | sed -n "${2:-1}s/.*://p"
}

# A share of the disk that the cache lies on, in the configuration and on the command line.
share() {
    size=$(($(stat -f -c '%b * %S' .)))
    mkdir -p config/kvasir && printf '[kvasir]\ncache-limit = 3%%\n' >config/kvasir/kvasir.conf || return
    limit=$(number limit)
    printf '[kvasir]\ncache-limit = 3%%%%\n' >config/kvasir/kvasir.conf
    says 2 'cache-limit.*a share' "$kvasir" cache status || return
    rm -r config
    echo "limit $limit of $size"
    [ "$limit" -eq $((size / 100 * 3)) ] && "$kvasir" cache trim --limit 100% &&
        says 2 'not a size' "$kvasir" cache trim --limit 101%
}

lines() {
    awk -v n="$2" -v s="$3" 'BEGIN { for (i = 1; i <= n; i++) print s " " i " says " (i * 7919) % 1000 ".\n" }' >"$1"
}

# What is stored of which corpus, what two share, and what it took; what is left to do is said first.
of_corpora() {
    rm -rf cache data
    lines first.txt 40 Line && lines second.txt 15 Row && lines third.txt 60 Note || return
    "$kvasir" ingest --isa c -t 1 -c one first.txt 2>err && "$kvasir" ingest --isa c -t 1 -c one second.txt third.txt 2>err2 &&
        "$kvasir" ingest -q --isa c -c two first.txt third.txt && "$kvasir" cache status && "$kvasir" cache status --json || return
    cat err err2
    grep -q '^kvasir: nothing of the prefix is cached; [0-9,]* tokens left$' err &&
        grep -q '^kvasir: [1-9][0-9]*% of the prefix is cached; about .* left$' err2 || return
    one=$(number cached) two=$(number cached 2) shared=$(number shared_blocks)
    [ "$one" -eq "$(number blocks 3)" ] && [ "$shared" -ge 3 ] && [ "$shared" -eq "$(number shared_blocks 2)" ] &&
        [ $((one + two - shared)) -eq "$(blocks)" ] && [ "$(number hits)" -gt "$shared" ] || return
    for which in 1 2 3; do
        number recompute_s $which | grep -q '[1-9]' || return
    done
    number saved_s | grep -q '[1-9]' || return
    "$kvasir" cache clear --isa c -c two && [ "$(number cached)" -eq "$one" ] && [ -z "$(number cached 2)" ] &&
        [ "$(number shared_blocks)" -eq 0 ] && "$kvasir" cache verify
}

echo 'No database.' >garbage
ok "without a cache there is nothing to do" nothing_yet
ok "a question fills it, the next one reads it back" filled
ok "a damaged block is found, dropped and computed again" damaged_block
ok "a question after damage has the same answer" damaged_and_asked
ok "trim keeps the limit, the rest is computed again" trimmed
ok "a limit too small for the prompt costs the caching alone" limited
ok "a file that is no database is refused and left" foreign garbage 'is not the KV store'
ok "a store of a newer version is refused and left" newer
ok "a store damaged beyond use can be cleared" cleared
ok "the limit as a share of the disk" share
ok "status tells corpora, what they share and what they took" of_corpora
ok "a size that makes no sense" says 2 'not a size' "$kvasir" cache trim --limit plenty
ok "a word that is no action" says 2 'say one of' "$kvasir" cache polish
finish
