#!/bin/sh
# What a terminal gets: no control characters of strangers, lines that fit, no escape sequences where it knows none.
. "$top_srcdir/tests/tap.sh"
small_model
esc=$(printf '\033')
csi=$(printf '\302\233')
awk 'BEGIN { for (i = 1; i <= 60; i++) print "Line " i " says " (i * 7919) % 1000 ".\n" }' >long.txt
echo "A text of a few words." >"bad${esc}[2J.txt"
echo "A text of a few words." >good.txt

# Nothing in FILE... would be obeyed.
harmless() {
    for file in "$@"; do
        ! grep -q "$esc\|$csi" "$file" || { cat -v "$file"; return 1; }
    done
}

messages() {
    status 2 "$kvasir" ask "--x${esc}[31m" && grep -q 'Unknown option --x\\033\[31m' err && harmless out err || return 1
    status 2 "$kvasir" "ask${csi}31m" && grep -q 'no command "ask\\302\\23331m"' err && harmless out err || return 1
    status 2 "$kvasir" ask -c "c${esc}c" "Why?" && harmless out err || return 1
    status 3 "$kvasir" ask "Why?" "${esc}[31mnowhere.txt" && harmless out err
}

files() {
    status 0 "$kvasir" ingest --no-prefill -c names good.txt "bad${esc}[2J.txt" && grep -q 'bad\\033\[2J.txt: says what' err &&
        harmless out err || return 1
    status 0 "$kvasir" corpus show names && grep -q '= .*bad\\033\[2J.txt' out && harmless out err &&
        status 0 "$kvasir" search few && harmless out err
}

# A batch may be a stranger's; lines stay lines.
questions() {
    printf '{"question": "Why\\u001b[31m \\u009b31m red?\\nAnd"}\n' >questions.jsonl
    status 1 "$kvasir" ask -q --max-tokens 2 --batch questions.jsonl good.txt && status 0 "$kvasir" history && harmless out &&
        status 0 "$kvasir" show 1 && grep -q '^Why\\033\[31m \\302\\23331m red?$' out && grep -q '^And$' out && harmless out || return 1
    printf '/turns\n' | "$kvasir" chat -q --max-tokens 2 good.txt >out 2>err
    printf 'Why%s[31m not?\n/turns\n' "$esc" | "$kvasir" chat -q --max-tokens 2 good.txt >out 2>err
    grep -q '^  1 Why \[31m not?$' out && harmless out err
}

# What is printed to go on with can be given to a shell as it is.
goes_on() {
    awk 'BEGIN { for (i = 1; i <= 150; i++) print "Line " i " says " (i * 7919) % 1000 ".\n" }' >longer.txt
    env --default-signal=INT "$kvasir" ask --isa c -t 1 --max-tokens 1 --system "it's ${esc}[31m ü" "Why?" longer.txt >out 2>err &
    child=$!
    for i in $(seq 400); do
        "$kvasir" cache status --json | grep -q '"blocks":[1-9]' && break
        sleep 0.02
    done
    kill -INT "$child"
    wait "$child"
    [ $? -eq 75 ] && harmless err && sed -n 's/^  kvasir /"$kvasir" /p' err >again || return 1
    cat again
    kvasir=$kvasir bash again >out 2>err
    cat err
    status 0 "$kvasir" history --json && grep -q '"question" : "Why?"' out &&
        status 0 "$kvasir" show --json "$("$kvasir" history | sed -n '$s/^ *\([0-9]*\) .*/\1/p')" &&
        grep -q '"system":"it.s \\u001b\[31m ü"' out
}

# progress COLUMNS TERM: what a terminal of so many columns gets on standard error.
progress() {
    rm -rf cache
    script -qec "stty cols $1; TERM=$2 '$kvasir' ask --isa c -t 1 --no-history --max-tokens 1 'Why?' long.txt >/dev/null" /dev/null \
        </dev/null >shown
    grep -q prefill shown || { cat -v shown; return 1; }
}

# Between carriage return and the end of the redrawn line there are fewer columns than the terminal has.
narrow() {
    progress 20 xterm && tr '\r' '\n' <shown | grep "$esc\[K" | sed "s/$esc\[K.*//" >lines && [ -s lines ] &&
        ! grep -q '.\{20\}' lines
}

dumb() {
    rm -rf cache
    script -qec "TERM=dumb '$kvasir' ask --isa c -t 1 --no-history --max-tokens 1 'Why?' long.txt" /dev/null </dev/null >shown
    grep -q 'prompt tokens' shown && harmless shown
}

ok "messages" messages
ok "names of files" files
ok "questions" questions
if command -v bash >/dev/null && env --default-signal=INT true 2>/dev/null; then
    ok "the command that goes on" goes_on
else
    skip "the command that goes on" "no bash, or env without signals"
fi
if command -v script >/dev/null; then
    ok "progress fits 20 columns" narrow
    ok "TERM=dumb: no escape sequences" dumb
else
    skip "terminals" "no script(1)"
fi
finish
