#!/bin/sh
# Disks that are full or may not be written, at every stage: what is lost is the caching, never an answer or a file.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
unset KVASIR_ISA KVASIR_THREADS
KVASIR_MODEL=$top_srcdir/tests/data/models/tiny-a-q8_0.gguf
XDG_CONFIG_HOME=$scratch/config KVASIR_DATA_DIR=$scratch/data KVASIR_CACHE_DIR=$scratch/cache
export KVASIR_MODEL XDG_CONFIG_HOME KVASIR_DATA_DIR KVASIR_CACHE_DIR
cd "$scratch" || exit 1
# A name space of our own, where a small disk can be mounted; it goes with the script.
if [ -z "$KVASIR_OWN_SPACE" ]; then
    unshare -rm true 2>/dev/null || skip_all "no file systems can be mounted here"
    KVASIR_OWN_SPACE=yes exec unshare -rm sh "$top_srcdir/tests/t-disk.sh"
fi
mkdir small
mount -t tmpfs -o size=24m none small 2>/dev/null || skip_all "no tmpfs can be mounted here"

awk 'BEGIN { for (i = 1; i <= 60; i++) print "Line " i " says " (i * 7919) % 1000 ".\n" }' >document.txt

ask() {
    "$kvasir" ask --json --isa c --max-tokens 1 --no-history --logits "$1" "What does line 5 say?" document.txt >"$1.json" 2>"$1.err"
    status=$?
    cat "$1.err"
    [ $status -le 1 ] && [ -s "$1" ]
}

# fill KILOBYTES: leaves so many free
fill() {
    rm -f small/ballast
    free=$(df -k --output=avail small | tail -1)
    [ "$free" -le "$1" ] || head -c $(((free - $1) * 1024)) /dev/zero >small/ballast
}

usual() {
    ask usual
}

# From no room for the file at all to room for all but the last blocks.
full_cache() {
    for left in 0 600 1000 1250 1500 2200; do
        rm -rf small/* && fill $left
        KVASIR_CACHE_DIR=$scratch/small/cache ask full
        got=$?
        # Without room for an empty store there is a sentence and no answer, with more there is one.
        if [ $got -ne 0 ]; then
            [ $left -le 1250 ] && [ "$status" -ge 4 ] && [ "$(wc -l <full.err)" -le 2 ] || return
            continue
        fi
        cmp usual full || return
        rm -f small/ballast
        KVASIR_CACHE_DIR=$scratch/small/cache "$kvasir" cache verify &&
            KVASIR_CACHE_DIR=$scratch/small/cache ask full && cmp usual full || return
    done
}

# A full disk can be relieved.
relieved() {
    rm -rf small/* && KVASIR_CACHE_DIR=$scratch/small/cache ask full && fill 0 &&
        KVASIR_CACHE_DIR=$scratch/small/cache "$kvasir" cache status
    KVASIR_CACHE_DIR=$scratch/small/cache ask full && cmp usual full || return
    rm -f small/ballast
    KVASIR_CACHE_DIR=$scratch/small/cache "$kvasir" cache trim --limit 0 &&
        KVASIR_CACHE_DIR=$scratch/small/cache ask full && cmp usual full
}

full_catalogue() {
    rm -rf small/* && KVASIR_DATA_DIR=$scratch/small/data "$kvasir" ingest -q --no-prefill -c one document.txt && fill 0 || return
    head -c 400000 /dev/zero | tr '\0' 'x' | fold -w 60 >large.txt
    KVASIR_DATA_DIR=$scratch/small/data "$kvasir" ingest -q --no-prefill -c one large.txt >out 2>err
    status=$?
    cat out err
    [ "$status" -ge 3 ] && grep -q 'no space left' err && rm -f small/ballast &&
        KVASIR_DATA_DIR=$scratch/small/data "$kvasir" corpus show one | grep -q document.txt &&
        ! KVASIR_DATA_DIR=$scratch/small/data "$kvasir" corpus show one | grep -q large.txt
}

full_export() {
    rm -rf small/* && "$kvasir" ingest -q -c two document.txt && fill 100 || return
    ls small
    "$kvasir" cache export -q -c two small/two.kva >out 2>err
    status=$?
    cat out err
    [ "$status" -ge 3 ] && [ "$(wc -l <err)" -eq 1 ] && [ "$(ls small)" = ballast ]
}

# Whatever begins on a full disk leaves a file without content, or none: that is not a catalogue or a store that is damaged.
nothing_yet() {
    rm -rf small/* && fill 0 || return
    KVASIR_DATA_DIR=$scratch/small/data "$kvasir" ask -q --max-tokens 1 "Why?" document.txt >out 2>err
    status=$?
    cat err
    [ $status -le 1 ] && [ -s out ] && grep -q 'the answer is not in the history' err && [ ! -s small/data/catalogue.db ] || return
    mkdir -p empty small/data
    : >empty/catalogue.db
    : >empty/kv.db
    for folder in small/data empty; do
        for command in "history" "chat --list" "corpus list" "cache status"; do
            # shellcheck disable=SC2086
            KVASIR_DATA_DIR=$scratch/$folder KVASIR_CACHE_DIR=$scratch/empty "$kvasir" $command || return
        done
        KVASIR_DATA_DIR=$scratch/$folder "$kvasir" show 1 2>err
        [ $? -eq 2 ] || return
    done
}

# A record that does not fit is told by its own name and leaves nothing; what was there stays.
full_record() {
    rm -rf small/* && echo before >small/old.json && fill 0 || return
    for name in old new; do
        "$kvasir" ask -q --max-tokens 1 --no-history --record "small/$name.json" "Why?" document.txt >out 2>err
        status=$?
        cat err
        [ $status -eq 4 ] && [ -s out ] &&
            [ "$(cat err)" = "kvasir ask: cannot write to small/$name.json: No space left on device" ] || return
    done
    [ "$(cat small/old.json)" = before ] && [ "$(ls small | tr '\n' ' ')" = "ballast old.json " ]
}

# A batch ends with a sentence; the same command goes on with it when there is room.
full_batch() {
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "What does line $i say?"; done >questions.txt
    rm -rf small/* && fill 4 || return
    "$kvasir" ask -q --max-tokens 2 --no-history --batch questions.txt --output small/answers.jsonl document.txt 2>err
    status=$?
    cat err
    [ $status -eq 4 ] && [ "$(cat err)" = "kvasir ask: cannot write to small/answers.jsonl: No space left on device" ] || return
    rm -f small/ballast
    "$kvasir" ask --max-tokens 2 --no-history --batch questions.txt --output small/answers.jsonl document.txt 2>err
    status=$?
    cat err
    [ $status -eq 1 ] && grep -q '12 of 12 questions are answered, [1-9][0-9]* of them before' err &&
        [ "$(sed 's/^{"id":\([0-9]*\),.*/\1/' small/answers.jsonl | tr '\n' ' ')" = "1 2 3 4 5 6 7 8 9 10 11 12 " ]
}

# What is there is used, nothing is written, and it is no error.
read_only() {
    rm -rf small/* && KVASIR_CACHE_DIR=$scratch/small/cache ask full && mount -o remount,ro none small || return
    KVASIR_CACHE_DIR=$scratch/small/cache ask read
    result=$?
    KVASIR_CACHE_DIR=$scratch/small/cache "$kvasir" cache status && KVASIR_CACHE_DIR=$scratch/small/cache "$kvasir" cache verify || result=1
    KVASIR_CACHE_DIR=$scratch/small/cache "$kvasir" cache trim --limit 0 >out 2>err && result=1
    mount -o remount,rw none small
    cat read.json
    [ $result -eq 0 ] && cmp usual read && grep -q '"cache_read_tokens" : [1-9]' read.json && [ "$(wc -l <err)" -eq 1 ]
}

ok "a disk with room" usual
ok "full, at any block" full_cache
ok "full: it can be trimmed" relieved
ok "the catalogue's disk is full: told, what was there stays" full_catalogue
ok "a catalogue that cannot be made is none" nothing_yet
ok "a record that does not fit leaves what was there" full_record
ok "a batch that does not fit goes on later" full_batch
ok "an export that does not fit leaves nothing" full_export
ok "a file system that may not be written" read_only
umount small
finish
