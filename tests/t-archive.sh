#!/bin/sh
# A corpus and its blocks go to another machine in one file; a foreign or damaged file changes nothing.
. "$top_srcdir/tests/tap.sh"
. "$top_srcdir/tests/pdf.sh"
kvasir=$top_builddir/kvasir
unset KVASIR_ISA KVASIR_THREADS
KVASIR_MODEL=$top_srcdir/tests/data/models/tiny-a-q8_0.gguf
XDG_CONFIG_HOME=$scratch/config KVASIR_DATA_DIR=$scratch/data KVASIR_CACHE_DIR=$scratch/cache
export KVASIR_MODEL XDG_CONFIG_HOME KVASIR_DATA_DIR KVASIR_CACHE_DIR
cd "$scratch" || exit 1

mkdir papers
awk 'BEGIN { for (i = 1; i <= 40; i++) print "Line " i " says " (i * 7919) % 1000 ".\n" }' >papers/one.txt
printf 'Die Gr\303\274\303\237e \344\270\255\346\226\207 "quoted" \\ \t tab.\n' >"papers/two, with \"odd\" name.txt"

# elsewhere COMMAND...: with folders of its own, empty at first
elsewhere() {
    KVASIR_DATA_DIR=$scratch/other/data KVASIR_CACHE_DIR=$scratch/other/cache "$@"
}

ask() {
    "$kvasir" ask -q --json --isa "$1" --max-tokens 1 --logits "$2" -c "$3" "What does line 5 say?" >"$2.json"
    [ $? -le 1 ] && [ -s "$2" ]
}

exports() {
    "$kvasir" ingest -q -c thesis papers && ask c here thesis && "$kvasir" cache export -c thesis thesis.kva || return
    [ "$(stat -c %a thesis.kva)" = 600 ] && tar xf thesis.kva -C "$(mktemp -d "$scratch/x.XXXXXX")" &&
        cd x.* && sha256sum -c MANIFEST.sha256
}

imports() {
    elsewhere "$kvasir" cache import thesis.kva && elsewhere ask c there thesis || return
    cat there.json
    cmp here there && [ "$(usage there.json cache_creation_tokens)" -eq 0 ] &&
        [ "$(usage there.json cache_read_tokens)" -ge 512 ] &&
        [ "$(usage there.json cache_read_tokens)" -eq "$(usage here.json cache_read_tokens)" ]
}

again() {
    elsewhere "$kvasir" cache import thesis.kva | grep -q ', 0 of them new'
}

other_name() {
    elsewhere "$kvasir" cache import -q -c copy thesis.kva && elsewhere ask c copy copy && cmp here copy
}

# sealed FOLDER: an archive of what is in FOLDER, with the right sums.
sealed() {
    (cd "$1" && sha256sum kvasir.json tokens.bin documents/*.json >MANIFEST.sha256 &&
        tar -cf ../made.kva kvasir.json tokens.bin documents/*.json MANIFEST.sha256)
}

# Two scans have the same content, none.  A page's text may have come from its image.
alike() {
    mkdir -p scans made && rm -rf made/* && for scan in a b; do
        echo 'q 612 0 0 792 0 0 cm /I Do Q' | pdf scans/$scan.pdf "/Of ($scan)"
    done
    cp papers/one.txt scans/c.txt
    "$kvasir" ingest -q --no-prefill -c scans scans
    [ $? -eq 3 ] && "$kvasir" cache export -q --texts -c scans scans.kva && tar -xf scans.kva -C made || return
    sed -i 's/"state" *: *0/"state" : 5/' made/documents/000002.json && sealed made && mv scans away || return
    elsewhere "$kvasir" cache import --texts made.kva && elsewhere "$kvasir" corpus show scans >shown && cat shown
    result=$?
    elsewhere "$kvasir" cache import --texts -c twice scans.kva && elsewhere "$kvasir" cache import --texts -c twice scans.kva || result=1
    mv away scans
    [ $result -eq 0 ] && [ "$(grep -c '(1 scan)' shown)" -eq 2 ] && grep -q '3 documents, 3 pages' shown && grep -q '(1 recognised)' shown &&
        elsewhere "$kvasir" corpus show twice | grep -q '3 documents'
}

in_volumes() {
    mkdir -p many && for word in apple banana cherry; do
        awk -v word=$word 'BEGIN { for (i = 1; i <= 20; i++) print "Line " i " is about the " word ".\n" }' >many/$word.txt
    done
    "$kvasir" ingest -q --volume-tokens 1000 -c many many && "$kvasir" cache export -q -c many many.kva &&
        elsewhere "$kvasir" cache import -q many.kva || return
    elsewhere "$kvasir" ask -q --json --max-tokens 2 --volumes 1 -c many "The apple?" >out
    [ $? -eq 1 ] && cat out && grep -q '"volume" : 1,' out && [ "$(usage out cache_creation_tokens)" -eq 0 ] && [ "$(usage out cache_read_tokens)" -gt 500 ]
}

# What nests without end; a document that would take the place of another one.
made_up() {
    awk 'BEGIN { printf "{\"path\":"; for (i = 0; i < 200000; i++) printf "["; for (i = 0; i < 200000; i++) printf "]"; print "}" }' >nest
    cp -r made nested && cp nest nested/documents/000001.json && sealed nested && refused 3 made.kva 'damaged' --texts || return
    cp -r made same && sed -i 's|scans/b.pdf|scans/a.pdf|' same/documents/000001.json && sealed same && refused 3 made.kva 'damaged' --texts
}

# across FROM TO: an archive made with one instruction set answers with the same bytes under another, computing no block.
across() {
    rm -rf across && KVASIR_DATA_DIR=$scratch/across/data KVASIR_CACHE_DIR=$scratch/across/cache KVASIR_ISA=$1 || return
    export KVASIR_DATA_DIR KVASIR_CACHE_DIR KVASIR_ISA
    "$kvasir" ingest -q -c thesis papers && "$kvasir" cache export -q -c thesis across.kva || return
    "$kvasir" ask -q --max-tokens 12 --no-history --logits from -c thesis "What does line 5 say?" >from.txt
    KVASIR_DATA_DIR=$scratch/across/data2 KVASIR_CACHE_DIR=$scratch/across/cache2 KVASIR_ISA=$2
    "$kvasir" cache import -q across.kva || return
    "$kvasir" ask -q --max-tokens 12 --no-history --logits to -c thesis "What does line 5 say?" >to.txt
    "$kvasir" ask -q --json --max-tokens 1 --no-history -c thesis "What?" >to.json
    cat from.txt to.txt to.json
    [ -s from.txt ] && cmp from.txt to.txt && cmp from to && [ "$(usage to.json cache_creation_tokens)" -eq 0 ] &&
        [ "$(usage to.json cache_read_tokens)" -ge 512 ]
}

texts() {
    "$kvasir" cache export --texts -c thesis texts.kva &&
        KVASIR_DATA_DIR=$scratch/texts/data KVASIR_CACHE_DIR=$scratch/texts/cache KVASIR_MODEL=none \
            "$kvasir" cache import --texts texts.kva &&
        KVASIR_DATA_DIR=$scratch/texts/data "$kvasir" corpus show thesis >shown &&
        "$kvasir" corpus show thesis >expected && sed 1d shown >a && sed 1d expected >b && cmp a b
}

# refused STATUS FILE PATTERN [OPTION...]: exit status, one sentence, and nothing there afterwards
refused() {
    wanted=$1 file=$2 pattern=$3
    shift 3
    rm -rf bad
    KVASIR_DATA_DIR=$scratch/bad/data KVASIR_CACHE_DIR=$scratch/bad/cache \
        "$kvasir" cache import "$@" "$file" >out 2>err
    status=$?
    cat out err
    [ "$status" -eq "$wanted" ] && [ "$(wc -l <err)" -eq 1 ] && grep -q "$pattern" err &&
        [ -z "$(KVASIR_DATA_DIR=$scratch/bad/data "$kvasir" corpus list)" ] &&
        KVASIR_CACHE_DIR=$scratch/bad/cache "$kvasir" cache status --json | grep -q '"blocks":0'
}

flipped() {
    size=$(stat -c %s thesis.kva)
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        at=$(awk -v seed="$i" -v size="$size" 'BEGIN { srand(seed); printf "%d", rand() * (size - 11000) }')
        cp thesis.kva bad.kva
        # 64 bytes: more than the padding between members can swallow unseen
        printf '%064d' "$i" | dd of=bad.kva bs=1 seek="$at" conv=notrunc 2>dd.log
        refused 3 bad.kva 'bad.kva' || { echo "at $at"; return 1; }
    done
}

truncated() {
    for part in 1 2 3 4; do
        head -c $(($(stat -c %s thesis.kva) * part / 5)) thesis.kva >short.kva
        refused 3 short.kva 'short.kva' || return
    done
}

different_corpus() {
    elsewhere "$kvasir" ingest -q --no-prefill -c mine papers/one.txt &&
        printf 'Other.\n' >papers/three.txt &&
        elsewhere "$kvasir" ingest -q --no-prefill -c other papers/three.txt || return
    elsewhere "$kvasir" cache import -c other thesis.kva >out 2>err
    [ $? -eq 2 ] && grep -q 'different corpus' err &&
        elsewhere "$kvasir" corpus show other | grep -q 'three.txt'
}

killed() {
    for delay in 0.01 0.02 0.03 0.05 0.08; do
        rm -rf other
        KVASIR_DATA_DIR=$scratch/other/data KVASIR_CACHE_DIR=$scratch/other/cache \
            "$kvasir" cache import -q thesis.kva >/dev/null 2>&1 &
        child=$!
        sleep "$delay"
        kill -9 "$child" 2>/dev/null
        wait "$child" 2>/dev/null
        elsewhere "$kvasir" cache import -q thesis.kva && elsewhere "$kvasir" cache verify &&
            elsewhere ask c there thesis && cmp here there &&
            [ "$(usage there.json cache_creation_tokens)" -eq 0 ] || return
    done
}

# With the conversations about it, in all volumes, and behind the corpus itself; the cache has not a block of it any more.
removed_all() {
    elsewhere "$kvasir" cache clear && elsewhere "$kvasir" cache status --json >before &&
        elsewhere "$kvasir" ask -q --max-tokens 1 --no-history "A?" "papers/two, with \"odd\" name.txt" >/dev/null
    [ "$(blocks)" -gt 0 ] && blocks >rest || return
    elsewhere "$kvasir" ask -q --max-tokens 2 --all-volumes -c many "The apple?" >/dev/null
    awk 'BEGIN { for (i = 1; i <= 12; i++) printf "What does line %d say, please, and why is that so? ", i; print "" }' >long
    cat long long | elsewhere "$kvasir" chat -q --max-tokens 2 -c thesis >/dev/null && elsewhere "$kvasir" corpus remove thesis &&
        elsewhere "$kvasir" cache clear -c thesis && elsewhere "$kvasir" cache clear -c many && elsewhere "$kvasir" cache status || return
    [ "$(blocks)" -eq "$(cat rest)" ] && elsewhere "$kvasir" cache clear -c thesis 2>err
    [ $? -eq 2 ] && grep -q 'no corpus "thesis"' err
}

# How many blocks the cache elsewhere has.
blocks() {
    elsewhere "$kvasir" cache status --json | sed -n 's/.*"blocks":\([0-9]*\).*/\1/p'
}

removed() {
    [ "$("$kvasir" cache status --json -c thesis | tr -dc '0-9,')" = "$(tar tf thesis.kva | grep -c blocks/ |
        sed 's/.*/&,&/')" ] && "$kvasir" cache clear -c thesis && "$kvasir" cache status --json -c thesis >left || return
    cat left
    grep -q '"cached":0' left && ask c here2 thesis && cmp here here2 &&
        [ "$(usage here2.json cache_read_tokens)" -eq 0 ]
}

ok "a corpus is exported; tar and sha256sum understand it" exports
ok "imported elsewhere, its answer is the same and nothing is computed" imports
ok "importing it again adds nothing" again
ok "under another name it is the same" other_name
ok "made with one instruction set, asked with another: the same answer" across c avx2
ok "and the other way round" across avx2 c
ok "the texts alone need no model" texts
ok "made by other weights: refused" refused 4 thesis.kva 'other weights' -m "$top_srcdir/tests/data/models/tiny-edge-f32.gguf"
ok "no archive: refused" refused 3 papers/one.txt 'no kvasir archive'
ok "missing: refused" refused 3 nothing.kva 'No such file'
ok "damaged at any place: refused" flipped
ok "cut short: refused" truncated
ok "a different corpus of that name stays" different_corpus
ok "killed while importing, imported again, it is whole" killed
ok "documents that cannot be told apart stay apart; a page by OCR" alike
ok "a made-up archive: refused" made_up
ok "what is cached of a corpus is told, and removed" removed
ok "a corpus in volumes is one, too" in_volumes
ok "what hangs on a corpus is removed with it" removed_all
finish
