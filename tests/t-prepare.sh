#!/bin/sh
# Prepared weights: the same bytes with and without, and whatever happens to the file, answers go on.
. "$top_srcdir/tests/tap.sh"

kvasir=$top_builddir/kvasir
models=$top_srcdir/tests/data/models
XDG_CONFIG_HOME=$scratch/config XDG_DATA_HOME=$scratch/data XDG_CACHE_HOME=$scratch/cache
export XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME
unset KVASIR_MODEL KVASIR_DATA_DIR KVASIR_CACHE_DIR KVASIR_PREPARE KVASIR_ISA
folder=$scratch/cache/kvasir/prepared
model=$models/tiny-b-q4_k_m.gguf

# raw MODEL OPTION...: logits to standard output
raw() {
    file=$1; shift
    echo 5 9 77 31 8 120 44 | "$kvasir" logits --raw -m "$file" "$@" 2>"$scratch/err"
}
one_remark() {
    [ "$(grep -c . "$scratch/err")" -eq 1 ] && grep -q "$1" "$scratch/err" || { cat "$scratch/err"; return 1; }
}

same_bytes() {
    for file in "$models"/tiny-a-q*.gguf "$models"/tiny-b-q*.gguf; do
        KVASIR_PREPARE=false raw "$file" >"$scratch/without" && [ -s "$scratch/without" ] || return 1
        raw "$file" >"$scratch/memory" && "$kvasir" model prepare "$file" >"$scratch/path" &&
        [ "$(ls "$folder")" = "$(basename "$(cat "$scratch/path")")" ] || return 1
        for isa in c avx2 avx512; do
            raw "$file" --isa $isa >"$scratch/with" && cmp "$scratch/without" "$scratch/with" || return 1
        done
        cmp "$scratch/without" "$scratch/memory" && "$kvasir" model prepare --remove "$file" || return 1
    done
    [ -z "$(ls "$folder")" ]
}
listed() {
    "$kvasir" model prepare -m "$model" >"$scratch/path" && "$kvasir" model prepared >"$scratch/out" &&
    grep -q "^tiny-b  .*  $(cat "$scratch/path")$" "$scratch/out" &&
    "$kvasir" model prepared --json | grep -q '^\[{"name":"tiny-b","bytes":[0-9]*,"path":".*"}\]$' &&
    "$kvasir" model prepare --check -m "$model" | grep -q ': good$'
}
# damaged COMMAND...: after COMMAND on the file there is one remark, the same logits, and a good file again
damaged() {
    KVASIR_PREPARE=false raw "$model" >"$scratch/without"
    "$@" && raw "$model" >"$scratch/with" && one_remark "$remark" && cmp "$scratch/without" "$scratch/with" &&
    "$kvasir" model prepare --check -m "$model" >/dev/null && raw "$model" >/dev/null && [ ! -s "$scratch/err" ]
}
cut_off() { truncate -s -4096 "$(cat "$scratch/path")"; }
cut_short() { truncate -s 100 "$(cat "$scratch/path")"; }
emptied() { : >"$(cat "$scratch/path")"; }
flip() { printf '\252' | dd of="$(cat "$scratch/path")" bs=1 seek="$1" conv=notrunc 2>/dev/null; }
of_another() {
    other=$("$kvasir" model prepare -m "$models/tiny-b-q6_k.gguf") && mv "$other" "$(cat "$scratch/path")"
}
content_flipped() {
    flip 60000 && ! "$kvasir" model prepare --check -m "$model" 2>"$scratch/err" && one_remark 'are damaged' &&
    "$kvasir" model prepare -m "$model" >/dev/null && "$kvasir" model prepare --check -m "$model" >/dev/null
}
interrupted_write() {
    part=$(cat "$scratch/path").part
    rm -f "$(cat "$scratch/path")" && head -c 5000 /dev/urandom >"$part" &&
    "$kvasir" model prepare -m "$model" >/dev/null && [ ! -e "$part" ] && "$kvasir" model prepare --check -m "$model" >/dev/null
}
another_process() {
    part=$(cat "$scratch/path").part
    : >"$part" && flock "$part" "$kvasir" model prepare -m "$model" 2>"$scratch/err" && return 1
    rm -f "$part"; one_remark 'another process is writing'
}
no_folder() {
    rm -rf "$folder" && : >"$folder" && ! "$kvasir" model prepare -m "$model" 2>"$scratch/err" &&
    one_remark 'cannot write the prepared weights' && raw "$model" >/dev/null && [ ! -s "$scratch/err" ]
    status=$?; rm -f "$folder"; return $status
}
floats() { ! "$kvasir" model prepare -m "$models/tiny-a-f16.gguf" 2>"$scratch/err" && one_remark 'no quantised weights'; }

ok 'the same logits with and without, in memory and mapped, with every set' same_bytes
ok 'prepared, listed, checked' listed
remark='are cut off'
ok 'a file that was cut off' damaged cut_off
ok 'a file cut in its header' damaged cut_short
ok 'an empty file' damaged emptied
remark='are damaged'
ok 'a flipped byte in the magic' damaged flip 3
ok 'a flipped byte in the name' damaged flip 110
ok 'a flipped byte in the table' damaged flip 270
remark='of another version'
ok 'a file of another version' damaged flip 16
remark='of another model'
ok 'a file of another model' damaged of_another
ok 'a flipped byte of the content is found by --check' content_flipped
ok 'what a killed process left is written over' interrupted_write
ok 'two processes do not write the same file' another_process
ok 'a folder that cannot be written' no_folder
ok 'floating-point weights are not prepared' floats
finish
