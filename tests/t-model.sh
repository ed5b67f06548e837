#!/bin/sh
# kvasir model: info of GGUF files and folders, the list, JSON, and what it says about files that are no models.
. "$top_srcdir/tests/tap.sh"

kvasir=$top_builddir/kvasir
models=$top_srcdir/tests/data/models
XDG_CONFIG_HOME=$scratch/config XDG_DATA_HOME=$scratch/data XDG_CACHE_HOME=$scratch/cache
export XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME
unset KVASIR_MODEL KVASIR_DATA_DIR KVASIR_CACHE_DIR

# status WANTED ARGUMENT...: runs kvasir model, keeps out and err
status() {
    want=$1; shift
    timeout 20 "$kvasir" model "$@" >"$scratch/out" 2>"$scratch/err"
    got=$?
    [ $got -eq "$want" ] || { echo "status $got instead of $want"; cat "$scratch/err"; return 1; }
}
# says FILE PATTERN...: each is in it
says() {
    file=$scratch/$1; shift
    for pattern; do
        grep -q "$pattern" "$file" || { echo "no '$pattern' in:"; cat "$file"; return 1; }
    done
}
# refused PATH WORDS: status 4, nothing on stdout, one line on stderr
refused() {
    status 4 info -m "$1" && [ ! -s "$scratch/out" ] && [ "$(wc -l <"$scratch/err")" -eq 1 ] && says err "$1.*$2"
}

info_gguf() {
    status 0 info -m "$models/tiny-b-q4_k_m.gguf" && [ ! -s "$scratch/err" ] &&
    says out '^name  *tiny-b$' 'GGUF, chatglm' 'Q4_K 6, Q6_K 2, Q8_0 1, Q5_0 1, F32 7' '4 heads over 2 KV heads of size 128, with' \
        'base 5000000, 64 of 128' '^vocabulary  *272$' '131072 tokens' '^fingerprint  *[0-9a-f]\{64\}$'
}
info_folder() {
    status 0 info "$models/tiny-0414-hf-native/" && says out 'safetensors, glm4' '^name  *tiny-0414-hf-native$' 'BF16 29'
}
info_environment() {
    KVASIR_MODEL=$models/tiny-1m-f32.gguf status 0 info && says out '^name  *tiny-1m$'
}
info_json() {
    status 0 info --json -m "$models/tiny-edge-f32.gguf" && [ "$(wc -l <"$scratch/out")" -eq 1 ] &&
    says out '"architecture":"chatglm"' '"layers":2,' '"tied_output":true' '"qkv_bias":false' '"warnings":\[\]'
}
warned() {
    sed 's/chatglm-bpe/chatglm-xxx/' "$models/tiny-1m-f32.gguf" >"$scratch/warned.gguf"
    status 0 info "$scratch/warned.gguf" && says out '^warning .*tokenizer.ggml.pre'
}
list_models() {
    mkdir -p "$XDG_DATA_HOME/kvasir/models/more"
    cp "$models/tiny-1m-f32.gguf" "$XDG_DATA_HOME/kvasir/models/more/one.gguf"
    cp -r "$models/tiny-edge-hf-native" "$XDG_DATA_HOME/kvasir/models/edge"
    echo nothing >"$XDG_DATA_HOME/kvasir/models/bad.gguf"
    echo nothing >"$XDG_DATA_HOME/kvasir/models/note.txt"
    status 0 list -m "$models/tiny-a-q4_0.gguf" || return 1
    says out '^  tiny-1m .*more/one.gguf$' '^  edge .*models/edge$' '^\* tiny-a .*tiny-a-q4_0.gguf$' &&
    [ "$(wc -l <"$scratch/out")" -eq 3 ] && says err 'bad.gguf: is not a GGUF file' && [ "$(wc -l <"$scratch/err")" -eq 1 ]
}
list_in_use() {
    status 0 list -m "$XDG_DATA_HOME/kvasir/models/more/one.gguf" && says out '^\* tiny-1m ' && [ "$(wc -l <"$scratch/out")" -eq 2 ]
}
list_json() {
    status 0 list --json -m "$models/tiny-a-q4_0.gguf" && [ "$(wc -l <"$scratch/out")" -eq 1 ] && [ ! -s "$scratch/err" ] &&
    says out '"folder":' '"error":"[^"]*bad.gguf: is not a GGUF file","in_use":false' '"in_use":true}[],]' '}\]}$'
}

head -c 5000 "$models/tiny-1m-f32.gguf" >"$scratch/short.gguf"
: >"$scratch/empty.gguf"
mkfifo "$scratch/fifo"
mkdir "$scratch/folder"

ok 'info of a GGUF file' info_gguf
ok 'info of a folder, named as an argument' info_folder
ok 'info of the model that KVASIR_MODEL names' info_environment
ok 'info as JSON' info_json
ok 'a warning is shown' warned
ok 'list: files, folders, the model in use, and what is no model' list_models
ok 'list: the model in use is listed once' list_in_use
ok 'list as JSON' list_json
ok 'a truncated file is refused' refused "$scratch/short.gguf" 'fetch it again'
ok 'an empty file is refused' refused "$scratch/empty.gguf" 'fetch it again'
ok 'a FIFO is refused' refused "$scratch/fifo" 'not a regular file'
ok 'a folder without a model is refused' refused "$scratch/folder" 'config.json'
ok 'a missing file is refused' refused "$scratch/nothing" 'No such file'
ok 'neither info nor list is a wrong call' status 2 show
ok 'no word at all is a wrong call' status 2
finish
