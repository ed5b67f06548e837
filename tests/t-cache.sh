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

usage() {
    sed -n "s/.*\"$2\" : \([0-9]*\),\{0,1\}\$/\1/p" "$1"
}

# blocks: how many are stored
blocks() {
    "$kvasir" cache status --json | sed -n 's/.*"blocks":\([0-9]*\),.*/\1/p'
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
ok "a size that makes no sense" says 2 'not a size' "$kvasir" cache trim --limit plenty
ok "a word that is no action" says 2 'say one of' "$kvasir" cache polish
finish
