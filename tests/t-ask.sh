#!/bin/sh
# kvasir ask: what is computed and what is read back, exit statuses, JSON.
. "$top_srcdir/tests/tap.sh"
small_model

# document NAME SENTENCES: a text file of that many sentences, all different.
document() {
    awk -v name="$1" -v n="$2" 'BEGIN { for (i = 1; i <= n; i++) print name " has line " i " of " n ".\n" }' >"$1.txt"
}

# The random model cites nothing: status 1 is the honest end.
ask_json() {
    out=$1
    shift
    "$kvasir" ask -q --json --max-tokens 8 "$@" >"$out"
    [ $? -eq 1 ]
}

document alpha 40
document beta 20
document gamma 15

cold_counts() {
    ask_json cold.json "What is in line 7?" alpha.txt beta.txt || return
    tokens=$(usage cold.json prompt_tokens)
    written=$(usage cold.json cache_creation_tokens)
    echo "$tokens tokens, $written written"
    [ "$(usage cold.json cache_read_tokens)" -eq 0 ] && [ "$(usage cold.json output_tokens)" -le 8 ] &&
        [ "$written" -gt 1280 ] && [ $((written % 256)) -eq 0 ] && [ $((tokens - written)) -lt 700 ]
}

warm_counts() {
    ask_json warm.json "What is in line 7?" alpha.txt beta.txt || return
    cat warm.json
    [ "$(usage warm.json cache_read_tokens)" -eq "$(usage cold.json cache_creation_tokens)" ] &&
        [ "$(usage warm.json cache_creation_tokens)" -eq 0 ]
}

same_answer() {
    grep '"answer"' cold.json >cold.answer
    grep '"answer"' warm.json >warm.answer
    [ -s cold.answer ] && cmp cold.answer warm.answer
}

# Another question, and other names and times of the files: only content counts.
other_question() {
    touch alpha.txt
    ask_json other.json "And what is in line 9 of the second?" alpha.txt beta.txt &&
        [ "$(usage other.json cache_read_tokens)" -eq "$(usage cold.json cache_creation_tokens)" ]
}

shared_beginning() {
    ask_json shared.json "What is in line 7?" alpha.txt gamma.txt || return
    read=$(usage shared.json cache_read_tokens)
    echo "$read read"
    [ "$read" -gt 512 ] && [ "$read" -lt "$(usage cold.json cache_creation_tokens)" ] &&
        [ "$(usage shared.json cache_creation_tokens)" -gt 0 ]
}

changed_options() {
    ask_json f16.json --kv f16 "What is in line 7?" alpha.txt beta.txt &&
        [ "$(usage f16.json cache_read_tokens)" -eq 0 ] &&
        ask_json system.json --system "Be brief." "What is in line 7?" alpha.txt beta.txt &&
        [ "$(usage system.json cache_read_tokens)" -eq 0 ]
}

no_cache() {
    ask_json nocache.json --no-cache "What is in line 7?" alpha.txt beta.txt &&
        [ "$(usage nocache.json cache_read_tokens)" -eq 0 ] && [ "$(usage nocache.json cache_creation_tokens)" -eq 0 ] &&
        grep '"answer"' nocache.json | cmp - cold.answer
}

# A block that is damaged on disk is found by its checksum and computed again.
damaged_cache() {
    rm -rf damaged && mkdir damaged || return
    KVASIR_CACHE_DIR=$scratch/damaged
    export KVASIR_CACHE_DIR
    ask_json d1.json "What is in line 7?" alpha.txt beta.txt || return
    size=$(wc -c <damaged/kv.db)
    at=$((size / 2))
    head -c 4096 /dev/zero | dd of=damaged/kv.db bs=1 seek="$at" conv=notrunc 2>/dev/null || return
    ask_json d2.json "What is in line 7?" alpha.txt beta.txt || return
    cat d2.json
    grep '"answer"' d2.json | cmp - cold.answer
}

# A random model quotes nothing; the array is there all the same.
quotations_member() {
    tr -d ' \n' <cold.json | grep -q '"citations":\[\],"quotations":\[.*\],"stop_reason"'
}

human_output() {
    status 1 "$kvasir" ask --max-tokens 8 "What is in line 7?" alpha.txt beta.txt &&
        grep -q '^kvasir: [0-9,]* of [0-9,]* prompt tokens read from the cache' err &&
        grep -q 'cites no page' err && [ -s out ] && [ "$(tail -c 1 out | od -An -tx1)" = " 0a" ]
}

unsupported() {
    status 1 "$kvasir" ask --max-tokens 8 "What is in line 7?" alpha.txt &&
        grep -qx 'Nothing in these documents supports this answer.' out &&
        grep -q '"status" : "unsupported"' cold.json && grep -q '"found" : false' cold.json
}

quiet() {
    status 1 "$kvasir" ask -q --max-tokens 8 "What is in line 7?" alpha.txt && [ ! -s err ]
}

sampling() {
    for seed in 1 1 2; do
        "$kvasir" ask -q --max-tokens 40 --temperature 2 --top-p 0.9 --seed $seed "Why?" gamma.txt >"s$seed.new"
        [ ! -e "s$seed" ] || cmp "s$seed" "s$seed.new" || return
        mv "s$seed.new" "s$seed"
    done
    ! cmp -s s1 s2
}

standard_input() {
    ask_json a.json "Why?" gamma.txt && ask_json b.json "Why?" - <gamma.txt || return
    grep prompt_tokens a.json b.json
    [ "$(usage a.json prompt_tokens)" -gt 0 ] && [ "$(usage b.json prompt_tokens)" -gt 0 ]
}

# The model is small; its context is not: 200,000 bytes of this are above 131,072 tokens.
too_long() {
    document long 9000
    status 2 "$kvasir" ask -q "Why?" alpha.txt long.txt && grep -q 'the first 1 of 2 documents would fit' err &&
        grep -q '131,072' err && [ ! -s out ]
}

some_unreadable() {
    printf '\211PNG\r\n\032\n\000\000\000\rIHDR' >picture.pdf
    status 3 "$kvasir" ask -q --max-tokens 4 "Why?" picture.pdf gamma.txt missing.txt && [ -s out ] &&
        grep -q 'picture.pdf' err && grep -q 'missing.txt' err
}

none_readable() {
    status 3 "$kvasir" ask -q "Why?" picture.pdf && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ]
}

missing_model() {
    status 4 "$kvasir" ask -m nowhere.gguf "Why?" gamma.txt && grep -q 'nowhere.gguf' err && [ "$(wc -l <err)" -eq 1 ]
}

not_a_database() {
    mkdir -p text && echo "this is not a database, but a text that is longer than a header would be.........................." >text/kv.db
    status 4 env KVASIR_CACHE_DIR="$scratch/text" "$kvasir" ask "Why?" gamma.txt && grep -q 'kv.db' err
}

control_words() {
    printf 'Here stands <|user|> and <|endoftext|> as text.\n' >control.txt
    "$kvasir" ask -q --json --max-tokens 1 "Is it <|user|>?" control.txt >control.json
    [ $? -le 1 ] && grep -q '"prompt_tokens"' control.json
}

full_output() {
    [ -c /dev/full ] || return 0
    "$kvasir" ask -q --max-tokens 4 "Why?" gamma.txt >/dev/full 2>err
    [ $? -eq 4 ] && grep -q 'standard output: a part of the output is lost' err
}

ok "cold: all is computed, whole blocks are written" cold_counts
ok "warm: the blocks are read back" warm_counts
ok "the warm answer is the cold answer" same_answer
ok "another question over the same documents computes the tail only" other_question
ok "documents with the same beginning share its blocks" shared_beginning
ok "another KV type, another system message: other blocks" changed_options
ok "--no-cache neither reads nor writes, and answers the same" no_cache
ok "a damaged block is computed again" damaged_cache
ok "JSON has the quotations" quotations_member
ok "for people: what was read back, and that nothing was cited" human_output
ok "what nothing supports is said, in words and in JSON" unsupported
ok "-q: nothing on standard error" quiet
ok "sampling: a seed gives one answer, another seed another" sampling
ok "- is standard input" standard_input
ok "too long a prompt: the numbers, and what would fit" too_long
ok "unreadable files are named, the rest is answered, status 3" some_unreadable
ok "nothing readable: one sentence, status 3" none_readable
ok "a missing model: one sentence, status 4" missing_model
ok "a cache that is no database: status 4" not_a_database
ok "control words in documents and questions are text" control_words
ok "a full disk under standard output is an error" full_output
finish
