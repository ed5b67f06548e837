#!/bin/sh
# Chinese names and texts: what is cut or aligned is so by columns of the terminal.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
unset KVASIR_ISA KVASIR_THREADS
KVASIR_MODEL=$scratch/chinese.gguf
export KVASIR_MODEL
own_folders
LC_ALL=C sed 's/tiny-a/红楼/' "$top_srcdir/tests/data/models/tiny-a-q8_0.gguf" >chinese.gguf
awk 'BEGIN { printf "<html><head><title>红楼梦的研究</title></head><body><p>"
             for (i = 1; i < 30; i++) printf "石头记的第一回说甄士隐梦幻识通灵"; print "。</p></body></html>" }' >book.html

# columns: the lines of a text, each behind its width and a tab.
columns() {
    python3 -c '
import sys, unicodedata
for line in open(0, encoding="utf-8"):
    line = line.rstrip("\n")
    print(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line), line, sep="\t")'
}

# The name is as wide as those of Latin letters.
plan_table() {
    "$kvasir" plan --only --tokens 64 >out || return 1
    columns <out | tee widths | grep -q '红楼' &&
        python3 - out <<'END'
import sys, unicodedata
lines = [l.rstrip("\n") for l in open(sys.argv[1], encoding="utf-8")]
head = next(l for l in lines if l.startswith("model "))
row = next(l for l in lines if l.startswith("红楼"))
def cells(text):
    return "".join(c + "\0" if unicodedata.east_asian_width(c) in "WF" else c for c in text)
assert cells(row)[:24].rstrip() == "红\0楼\0", row
# Numbers end where their headings do.
end = head.index("weights") + len("weights")
assert cells(row)[end - 1] != " " and cells(row)[end] == " ", (head, row)
END
}

# A passage is cut at 100 columns, not at 100 letters that take 200.
passages() {
    "$kvasir" ask -q --why --max-tokens 8 "石头记说了什么？" book.html >out
    [ $? -le 1 ] && sed -n 's/^ *[0-9]*%  .*: \(.*…\)$/\1/p' out | columns >widths && cat widths && [ -s widths ] &&
        awk '$1 > 100 || $1 < 98 { wrong = 1 } END { exit wrong }' widths
}

# Titles and questions are whole.
lists() {
    "$kvasir" ingest -q -c 红楼 book.html >/dev/null && status 0 "$kvasir" corpus show 红楼 && grep -q '红楼梦的研究' out &&
        status 0 "$kvasir" history && grep -q '  石头记说了什么？$' out &&
        status 0 "$kvasir" search -c 红楼 甄士隐 && grep -q '^红楼梦的研究' out && columns <out >/dev/null
}

if command -v python3 >/dev/null; then
    ok "plan's table" plan_table
    ok "passages of --why" passages
    ok "corpus show, history, search" lists
else
    skip "columns of text" "no python3"
fi
finish
