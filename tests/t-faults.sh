#!/bin/sh
# The faults that users of other programs report of their KV caches, each tried on this one through the program.
# HACKING.md has the list of them all and where the others are tested.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
sql=$top_builddir/tests/run-sql
models=$top_srcdir/tests/data/models
unset KVASIR_ISA KVASIR_THREADS
KVASIR_MODEL=$models/tiny-a-q8_0.gguf
export KVASIR_MODEL
own_folders

# lines FILE N WORD: some pages of text
lines() {
    awk -v n="$2" -v s="$3" 'BEGIN { for (i = 1; i <= n; i++) print s " " i " says " (i * 7919) % 1000 ".\n" }' >"$1"
}
lines document.txt 40 Line
lines other.txt 40 Row

# ask NAME [OPTION...]: the first token's logits into NAME, JSON into NAME.json
ask() {
    name=$1
    shift
    "$kvasir" ask -q --json -t 1 --no-history --max-tokens 1 --logits "$name" "$@" "What does line 5 say?" document.txt >"$name.json" 2>"$name.err"
    got=$?
    cat "$name.err"
    [ "$got" -le 1 ] && [ -s "$name" ]
}
created() { usage "$1.json" cache_creation_tokens; }
read_back() { usage "$1.json" cache_read_tokens; }
blocks() { "$kvasir" cache status --json | sed -n 's/^[^{]*{[^{]*"blocks":\([0-9]*\),.*/\1/p'; }

# Weights of the same shape, another KV type: nothing of it is taken, and each has its own logits.
key_covers_all() {
    ask first && [ "$(created first)" -ge 768 ] || return
    for model in tiny-a-q4_0 tiny-a-q5_0 tiny-a-f16; do
        ask "$model" -m "$models/$model.gguf" && [ "$(read_back $model)" -eq 0 ] && ! cmp -s first "$model" || return
    done
    ask f16 --kv f16 && [ "$(read_back f16)" -eq 0 ] && ask f32 --kv f32 && [ "$(read_back f32)" -eq 0 ] || return
    ask first.again && [ "$(created first.again)" -eq 0 ] && cmp first first.again || return
    for type in f16 f32; do
        ask $type.alone --kv $type --no-cache && cmp $type $type.alone || return
    done
}

# 64 runs of 256 bytes anywhere behind the first page, as in a file that lay on a bad disk.
damaged_runs() {
    cp cache/kv.db good.db
    for seed in 1 2 3; do
        cp good.db cache/kv.db && rm -f cache/kv.db-wal cache/kv.db-shm
        size=$(stat -c %s cache/kv.db)
        awk -v seed=$seed -v size="$size" 'BEGIN { srand(seed); for (i = 0; i < 64; i++) print int(65536 + rand() * (size - 65792)) }' |
            while read -r at; do
                dd if=/dev/urandom of=cache/kv.db bs=1 count=256 seek="$at" conv=notrunc 2>dd.log || exit 1
            done
        damaged_is_harmless || return
    done
}

# Either it answers with the same logits, or says in a sentence what to do; and then it goes on.
damaged_is_harmless() {
    ask damaged
    if [ $got -gt 1 ]; then
        [ $got -eq 4 ] && [ "$(wc -l <damaged.err)" -eq 1 ] && grep -q 'cache clear' damaged.err && "$kvasir" cache clear && ask damaged || return
    fi
    cmp first damaged && ask after && cmp first after || return
    # What was bad has been replaced: it is not tried and thrown away again each time.
    echo "computed again $(created damaged), then $(created after)"
    [ "$(created after)" -eq 0 ] && [ "$(read_back after)" -ge 768 ]
}

# Cut anywhere: at a page, within one, within the header, to nothing.
truncated() {
    for size in $(($(stat -c %s good.db) - 65536)) $(($(stat -c %s good.db) / 2 + 1000)) 65536 70000 50 0; do
        cp good.db cache/kv.db && rm -f cache/kv.db-wal cache/kv.db-shm && truncate -s "$size" cache/kv.db
        ask cut
        if [ $got -gt 1 ]; then
            [ $got -eq 4 ] && [ "$(wc -l <cut.err)" -eq 1 ] && grep -q 'kv.db' cut.err || return
            "$kvasir" cache clear || rm -f cache/kv.db
            ask cut || return
        fi
        cmp first cut && ask after && cmp first after && [ "$(created after)" -eq 0 ] || return
    done
}

# A second prompt, a longer corpus: what is there stays, what is new is added, nothing is written again.
appended() {
    rm -rf cache data && "$kvasir" ingest -q -c one document.txt || return
    before=$("$sql" cache/kv.db "SELECT max(id) FROM block") && sum=$("$sql" cache/kv.db "SELECT sum(checksum) FROM part WHERE id < ($before + 1) << 12")
    "$kvasir" ingest -q -c one other.txt || return
    [ "$("$sql" cache/kv.db "SELECT sum(checksum) FROM part WHERE id < ($before + 1) << 12")" = "$sum" ] &&
        [ "$("$sql" cache/kv.db "SELECT written = blocks FROM state")" -eq 1 ] && [ "$(blocks)" -gt "$before" ]
}

# None of the samples is found in any byte of the folders.
bytes_gone() {
    for file in $(find cache data -type f); do
        od -An -v -tx1 "$file" | tr -d ' \n' >hex
        for sample in $samples; do
            ! grep -q "$sample" hex || { echo "$sample is still in $file"; return 1; }
        done
    done
}
cleared_corpus() {
    rm -rf cache data && "$kvasir" ingest -q -c one document.txt && "$kvasir" ingest -q -c two other.txt || return
    samples=$("$sql" cache/kv.db "SELECT lower(hex(substr(bytes, length(bytes) / 2, 24))) FROM part WHERE id >> 12 IN (SELECT tip FROM corpus WHERE name = 'one')")
    echo "$samples"
    [ -n "$samples" ] && ! bytes_gone || return
    "$kvasir" cache clear -c one && bytes_gone && "$kvasir" cache verify && [ "$(blocks)" -ge 3 ]
}
# The text itself: in the catalogue, the index of search and the store.
deleted_corpus() {
    rm -rf cache data && echo 'The word is Quaxolotlium.' >secret.txt && cat secret.txt document.txt >both.txt &&
        "$kvasir" ingest -q -c one both.txt && "$kvasir" ingest -q -c two other.txt &&
        "$kvasir" search -c one Quaxolotlium | grep -q Quaxolotlium && grep -qri quaxolotlium data cache || return
    "$kvasir" corpus remove one && "$kvasir" search -c two Row | grep -q Row && ! grep -ri quaxolotlium data cache
}

# with_clock SECONDS COMMAND...: the calendar so much ahead
with_clock() {
    offset=$1
    shift
    KVASIR_TEST_CLOCK=$offset LD_PRELOAD=$top_builddir/tests/clock.so "$@"
}
# The later use counts as later whatever the calendar says: what was asked about last stays.
clock_back() {
    year=31536000
    rm -rf cache data && "$kvasir" ingest -q -c one document.txt && with_clock -$year "$kvasir" ingest -q -c two other.txt || return
    # Block 1 is the beginning that both have.
    one="(SELECT tip FROM corpus WHERE name = 'one')"
    [ "$("$sql" cache/kv.db "SELECT min(last_used) FROM block WHERE id > $one")" -gt \
        "$("$sql" cache/kv.db "SELECT max(last_used) FROM block WHERE id BETWEEN 2 AND $one")" ] || return
    half=$("$sql" cache/kv.db "SELECT sum(parts * part_size) FROM block WHERE id = 1 OR id > $one")
    with_clock -$year "$kvasir" cache trim --limit "$half" && "$kvasir" cache status || return
    [ "$("$sql" cache/kv.db "SELECT count(*) = max(depth) + 1 AND max(id) = (SELECT tip FROM corpus WHERE name = 'two') FROM block")" -eq 1 ] || return
    # Ahead by a lifetime, and back: all goes on.
    for offset in $((70 * year)) 0 -$((40 * year)); do
        with_clock $offset ask wandering && cmp first wandering && with_clock $offset "$kvasir" cache verify || return
    done
}

# An older version's file is taken over, also by two at once.
older_store() {
    rm -rf cache && ask first && downgrade || return
    "$kvasir" cache status && [ "$("$sql" cache/kv.db "PRAGMA user_version")" -eq 1 ] || return
    ask one & other=$!
    ask two && wait $other && cmp first one && cmp first two && [ "$(created one)" -eq 0 ] && [ "$(created two)" -eq 0 ] &&
        [ "$("$sql" cache/kv.db "PRAGMA user_version")" -eq 2 ] && "$kvasir" cache verify
}
downgrade() {
    "$sql" cache/kv.db "DROP TABLE corpus; DROP INDEX turn_leaf; ALTER TABLE block DROP COLUMN cost;
        ALTER TABLE block DROP COLUMN turn; ALTER TABLE state DROP COLUMN saved; PRAGMA user_version = 1; PRAGMA wal_checkpoint(TRUNCATE)"
}
# A newer one takes the file over while a question runs: the answer comes, and this program writes no more into it.
newer_meanwhile() {
    rm -rf cache && lines document.txt 150 Line && ask expected --no-cache || return
    ask meanwhile & other=$!
    for i in $(seq 100); do
        [ -e cache/kv.db ] && [ "$("$sql" cache/kv.db "SELECT count(*) FROM block" 2>/dev/null || echo 0)" -ge 2 ] && break
        sleep 0.02
    done
    "$sql" cache/kv.db "BEGIN IMMEDIATE; PRAGMA user_version = 3; ALTER TABLE block ADD COLUMN future INTEGER NOT NULL DEFAULT 7; COMMIT;
        SELECT count(*) FROM block" >count || return
    wait $other && cmp expected meanwhile && cat meanwhile.err &&
        [ "$("$sql" cache/kv.db "SELECT count(*) FROM block" | tail -1)" -eq "$(tail -1 count)" ] &&
        grep -q 'another version of kvasir' meanwhile.err
}
# Refused in one sentence, and not a byte of the file is another.
newer_catalogue() {
    rm -rf cache data && "$kvasir" ingest -q --no-prefill -c one other.txt &&
        "$sql" data/catalogue.db "PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)" && cp data/catalogue.db newer.db || return
    for command in 'corpus list' 'ingest -q --no-prefill -c one document.txt' 'ask -q -c one What' 'search -c one Row' 'history' 'corpus remove one'; do
        # shellcheck disable=SC2086
        status 4 "$kvasir" $command && [ "$(wc -l <err)" -eq 1 ] && grep -q 'newer' err && cmp newer.db data/catalogue.db || return
    done
}

ok "a key covers the weights and the KV type" key_covers_all
ok "64 damaged runs of 256 bytes change no answer" damaged_runs
ok "a file that was cut off ends nothing" truncated
ok "a corpus that grows is appended to, nothing is written twice" appended
ok "cache clear --corpus removes the bytes" cleared_corpus
ok "corpus remove removes the words" deleted_corpus
if KVASIR_TEST_CLOCK=0 LD_PRELOAD=$top_builddir/tests/clock.so "$kvasir" version >/dev/null 2>preload.err && [ ! -s preload.err ]; then
    lines document.txt 40 Line
    ok "a clock that goes back or far ahead" clock_back
else
    skip "a clock that goes back or far ahead" "nothing can be preloaded here"
fi
ok "an older version's store is taken over" older_store
ok "a newer version takes the store over while a question runs" newer_meanwhile
ok "a newer version's catalogue is refused and left" newer_catalogue
finish
