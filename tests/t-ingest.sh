#!/bin/sh
# kvasir ingest: corpora from files and folders, what changed, what is prefilled.
. "$top_srcdir/tests/tap.sh"
. "$top_srcdir/tests/pdf.sh"
small_model

document() {
    awk -v name="$1" -v n="$2" 'BEGIN { for (i = 1; i <= n; i++) print name " has line " i " of " n ".\n" }' >"$1"
}

mkdir -p papers/sub papers/.hidden
document papers/b.txt 15
document papers/a.md 15
document papers/sub/c.txt 15
document papers/.hidden/d.txt 5
echo "int main(void)" >papers/code.c
printf '<!DOCTYPE html><title>Page</title><h1>One</h1><p>The rate is 0.003 here.</p>' >papers/page.html

first() {
    status 0 "$kvasir" ingest -c thesis papers && grep -qx 'thesis: 4 documents (4 new, 0 changed, 0 as before)' out &&
        grep -q '^kvasir: 0 of ' err
}

again() {
    status 0 "$kvasir" ingest -c thesis papers && grep -qx 'thesis: 4 documents (0 new, 0 changed, 4 as before)' out &&
        grep -q ', [0-9]* computed in' err && ! grep -q '^kvasir: 0 of ' err
}

prefilled() {
    "$kvasir" ask -q --json --max-tokens 2 -c thesis "What rate?" >ask.json
    [ $? -eq 1 ] && [ "$(usage ask.json cache_read_tokens)" -gt 1024 ] && [ "$(usage ask.json cache_creation_tokens)" -eq 0 ]
}

# ask -c reads nothing but the catalogue.
without_files() {
    mv papers elsewhere
    "$kvasir" ask -q --json --max-tokens 2 -c thesis "What rate?" >ask2.json
    result=$?
    mv elsewhere papers
    [ "$result" -eq 1 ] && [ "$(usage ask2.json prompt_tokens)" -eq "$(usage ask.json prompt_tokens)" ]
}

touched() {
    touch papers/a.md
    status 0 "$kvasir" ingest -c thesis papers/a.md && grep -q '0 new, 0 changed, 1 as before' out
}

appended() {
    document papers/0.txt 10
    status 0 "$kvasir" ingest -c thesis papers && grep -q '1 new, 0 changed, 4 as before' out &&
        ! grep -q '^kvasir: 0 of ' err
}

changed() {
    document papers/sub/c.txt 16
    status 0 "$kvasir" ingest -c thesis papers && grep -q '0 new, 1 changed, 4 as before' out
}

# Same size, same time, other content: --reread finds it.
reread() {
    touch -d '2020-01-01' papers/b.txt && "$kvasir" ingest -q --no-prefill -c thesis papers || return
    sed 's/has line/had line/' papers/b.txt >new && cat new >papers/b.txt && touch -d '2020-01-01' papers/b.txt
    status 0 "$kvasir" ingest -q --no-prefill --reread -c thesis papers && grep -q '0 new, 1 changed' out
}

no_prefill() {
    status 0 env KVASIR_MODEL=nowhere.gguf KVASIR_CACHE_DIR="$scratch/none" \
        "$kvasir" ingest --no-prefill -c texts papers/b.txt && [ ! -e none/kv.db ]
}

# Two corpora with the same first documents share their blocks.
shared() {
    status 0 "$kvasir" ingest -c one papers/b.txt papers/a.md && status 0 "$kvasir" ingest -c two papers/b.txt papers/sub/c.txt &&
        grep -q '^kvasir: [1-9][0-9,]* of ' err
}

unreadable() {
    printf '\211PNG\r\n\032\n\000\000\000\rIHDR' >papers/picture.pdf
    status 3 "$kvasir" ingest --no-prefill -c mixed papers missing.txt && grep -q 'picture.pdf' err && grep -q 'missing.txt' err &&
        grep -q '2 unreadable' out
}

nothing() {
    mkdir -p empty
    status 3 "$kvasir" ingest -c nothing empty && grep -q 'nothing to read' err
}

too_long() {
    document long.txt 9000
    status 2 "$kvasir" ingest -c long papers/b.txt long.txt && grep -q 'not prefilled: .*long.txt: page 1 alone has' err &&
        grep -q '2 new' out
}

# Two files of the same content are one document, and neither is read again.
copies() {
    mkdir -p twice && document twice/a.txt 20 && cp twice/a.txt twice/b.txt && touch -d '2020-01-01' twice/*.txt || return
    "$kvasir" ingest -q --no-prefill -c twice twice &&
        [ "$("$kvasir" corpus show twice | grep -c '\.txt')" -eq 1 ] || return
    chmod 0 twice/a.txt twice/b.txt
    status 0 "$kvasir" ingest --no-prefill -c twice twice && grep -q '0 new, 0 changed, 2 as before' out || return
    # As root, what may not be read can be read all the same: a content that differs would be seen.
    chmod 644 twice/a.txt twice/b.txt && sed 's/has/HAS/' twice/a.txt >twice/n && cat twice/n >twice/b.txt && rm twice/n &&
        touch -d '2020-01-01' twice/b.txt && status 0 "$kvasir" ingest --no-prefill -c twice twice &&
        grep -q '0 new, 0 changed, 2 as before' out &&
        status 0 "$kvasir" ingest --no-prefill --reread -c twice twice && grep -q '1 changed, 1 as before' out &&
        [ "$("$kvasir" corpus show twice | grep -c '\.txt')" -eq 2 ]
}

# The same text in another form is no other document; what could not be read might be.
alike() {
    mkdir -p alike && document alike/a.txt 30 || return
    { echo '<!DOCTYPE html><title>The same</title>' && sed 's/^/<p>/' alike/a.txt; } >alike/b.html
    { echo && sed 's/ has /  has\n/; s/of 30/of\t３０/' alike/a.txt; } >alike/c.txt
    sed 's/line 7 /line 7. /' alike/a.txt >alike/d.txt
    for scan in e f; do
        echo 'q 612 0 0 792 0 0 cm /I Do Q' | pdf alike/$scan.pdf "/Of ($scan)"
    done
    status 3 "$kvasir" ingest --no-prefill -c alike alike &&
        grep -q '6 documents (4 new, 0 changed, 0 as before, 2 duplicates), 2 of them partly' out &&
        grep -q 'alike/b.html: says what .*/alike/a.txt says, which stands for both' err &&
        grep -q 'alike/c.txt: says what .*/alike/a.txt says' err &&
        [ "$("$kvasir" corpus show alike | grep -c '/alike/')" -eq 4 ] || return
    # Pages that could not be read are told again while nothing has changed, and the status is the same.
    touch -d '2020-01-01' alike/*
    status 3 "$kvasir" ingest -q --no-prefill -c alike alike/e.pdf && status 3 "$kvasir" ingest -q --no-prefill -c alike alike/e.pdf &&
        grep -q '(0 new, 0 changed, 1 as before), 1 of them partly read' out &&
        grep -q '/alike/e.pdf: 1 of 1 pages could not be read: scan 1' err &&
        status 0 "$kvasir" ingest -q --no-prefill -c alike alike/a.txt && [ ! -s err ]
}
json() {
    rm -r "$KVASIR_DATA_DIR" && printf 'GIF89a' >alike/g.txt && touch -d '2020-01-01' alike/*
    status 3 "$kvasir" ingest --json --no-prefill -c alike alike &&
        grep -q '"new":4,"changed":0,"same":0,"duplicates":2,"partly_read":2,"unreadable":1,' out &&
        grep -qE '"nearly_the_same":\[\{"path":"[^"]*/alike/d.txt","like":"[^"]*/alike/a.txt","percent":9[0-9]\}\]' out &&
        grep -qE '/alike/b.html","status":"duplicate","format":"html","pages":1,[^}]*"duplicate_of":"[^"]*/alike/a.txt"' out &&
        grep -qE '/alike/g.txt","status":"unreadable","why":"[^"]*GIF image' out || return
    status 3 "$kvasir" ingest --json --no-prefill -c alike alike && [ "$(grep -o '"status":"same"' out | wc -l)" -eq 6 ]
}
# Another version of a document is told when it is read, whether the one that it is like was there before or came with it.
near() {
    mkdir -p near && document near/first.txt 60 && document near/other.txt 60 && sed 's/ 31 / thirty-one /' near/first.txt >near/second.txt
    status 0 "$kvasir" ingest --no-prefill -c near near && [ "$(grep -c 'nearly the same' err)" -eq 1 ] &&
        grep -qE '/near/second.txt: nearly the same as /.*/near/first.txt \(9[0-9]%\)$' err || return
    touch -d '2020-01-01' near/*
    status 0 "$kvasir" ingest --no-prefill -c near near && ! grep -q 'nearly the same' err || return
    sed 's/ 32 / thirty-two /' near/second.txt >near/third.txt
    status 0 "$kvasir" ingest -q --no-prefill -c near near && [ ! -s err ] || return
    sed 's/ 33 / thirty-three /' near/second.txt >near/first.txt
    status 0 "$kvasir" ingest --no-prefill -c near near && [ "$(grep -c 'nearly the same' err)" -eq 1 ] &&
        grep -qE '/near/first.txt: nearly the same as .*/near/(second|third).txt' err || return
    # Of very many, some are named.
    mkdir -p licence && for i in $(seq 30); do sed "s/ 31 / $i.$i.$i /" near/other.txt >licence/$i.txt; done
    status 0 "$kvasir" ingest --no-prefill -c licence licence && [ "$(grep -c ': nearly the same as' err)" -eq 20 ] &&
        grep -q '9 more are nearly the same as others' err
}
# Without an ending, what a file begins with tells whether it is a document.
nameless() {
    mkdir -p nameless && echo 'BT /F 12 Tf 72 700 Td (A paper without an ending.) Tj ET' | pdf nameless/paper &&
        echo '<!DOCTYPE html><title>Page</title><p>A page without one, either.' >nameless/page && echo 'all: it' >nameless/Makefile &&
        status 0 "$kvasir" ingest --no-prefill -c nameless nameless && grep -q '2 documents (2 new' out &&
        grep -qx 'kvasir ingest: 1 file that does not look like a document was left out (--include takes them)' err &&
        status 0 "$kvasir" ingest -q --no-prefill --include Makefile -c nameless nameless && grep -q '1 document (1 new' out
}
# What is not read of a folder is told: files that do not look like documents, and a folder that may not be listed, which costs only itself.
left_out() {
    mkdir -p left/a left/b && document left/a/in.txt 5 && document left/c.txt 6 && echo x >left/a/code.c && echo x >left/code.c || return
    status 0 "$kvasir" ingest --no-prefill -c left left && grep -q '2 documents' out &&
        grep -qx 'kvasir ingest: 2 files that do not look like documents were left out (--include takes them)' err &&
        status 0 "$kvasir" ingest -q --no-prefill -c left left && [ ! -s err ] &&
        status 0 "$kvasir" ingest --no-prefill --include '*.txt' -c left left && [ ! -s err ] || return
    chmod 755 "$PWD" && chmod 000 left/b
    if [ "$(id -u)" -ne 0 ]; then
        set -- "$kvasir"
    elif setpriv --reuid 65534 --clear-groups test -r "$kvasir" -a -x "$PWD" 2>/dev/null; then
        set -- setpriv --reuid 65534 --clear-groups "$kvasir"
    else
        return 0
    fi
    mkdir -p own && chmod 777 own
    status 3 env KVASIR_DATA_DIR="$PWD/own/data" KVASIR_CACHE_DIR="$PWD/own/cache" "$@" ingest --no-prefill -c left left
    result=$?
    chmod 700 left/b
    [ $result -eq 0 ] && grep -q '2 documents .*, 1 unreadable' out && grep -q '/left/b.*: Permission denied' err
}
# Many files: a second run reads those that have changed, by their content, and no other.
many() {
    mkdir -p many && awk 'BEGIN { for (i = 0; i < 200; i++) { f = "many/" i ".txt"; print "File " i "." >f; close(f) } }'
    touch -d '2020-01-01' many/*.txt
    status 0 "$kvasir" ingest --no-prefill -c many many && grep -q '(200 new' out || return
    for i in 7 77 177; do echo more >>"many/$i.txt"; done
    touch many/1*.txt
    status 0 "$kvasir" ingest --no-prefill -c many many && grep -q '(0 new, 3 changed, 197 as before)' out
}

# Tokens of each document make up all of them; they are counted as an answer counts them.
shown() {
    rm -r "$KVASIR_DATA_DIR" && document one.txt 40 &&
        printf '<!DOCTYPE html><title>Two</title><meta name="author" content="Ann Author"><meta name="date" content="2020-01-02"><p>Words.' >two.html
    cp one.txt copy.txt
    "$kvasir" ingest -q --no-prefill -c shown one.txt two.html alike/e.pdf copy.txt
    status 0 "$kvasir" corpus show shown && [ ! -s err ] && grep -qE '^   2 +[0-9]+ tokens     1 page .*two.html  Two \(Ann Author, 2020-01-02\)$' out &&
        grep -q '(1 scan)  .*e.pdf' out && grep -q 'one.txt  one.txt  = .*/copy.txt$' out || return
    sum=$(awk '/^ / { n += $2 } END { print n }' out)
    total=$(sed -n 's/^\([0-9,]*\) tokens with the vocabulary of .*, whose context has .*%)$/\1/p' out | tr -d ,)
    [ "$sum" -eq "$total" ] && status 0 "$kvasir" corpus show --json shown && [ "$(sed -n 's/.*"tokens":\([0-9]*\),"model".*/\1/p' out)" -eq "$total" ] &&
        grep -q '"scan":1,"unreadable":0,"damaged":0,"recognised":0,' out && grep -q '"copies":\["[^"]*/copy.txt"\]' out || return
    status 0 env KVASIR_MODEL=none "$kvasir" corpus show shown && grep -q 'tokens are not counted: .*none' err && grep -q '^   1     1 page' out
}

# The name of a file without a title is nowhere in what is cached: not in a corpus, and not when files are named.
renamed() {
    mkdir -p name && document name/first.txt 25 && document name/second.txt 25 &&
        "$kvasir" ingest -q --isa c -c name name/first.txt name/second.txt && mv name/first.txt name/other.txt &&
        status 0 "$kvasir" ingest -q --isa c -c name name/other.txt && grep -q '0 new, 0 changed, 1 as before' out || return
    "$kvasir" ask -q --json --isa c --max-tokens 1 -c name "What?" >one.json
    "$kvasir" ask -q --json --isa c --max-tokens 1 "What?" name/other.txt name/second.txt >two.json
    mv name/second.txt name/third.txt
    "$kvasir" ask -q --json --isa c --max-tokens 1 "What does THIRD.txt say?" name/other.txt name/third.txt >three.json
    for json in one two three; do
        [ "$(usage $json.json cache_creation_tokens)" -eq 0 ] && [ "$(usage $json.json cache_read_tokens)" -ge 1024 ] || return
    done
    # The question that names a file is longer by more than the name: it is told which document that is.
    echo "$(usage two.json prompt_tokens) $(usage three.json prompt_tokens)"
    [ "$(usage three.json prompt_tokens)" -gt $(($(usage two.json prompt_tokens) + 20)) ]
}

# What has changed goes behind what stays as it is, so that its next change costs only itself.
stable_first() {
    mkdir -p order && document order/a.txt 20 && document order/b.txt 20 && document order/c.txt 20 &&
        "$kvasir" ingest -q --isa c -c order order && document order/a.txt 21 && "$kvasir" ingest -q --isa c -c order order || return
    document order/a.txt 22
    status 0 "$kvasir" ingest --isa c -c order order && ! grep -q '^kvasir: 0 of ' err &&
        "$kvasir" corpus show order >shown || return
    cat shown
    [ "$(grep -o '[abc]\.txt' shown | uniq | tr -d '\n')" = b.txtc.txta.txt ]
}

ok "a folder: its documents in the order of their names" first
ok "again: nothing is read, nothing computed" again
ok "ask -c finds the prefix in the cache" prefilled
ok "ask -c needs the files no more" without_files
ok "another time is no change" touched
ok "a new document goes to the end, what was before is reused" appended
ok "a changed document is read again" changed
ok "--reread trusts neither size nor time" reread
ok "--no-prefill needs neither model nor cache" no_prefill
ok "corpora with the same first documents share blocks" shared
ok "unreadable files are named and counted, status 3" unreadable
ok "an empty folder is an error" nothing
ok "too long for the context: kept, not prefilled, status 2" too_long
ok "two files of one content are one document" copies
ok "two files that say the same are one document, and told" alike
ok "--json: what became of each file" json
ok "corpus show: tokens, states, copies" shown
ok "documents that are nearly the same are told" near
ok "files without an ending are documents if they begin so" nameless
ok "what is left out of a folder is told" left_out
ok "many files: what changed by content" many
ok "a new name costs nothing" renamed
ok "a changed document goes last" stable_first
finish
