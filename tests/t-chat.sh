#!/bin/sh
# kvasir chat: from a pipe and on a terminal, kept, taken up, taken back.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
unset KVASIR_ISA KVASIR_THREADS
KVASIR_MODEL=$top_srcdir/tests/data/models/tiny-a-q8_0.gguf
XDG_CONFIG_HOME=$scratch/config XDG_STATE_HOME=$scratch/state
KVASIR_CACHE_DIR=$scratch/cache KVASIR_DATA_DIR=$scratch/data
export KVASIR_MODEL XDG_CONFIG_HOME XDG_STATE_HOME KVASIR_CACHE_DIR KVASIR_DATA_DIR
cd "$scratch" || exit 1
awk 'BEGIN { for (i = 1; i <= 40; i++) print "Alpha has line " i " of 40.\n" }' >a.txt

# say LINES OPTION...: LINES (for printf) into a chat of eight tokens an answer.
say() {
    lines=$1
    shift
    # shellcheck disable=SC2059
    printf "$lines" | "$kvasir" chat -q --max-tokens 8 "$@"
}

answers() {
    sed 's/.*"answer":"\(.*\)","citations".*/\1/' "$1"
}

# A first question is asked as ask does; the second sees the first.
pipe() {
    say 'One?\nTwo?\n' --json a.txt >both && [ "$(wc -l <both)" -eq 2 ] || return
    "$kvasir" ask -q --json --max-tokens 8 "One?" a.txt | sed -n 's/.*"answer" : "\(.*\)",$/\1/p' >asked
    answers both | head -n 1 | cmp - asked || return
    say 'Two?\n' --json --no-history a.txt >alone
    [ "$(answers alone)" != "$(answers both | tail -n 1)" ]
}

taken_up() {
    say 'One?\n' --json a.txt >first && say 'Two?\n' --json --continue >second || return
    answers first >resumed && answers second >>resumed && answers both | cmp - resumed &&
        grep -q '"turn":2' second && grep -q '"cache_read_tokens":[1-9]' second
}

kept() {
    "$kvasir" chat --list >list && cat list && [ "$(wc -l <list)" -eq 2 ] && grep -q '2 turns  One?' list &&
        say 'Three?\n' --json --continue 1 >third && grep -q '"turn":3' third && "$kvasir" chat --list | grep -q '3 turns'
}

taken_back() {
    say 'One?\nX?\n/undo\nTwo?\n/turns\n' a.txt >out || return
    cat out
    grep -q '^Taken back: X?' out && grep -q '^  2 Two?' out && ! grep -q '^  3' out &&
        say 'Nothing?\n/undo\n' a.txt >/dev/null && "$kvasir" chat --list >list && ! grep -q 'Nothing' list
}

again() {
    say 'One?\n/retry\n/turns\n' --json a.txt >out || return
    cat out
    [ "$(grep -c '^{' out)" -eq 2 ] && grep -q '^  1 One?' out && ! grep -q '^  2' out &&
        [ "$(answers out | sed -n 1p)" != "$(answers out | sed -n 2p)" ]
}

saved() {
    say 'One?\n/save talk.md\n' a.txt >out && grep -q '^## One?' talk.md || return
    say 'One?\n/save talk.md\n' a.txt >out 2>err
    [ $? -eq 2 ] && grep -q 'there already' err
}

commands() {
    say '/help\n/corpus\n/tokens\n/quit\nNever?\n' a.txt >out || return
    cat out
    grep -q '^/save FILE' out && grep -q '^  1  a' out && grep -q '^documents [0-9,]*, conversation 0' out && ! grep -q Never out
}

wrong_lines() {
    say '/frob\n/undo\n/sources\n' a.txt 2>err
    [ $? -eq 2 ] && cat err && [ "$(wc -l <err)" -eq 3 ] && grep -q 'no /frob' err || return
    say 'Why\0not?\nWhy\377?\n' a.txt >out 2>err
    [ $? -eq 2 ] && cat out err && [ ! -s out ] && [ "$(grep -c 'not UTF-8' err)" -eq 2 ]
}

deleted() {
    "$kvasir" chat --list | wc -l >before
    "$kvasir" chat --delete 1 && ! "$kvasir" chat --list | grep -q '^    1 ' &&
        [ "$("$kvasir" chat --list | wc -l)" -eq $(($(cat before) - 1)) ]
}

# What was asked cannot change the terminal of who lists it.
listed() {
    say 'Why\033[31m not?\n' a.txt >/dev/null && "$kvasir" chat --list >list && grep -q 'Why .31m not?$' list && ! grep "$(printf '\033')" list
}

nothing_kept() {
    "$kvasir" chat --list >before
    say 'One?\n' --no-history a.txt >/dev/null && "$kvasir" chat --list | cmp - before
}

# The oldest turns go when the context of 8192 tokens is full, and this is said.
full_context() {
    echo "A short text." >short.txt
    awk 'BEGIN { for (i = 1; i <= 10; i++) {
                     for (k = 1; k <= 130; k++) printf "word %d of question %d, ", k, i
                     print "why?" } }' |
        "$kvasir" chat --max-tokens 2 --system "Brief." -m "$top_srcdir/tests/data/models/tiny-edge-f32.gguf" \
            short.txt >out 2>err
    status=$?
    grep 'context' err
    [ "$status" -eq 0 ] && grep -q 'room for [0-9,]* tokens more' err && grep -q 'does not see the first' err
}

terminal() {
    # Line editing: Ctrl-A, Ctrl-K and the right words instead; Ctrl-C throws a line away.
    (sleep 1; printf 'Wrong\001\013Right?\r'; sleep 2; printf 'thrown away\003'; sleep 1; printf '/turns\r'; sleep 1; printf '/quit\r') |
        script -qec "$kvasir chat -q --max-tokens 4 a.txt" /dev/null >out
    cat out
    echo
    grep -q '  1 Right?' out && ! grep -q '  2 ' out && grep -q 'Right?' "$XDG_STATE_HOME/kvasir/chat-lines" &&
        ! grep -q thrown "$XDG_STATE_HOME/kvasir/chat-lines"
}

# Every turn is computed again from its record alone; another question before it is found.
verified() {
    rm -rf data && say 'One?\nTwo?\nThree?\n' a.txt >/dev/null && [ "$("$kvasir" history | wc -l)" -eq 3 ] || return 1
    for n in 1 2 3; do
        "$kvasir" verify -q $n | grep -q '^identical$' || return 1
    done
    "$kvasir" show --json 3 | sed 's/,"sha256".*//; s/"question":"One?"/"question":"Other?"/' >changed
    hash=$(printf '%s' "$(cat changed)" | sha256sum | cut -d' ' -f1)
    printf '%s,"sha256":"%s"}\n' "$(cat changed)" "$hash" >changed.json
    "$kvasir" verify -q changed.json >out
    [ $? -eq 1 ] && cat out && grep -qi 'prompt' out
}

about_corpus() {
    "$kvasir" ingest -q -c letters a.txt && say 'One?\nTwo?\n/corpus\n' -c letters >out && grep -q '^  1  a' out &&
        "$kvasir" chat --list -c letters | grep -q '2 turns  One?' &&
        say 'Three?\n' --json --continue >third && grep -q '"turn":3' third && "$kvasir" verify -q 6 | grep -q identical
}

# Two at once on one conversation: the slower one gets one of its own, and no turn is lost.  Each waits for lines of a pipe.
two_at_once() {
    rm -rf data && say 'One?\nTwo?\n' --json a.txt >/dev/null && mkfifo slow || return
    "$kvasir" chat -q --json --max-tokens 8 --continue 1 <slow >out 2>err &
    pid=$!
    exec 9>slow
    printf '/undo\nTwo more?\n' >&9 && answered 1 || return
    # As many turns as before, but not the same.
    say 'Three?\n' --continue 1 >/dev/null && say '/undo\n/undo\nX?\n' --continue 1 >/dev/null || return
    printf 'Mine?\n/retry\nLast?\n' >&9 && answered 4 && "$kvasir" chat --delete 2 && printf 'Later?\n' >&9 && answered 5 || return
    exec 9>&-
    wait $pid || return
    cat err
    grep -q 'gone on with conversation 1; this one is conversation 2 now' err && [ "$(grep -c 'gone on' err)" -eq 1 ] &&
        grep -q 'deleted the conversation; the conversation is not kept' err || return
    say '/turns\n' --continue 1 | tr -s ' \n' ' ' | grep -qx ' 1 One? 2 X? '
}

# answered N: waits until the background chat has answered N questions.
answered() {
    for _ in $(seq 600); do
        [ "$(grep -c '^{' out)" -lt "$1" ] || return 0
        sleep 0.1
    done
    return 1
}

wrong_calls() {
    "$kvasir" chat </dev/null 2>err
    [ $? -eq 2 ] && grep -q 'no documents' err || return
    "$kvasir" chat --continue 99 </dev/null 2>err
    [ $? -eq 2 ] && grep -q 'no conversation 99' err || return
    "$kvasir" chat --delete x 2>err
    [ $? -eq 2 ] && "$kvasir" chat - </dev/null 2>err
    [ $? -eq 2 ]
}

ok "from a pipe: the first answer is that of ask, the second sees it" pipe
ok "taken up again: the same second answer, read from the cache" taken_up
ok "conversations are kept, listed and continued by number" kept
ok "/undo takes a turn back" taken_back
ok "/retry gives another answer in its place" again
ok "/save writes new files only" saved
ok "/help, /corpus, /tokens, /quit" commands
ok "what cannot be done is one sentence each, status 2" wrong_lines
ok "--delete" deleted
ok "--list shows no control characters" listed
ok "--no-history keeps nothing" nothing_kept
ok "a full context: said before, and the oldest turns go" full_context
if command -v script >/dev/null; then
    ok "a terminal: line editing, Ctrl-C, lines remembered" terminal
fi
ok "every turn can be verified" verified
ok "about a corpus, and taken up again" about_corpus
ok "two at once on one conversation" two_at_once
ok "wrong calls" wrong_calls
finish
