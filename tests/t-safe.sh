#!/bin/sh
# Files that crash, stall or bloat their parser cost that file and a sentence.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
own_folders

# pdf FILE: a PDF of one page whose content stream is standard input.
pdf() {
    cat >stream
    length=$(wc -c <stream)
    {
        printf '%%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n'
        printf '2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n'
        printf '3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R\n'
        printf '/Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>\nendobj\n'
        printf '4 0 obj\n<< /Length %s >>\nstream\n' "$length"
        cat stream
        printf '\nendstream\nendobj\ntrailer\n<< /Root 1 0 R /Size 5 >>\n%%%%EOF\n'
    } >"$1"
}

# Minutes of work for the parser.
awk 'BEGIN { for (i = 0; i < 6000000; i++) print "0 0 m 9 9 l S" }' | pdf slow.pdf
# Words enough for some hundred megabytes.
awk 'BEGIN { print "BT /F 8 Tf"; for (i = 0; i < 400000; i++) print "1 0 0 1", i % 600, i % 780, "Tm (word" i ") Tj"; print "ET" }' |
    pdf large.pdf
rm stream
echo one >a.txt
echo two >b.txt

# The process that reads for the process $1.
reader_of() {
    for file in /proc/[0-9]*/status; do
        awk -v parent="$1" '/^Name:/ { name = $2 } /^PPid:/ { ppid = $2 } /^Pid:/ { pid = $2 }
            END { if (ppid == parent && name == "kvasir-reader") print pid }' "$file" 2>/dev/null
    done
}

# Starts "kvasir text $@" and waits for its reader, whose id is then $reader; the program's is $program.
start() {
    "$kvasir" text "$@" >out 2>err &
    program=$! reader='' tries=0
    while [ -z "$reader" ] && [ "$tries" -lt 100 ]; do
        sleep 0.1
        reader=$(reader_of "$program")
        tries=$((tries + 1))
    done
    [ -n "$reader" ] || { echo "no process reads"; return 1; }
}

stalls() {
    status 3 "$kvasir" text --parse-time 1 a.txt slow.pdf b.txt && printf 'one\n\ftwo\n\f' | cmp - out &&
        grep -q 'slow.pdf: reading it took more than 1 s' err && [ "$(wc -l <err)" -eq 1 ]
}

bloats() {
    status 3 "$kvasir" text --parse-memory 128M large.pdf a.txt && printf 'one\n\f' | cmp - out &&
        grep -q 'large.pdf: reading it took more than 128 MiB of memory' err && [ "$(wc -l <err)" -eq 1 ]
}

crashes() {
    start slow.pdf && kill -SEGV "$reader"
    wait "$program"
    [ $? -eq 3 ] && grep -q 'slow.pdf: the process that read it crashed (Segmentation' err
}

interrupted() {
    start slow.pdf && kill -TERM "$program"
    wait "$program"
    [ $? -eq 75 ] && ! kill -0 "$reader" 2>/dev/null
}

killed() {
    start slow.pdf && kill -KILL "$program"
    wait "$program" 2>/dev/null
    tries=0
    while kill -0 "$reader" 2>/dev/null && [ "$tries" -lt 50 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    ! kill -0 "$reader" 2>/dev/null
}

# A reader has no new rights, and (where the program was built with it) its calls are filtered.
confined() {
    start slow.pdf
    grep -q '^NoNewPrivs:[[:space:]]*1$' "/proc/$reader/status"
    result=$?
    if grep -q '^#define HAVE_SECCOMP' "$top_builddir/config.h"; then
        grep -q '^Seccomp:[[:space:]]*2$' "/proc/$reader/status" || result=1
    fi
    kill -TERM "$program"
    wait "$program"
    return "$result"
}

in_order() {
    for i in 1 2 3 4 5 6 7 8 9; do
        # The first ones take longest.
        awk -v n="$((10 - i))" -v i="$i" 'BEGIN { print i; for (k = 0; k < 5000 * n; k++) print "line " k }' >"f$i.txt"
    done
    "$kvasir" text f?.txt | tr -d '\f' | grep -x '[1-9]' | tr -d '\n' >order
    [ "$(cat order)" = 123456789 ]
}

ingests() {
    status 3 "$kvasir" ingest -q --no-prefill --parse-time 1 -c some a.txt slow.pdf b.txt &&
        grep -q 'slow.pdf: reading it took more than 1 s' err && grep -q 'some: 2 documents (2 new.*1 unreadable' out
}

limits_checked() {
    status 2 "$kvasir" text --parse-time 0 a.txt && grep -q 'takes seconds from 1' err &&
        status 2 "$kvasir" text --parse-memory 1M a.txt && grep -q 'at least 64M' err
}

ok "a parser that does not end: the file is left out, the others are read" stalls
# AddressSanitizer needs the address space that the limit takes, and catches the signal.
if grep -q 'fsanitize=address' "$top_builddir/Makefile"; then
    skip "a parser that takes too much memory" "sanitizers"
    skip "a parser that crashes" "sanitizers"
else
    ok "a parser that takes too much memory" bloats
    ok "a parser that crashes" crashes
fi
ok "an interrupted program ends its readers" interrupted
ok "so does a killed one" killed
ok "a reader is confined" confined
ok "results come in the order of the files" in_order
ok "ingest keeps what it can" ingests
ok "senseless limits are refused" limits_checked
finish
