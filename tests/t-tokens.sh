#!/bin/sh
# kvasir tokens: ids, back again, and what is refused.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
unset KVASIR_ISA KVASIR_THREADS
KVASIR_MODEL=$top_srcdir/tests/data/models/tiny-a-q8_0.gguf
XDG_CONFIG_HOME=$scratch/config KVASIR_CACHE_DIR=$scratch/cache KVASIR_DATA_DIR=$scratch/data
export KVASIR_MODEL XDG_CONFIG_HOME KVASIR_CACHE_DIR KVASIR_DATA_DIR
vocabulary=$top_srcdir/tests/data/tiny-a.tokenizer
cd "$scratch" || exit 1

# gives EXPECTED OPTION...: the ids of standard input.
gives() {
    expected=$1
    shift
    got=$("$kvasir" tokens "$@") && echo "$got" && [ "$got" = "$expected" ]
}

# refuses STATUS WORDS OPTION...: that exit status, and one line on stderr that has the words.
refuses() {
    status=$1 words=$2
    shift 2
    "$kvasir" tokens "$@" >out 2>err </dev/null
    got=$?
    cat out err
    [ "$got" -eq "$status" ] && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] && grep -q "$words" err
}

text='Once upon a time' ids='46 77 66 68 220 84 79 284 260 256 72 76 68'
from_model() { printf %s "$text" | gives "$ids"; }
from_vocabulary() { printf %s "$text" | gives "$ids" --tokenizer "$vocabulary"; }
from_file() { printf %s "$text" >text && gives "$ids" text && gives "$ids" - <text; }
ok "ids by the model's vocabulary" from_model
ok "ids by a tokenizer.model" from_vocabulary
ok "from a file or standard input" from_file

names_are_text() { printf '<|user|>' | gives '27 91 84 82 262 91 29'; }
replaced() { printf 'a\342\202b' | "$kvasir" tokens >one && printf 'a\357\277\275b' | "$kvasir" tokens >two && cmp one two; }
nothing() { gives '' </dev/null; }
ok "names of special tokens are plain text" names_are_text
ok "ill-formed bytes count as U+FFFD" replaced
ok "no text, no ids" nothing

round_trip() {
    cat "$vocabulary" "$kvasir" >input
    for i in 1 2 3; do
        "$kvasir" tokens <input >"ids$i" && "$kvasir" tokens --decode "ids$i" >input || return
    done
    wc ids1 ids3
    cmp ids1 ids2 && cmp ids2 ids3
}
special_names() { [ "$(echo 308 310 313 | "$kvasir" tokens --decode)" = '[gMASK]<sop><|user|>' ]; }
ok "--decode is the way back" round_trip
ok "--decode shows special tokens by name" special_names

echo "1 x 3" >letters
echo "1 2 320" >large
echo 99999999999999999999 >huge
mkdir folder
truncate -s 257M endless
head -n 9 "$vocabulary" >short.tokenizer
sed '7s/ .*/ 9/' "$vocabulary" >odd.tokenizer
ok "refuses letters as ids" refuses 3 'letters: number 2 is not a token id' --decode letters
ok "refuses ids outside the vocabulary" refuses 3 'number 3, 320, is not in the vocabulary' --decode large
ok "refuses ids that are no 32-bit numbers" refuses 3 'huge: number 1' --decode huge
ok "refuses a missing file" refuses 3 'nowhere: No such file' nowhere
ok "refuses what is endless" refuses 3 'endless: longer than 256 MiB' endless
ok "refuses a folder" refuses 3 'folder: Is a directory' folder
ok "refuses two files" refuses 2 'only one file' text text
ok "refuses a missing vocabulary" refuses 4 'nowhere: No such file' --tokenizer nowhere
ok "refuses a folder as vocabulary" refuses 4 'folder is not a regular file' --tokenizer folder
ok "refuses a vocabulary that breaks off" refuses 4 'short.tokenizer: .*no token for the single byte' --tokenizer short.tokenizer
ok "refuses ranks out of order" refuses 4 'odd.tokenizer: line 7 has rank 9 where 6 is expected' --tokenizer odd.tokenizer
finish
