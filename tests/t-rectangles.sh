#!/bin/sh
# Rectangles in the JSON of answers: where on a PDF's page their passages stand.
. "$top_srcdir/tests/tap.sh"
. "$top_srcdir/tests/pdf.sh"
small_model

# Line N stands 40 N below 740, from 100 on.
lines() {
    awk -v says="$1" 'BEGIN { for (n = 1; n <= 12; n++)
        print "BT /F 12 Tf 100 " 740 - 40 * n " Td (Line " n " of the document " says " " (n * 7919) % 1000 " and no more.) Tj ET" }'
}
lines says | pdf lines.pdf

quotes() {
    status 0 "$kvasir" ask -q --json --quote --max-tokens 120 "What does line 7 say?" "$@"
}

# Every quotation's rectangles lie around the baselines of the lines that its passage begins and ends with, in order.
around() {
    quotes lines.pdf && awk -F'[:,]' '
        /"quotations"/ { on = 1 }
        on && /"cited_text"/ { n = match($0, /Line [0-9]+/) ? substr($0, RSTART + 5, RLENGTH - 5) + 0 : 0; quotations++ }
        on && /"page_number"/ && $2 != 1 { exit bad = 1 }
        on && /"x0"/ && ($2 < 98 || $2 > 500) { exit bad = 1 }
        on && /"y0"/ { y0 = $2 }
        on && /"y1"/ && n > 0 { base = 792 - (740 - 40 * n++); seen++; if (y0 > base - 8 || y0 < base - 13 || $2 < base || $2 > base + 4) exit bad = 1 }
        END { exit bad || quotations == 0 || seen < quotations }' out
}

citations() {
    sed -n '/"citations"/,/"quotations"/p' out | grep -q '"rectangles"'
}

chat() {
    printf 'What does line 7 say?\n' | "$kvasir" chat -q --json --max-tokens 8 lines.pdf >chat.out && grep -q '"citations"' chat.out
}

# From the catalogue, while the file is there and says the same.
corpus() {
    "$kvasir" ingest -q -c lines lines.pdf && quotes -c lines && grep -q '"rectangles"' out &&
        lines tells | pdf lines.pdf && quotes -c lines && grep -q '"cited_text"' out && ! grep -q '"rectangles"' out &&
        rm lines.pdf && quotes -c lines && grep -q '"cited_text"' out && ! grep -q '"rectangles"' out
}

# What a pipe brought is gone when its passages are looked for.
pipe() {
    quotes - <lines.pdf && grep -q '"rectangles"' out
}

# The rectangles of a file of JSON, each on a line.
rectangles() {
    tr -d ' \n' <"$1" | grep -o '"rectangles":[^]]*' | sort -u
}

# The same in a line of a batch and in records as in the JSON of the answer alone.
everywhere() {
    quotes lines.pdf --record record && rectangles out >alone && test -s alone && rectangles record >recorded &&
        cmp alone recorded && status 0 "$kvasir" verify -q record &&
        status 0 "$kvasir" show --json "$("$kvasir" history | awk 'END { print $1 }')" && rectangles out >shown &&
        cmp alone shown && echo "What does line 7 say?" >questions &&
        status 0 "$kvasir" ask -q --batch questions --quote --max-tokens 120 lines.pdf && rectangles out >batch && cmp alone batch
}

# A volume has some pages of the documents; the file is read again.
volumes() {
    lines tells | pdf other.pdf && "$kvasir" ingest -q -c volumes lines.pdf other.pdf && echo "What does line 7 say?" >questions &&
        status 0 "$kvasir" ask -q --batch questions --volume-tokens 500 --volumes 1 --quote --max-tokens 120 -c volumes &&
        grep -q '"total":2' out && rectangles out >batch && test -s batch
}

others() {
    awk 'BEGIN { for (n = 1; n <= 12; n++) print "Line " n " of the document says so.\n" }' >lines.txt
    quotes lines.txt && grep -q '"cited_text"' out && ! grep -q '"rectangles"' out
}

ok "they lie where the words were put" around
ok "citations have them too" citations
ok "a chat goes on as it did" chat
ok "of a pipe" pipe
ok "in batches and records they are the same" everywhere
ok "of a corpus in volumes" volumes
ok "a text has none" others
ok "of a corpus, until its file changes or goes" corpus
finish
