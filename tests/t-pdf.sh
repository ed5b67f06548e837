#!/bin/sh
# What a PDF holds besides text: scans (with tesseract), form fields, notes, an outline.
. "$top_srcdir/tests/tap.sh"
. "$top_srcdir/tests/pdf.sh"
kvasir=$top_builddir/kvasir
own_folders

# A filled-in form with a note.
cat >form.pdf <<'END'
%PDF-1.4
1 0 obj
<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R 6 0 R 8 0 R] >> >>
endobj
2 0 obj
<< /Type /Pages /Kids [3 0 R] /Count 1 >>
endobj
3 0 obj
<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Annots [5 0 R 6 0 R 7 0 R 8 0 R]
/Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>
endobj
4 0 obj
<< /Length 44 >>
stream
BT /F 12 Tf 72 700 Td (Application form) Tj ET
endstream
endobj
5 0 obj
<< /Type /Annot /Subtype /Widget /FT /Tx /T (Name) /V (Ada Lovelace) /Rect [72 600 300 620] /P 3 0 R >>
endobj
6 0 obj
<< /Type /Annot /Subtype /Widget /FT /Tx /T (Empty) /Rect [72 560 300 580] /P 3 0 R >>
endobj
7 0 obj
<< /Type /Annot /Subtype /Text /T (Referee) /Contents (Too short.) /Rect [400 600 420 620] /P 3 0 R >>
endobj
8 0 obj
<< /Type /Annot /Subtype /Widget /FT /Tx /Ff 8192 /T (Key) /V (secret) /Rect [72 500 300 520] /P 3 0 R >>
endobj
trailer
<< /Root 1 0 R /Size 9 >>
%%EOF
END

plain() {
    status 0 "$kvasir" text form.pdf && grep -q 'Application form' out && ! grep -qE 'Ada|Too short' out
}

forms() {
    status 0 "$kvasir" text --forms form.pdf && grep -qx '\[form\] Name: Ada Lovelace' out && ! grep -qE 'secret|Empty|Too short' out
}

notes() {
    status 0 "$kvasir" text --annotations form.pdf && grep -qx '\[note\] Referee: Too short.' out && ! grep -q 'Ada' out
}

no_tesseract() {
    mkdir -p bin
    status 2 env PATH="$scratch/bin" "$kvasir" text --ocr form.pdf && grep -q 'needs the program tesseract' err
}

# A page as a scanner leaves it: an image of text.
make_scan() {
    groff -Tpdf -P-pletter >text.pdf 2>/dev/null <<'END'
.ps 20
.vs 26
.ll 6i
The lighthouse keeper counted seventeen ships before breakfast.
END
    pdftoppm -gray -r 150 -singlefile text.pdf page || return
    # "P5\nW H\n255\n"
    size=$(sed -n '2{p;q;}' page.pgm) width=${size% *} height=${size#* }
    bytes=$((width * height))
    {
        printf '%%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n'
        printf '2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n'
        printf '3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R\n'
        printf '/Resources << /XObject << /I 5 0 R >> >> >>\nendobj\n'
        printf '4 0 obj\n<< /Length 29 >>\nstream\nq 612 0 0 792 0 0 cm /I Do Q\n\nendstream\nendobj\n'
        printf '5 0 obj\n<< /Type /XObject /Subtype /Image /Width %s /Height %s /ColorSpace /DeviceGray\n' "$width" "$height"
        printf '/BitsPerComponent 8 /Length %s >>\nstream\n' "$bytes"
        tail -c "$bytes" page.pgm
        printf '\nendstream\nendobj\ntrailer\n<< /Root 1 0 R /Size 6 >>\n%%%%EOF\n'
    } >scan.pdf
}

scanned() {
    status 3 "$kvasir" text scan.pdf && grep -q 'page 1: no text, only an image' err
}

recognised() {
    status 0 "$kvasir" text --json --ocr scan.pdf && grep -q 'lighthouse keeper counted seventeen ships' out &&
        grep -q '"state":"recognised"' out
}

# The mark stays with the page in the corpus and in citations.
cited() {
    status 0 "$kvasir" ingest -q --no-prefill --ocr -c scans scan.pdf || return
    KVASIR_MODEL=$top_builddir/demo/demo.gguf "$kvasir" corpus show scans >shown
    cat shown
    grep -q '1 page   (1 recognised)' shown
}

unknown_language() {
    status 2 "$kvasir" text --ocr --ocr-language klingon scan.pdf && grep -q 'tesseract has no language "klingon"' err
}

# entry N TITLE LINKS: an entry of an outline, object N, that leads to the page.
entry() {
    printf '%s 0 obj\n<< /Title (%s) /Parent 6 0 R /Dest [3 0 R /Fit] %s >>\nendobj\n' "$1" "$2" "$3"
}
pdf outline.pdf '/Outlines 6 0 R' "$(
    printf '6 0 obj\n<< /Type /Outlines /First 7 0 R /Last 10 0 R >>\nendobj\n'
    entry 7 'Of wind and weather in the northern seas' '/First 8 0 R /Last 8 0 R /Next 9 0 R'
    entry 8 Gales ''
    entry 9 'Not on the page' '/Next 10 0 R'
    # Its next one is the first again.
    entry 10 'APPENDIX: Tides' '/Next 7 0 R')" <<'END'
BT /F 20 Tf 72 700 Td (1 Of wind and weather) Tj 0 -24 Td (in the northern seas) Tj ET
BT /F 10 Tf 72 600 Td (Gales are told of here, and what they did to the ships that met them,) Tj 0 -12 Td (in words that fill two lines.) Tj ET
BT /F 14 Tf 72 540 Td (1.1 Gales) Tj ET
BT /F 10 Tf 72 500 Td (They blow.) Tj ET
BT /F 14 Tf 72 460 Td (Appendix: tides) Tj ET
BT /F 10 Tf 72 420 Td (They come and go.) Tj ET
END
cat >headings <<'END'
# 1 Of wind and weather in the northern seas

Gales are told of here, and what they did to the ships that met them, in words that fill two lines.

## 1.1 Gales

They blow.

# Appendix: tides

They come and go.
END
outline() {
    status 0 "$kvasir" text outline.pdf && tr -d '\f' <out | diff headings -
}

# pages FILE STREAM...: a PDF of a page for each file STREAM, with the font /F.
pages() {
    to=$1; shift
    {
        printf '%%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Count %s /Kids [' $#
        n=10; for stream; do printf '%s 0 R ' $n; n=$((n + 2)); done
        printf '] >>\nendobj\n'
        n=10
        for stream; do
            printf '%s 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %s 0 R\n' $n $((n + 1))
            printf '/Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>\nendobj\n'
            printf '%s 0 obj\n<< /Length %s >>\nstream\n' $((n + 1)) "$(wc -c <"$stream")"
            cat "$stream"
            printf '\nendstream\nendobj\n'
            n=$((n + 2))
        done
        printf 'trailer\n<< /Root 1 0 R /Size 99 >>\n%%%%EOF\n'
    } >"$to"
}
# line SIZE Y TEXT
line() { echo "BT /F $1 Tf 72 $2 Td ($3) Tj ET"; }
# Styles that recur on several pages are headings'; a large sentence, a motto that comes once and a large initial are none.
by_font() {
    body() {
        for k in 0 12 24 36 48; do line 10 $(($1 - k)) 'Gales are told of here, and what they did to the ships that they met.'; done
    }
    { line 16 700 'Of wind and weather'; line 16 682 'in the northern seas'; body 640; line 13 560 Gales; body 530; line 14 440 'They blew.'; } >one
    { line 13 700 Storms; body 670; line 30 590 Fair; body 540; line 30 450 T; line 10 450 '                  hey said it with words, and then they went on to say it again.'
      line 14 400 'Then came the whales.'; } >two
    { line 16 700 'Of ships'; body 670; line 16 590 'Of those who sail them'; body 560; line 13 460 Masts; body 430; line 14 340 'They held.'; } >three
    pages fonts.pdf one two three
    cat >by-font <<'END'
# Of wind and weather in the northern seas
## Gales
## Storms
# Of ships
# Of those who sail them
## Masts
END
    status 0 "$kvasir" text fonts.pdf && tr '\f' '\n' <out | grep '^#' | diff by-font -
}

# A cell of four lines with the next row's label right below it, and a label beside two rows: only the lines tell.
ruled() {
    {
        echo '0.5 w'
        for y in 700 670 612 597 582; do echo "$([ $y = 597 ] && echo 170 || echo 60) $y m 420 $y l S"; done
        for x in 60 170 300 420; do echo "$x 700 m $x 582 l S"; done
        put() { echo "BT /F 11 Tf $1 $2 Td ($3) Tj ET"; }
        put 64 687 Groups; put 174 687 'Share of all'; put 174 675 'that were counted'; put 304 687 'Share of those'; put 304 675 'that answered'
        put 64 658 Astra; put 174 658 'Total: none'; put 304 658 'Total: half'
        put 304 646 'Effi and others'; put 304 634 Plantafin; put 304 622 'and Fruit'
        put 64 601 Besnier; put 174 601 First; put 304 601 12; put 174 586 Second; put 304 586 13
    } | pdf ruled.pdf
    cat >cells <<'END'
Groups Share of all that were counted Share of those that answered
Astra Total: none Total: half Effi and others Plantafin and Fruit
Besnier First 12
Second 13
END
    status 0 "$kvasir" text ruled.pdf && tr -d '\f' <out | grep -v '^$' | diff cells -
}

# Marks of notes, in the text and before the note; powers, indices and isotopes are none.
marked() {
    {
        # text SIZE RISE TEXT ...: pieces of one line
        text() { while [ $# -gt 0 ]; do echo "/F $1 Tf $2 Ts ($3) Tj"; shift 3; done; echo ET; }
        echo 'BT 72 700 Td'; text 12 0 'The keepers' 8 5 1 12 0 ' counted ships,' 8 5 2,3 12 0 ' and went to bed.' 8 5 12
        echo 'BT 72 680 Td'; text 12 0 'They saw 10' 8 5 6 12 0 ' waves on 5 km' 8 5 2 12 0 ' of H' 8 -3 2 12 0 'O, or 12' 8 5 2 12 0 ' or sin' 8 5 2 12 0 '.'
        echo 'BT 72 200 Td'; text 6 3 1 9 0 'Two of them.'
        echo 'BT 72 189 Td'; text 6 3 12 9 0 ' Late.'
    } | pdf marked.pdf
    cat >notes <<'END'
The keepers[1] counted ships,[2,3] and went to bed.[12]
They saw 106 waves on 5 km2 of H2O, or 122 or sin2.
[1] Two of them.
[12] Late.
END
    status 0 "$kvasir" text marked.pdf && tr -d '\f' <out | grep -v '^$' | diff notes -
}

# Tables with lines across only, whose head or rows have several lines; sections of a page with a line below each heading are none.
across() {
    put() { echo "BT /F 10 Tf $1 $2 Td ($3) Tj ET"; }
    rule() { echo "0.6 w $2 $1 m $3 $1 l S"; }
    {
        rule 700 72 420; put 172 688 'Who keeps it'; put 292 688 'What is said'
        put 72 676 Instrument; put 172 676 'at sea'; put 292 676 'of its use'; put 370 676 Since; rule 670 72 420
        put 72 658 Barometer; put 172 658 'The captain'; put 292 658 'Good, but slow'; put 370 658 'long ago'
        put 72 646 Sextant; put 172 646 'The mate'; put 292 646 Good; put 370 646 always
        put 72 634 'Log and line'; put 172 634 'The boy, or'; put 292 634 Wet; put 370 634 'last year'; put 172 622 'his friend'
        put 72 610 Lead; put 172 610 'The boy'; put 292 610 Heavy; put 370 610 always; rule 604 72 420

        rule 500 72 230; rule 500 236 500; put 72 488 Word; put 240 488 'What it means'; put 380 488 'Who says it'; rule 484 72 230; rule 484 236 500
        put 72 472 Glass; put 240 472 'A barometer, which'; put 240 460 'hangs in the cabin'; put 380 472 'The captain, and'; put 380 460 'when he sleeps'
        put 380 448 'the mate'; rule 442 72 230; rule 442 236 500
        put 72 430 Line; put 240 430 'A rope'; put 380 430 'The mate'; rule 424 72 230; rule 424 236 500
        put 72 412 'Dead'; put 72 400 reckoning; put 240 412 'A guess'; put 380 412 'The boy'; rule 394 72 230; rule 394 236 500
        put 72 382 Lead; put 240 382 'A weight;'; put 240 358 'cold'; put 380 382 'The boy'; rule 352 72 230; rule 352 236 500

        put 72 292 Work; rule 288 72 500; put 72 274 2014-2016; put 180 274 'Keeper of a light'; put 72 262 2016-2019
        put 180 262 'Keeper of two of them, and'; put 180 250 'of a barometer'; put 72 232 Honours; rule 228 72 500
        put 72 214 2018; put 180 214 'Medal of the station'; put 72 196 Languages; rule 192 72 500; put 72 178 Good; put 180 178 Danish
        put 72 160 Ships; rule 156 72 500; put 72 142 Alma; put 180 142 'Three years'; put 72 124 Dogs; rule 120 72 500; put 72 102 Birk; put 180 102 'Six years'
        put 72 84 Friends; rule 80 72 500
    } | pdf across.pdf
    cat >rows <<'END'
Instrument Who keeps it at sea What is said of its use Since
Barometer The captain Good, but slow long ago
Sextant The mate Good always
Log and line The boy, or his friend Wet last year
Lead The boy Heavy always
Word What it means Who says it
Glass A barometer, which hangs in the cabin The captain, and when he sleeps the mate
Line A rope The mate
Dead reckoning A guess The boy
Lead A weight; cold The boy
Work
2014-2016 Keeper of a light
2016-2019 Keeper of two of them, and of a barometer
Honours
2018 Medal of the station
Languages
Good Danish
Ships
Alma Three years
Dogs
Birk Six years
Friends
END
    status 0 "$kvasir" text across.pdf && tr -d '\f' <out | grep -v '^$' | diff rows -
}

# Heads that repeat and page numbers, which --whole keeps.
heads() {
    for n in 1 2 3; do
        { line 9 760 'Annals of the north'; line 10 600 "Text of leaf $n, which says enough to be read."; line 9 40 $n; } >leaf$n
    done
    pages heads.pdf leaf1 leaf2 leaf3
    status 0 "$kvasir" text heads.pdf && ! grep -qE 'Annals|^[123]$' out && grep -q 'leaf 2' out || return
    status 0 "$kvasir" text --whole heads.pdf && [ "$(grep -c 'Annals of the north' out)" = 3 ] && [ "$(grep -cx '[123]' out)" = 3 ]
}

ok "cells of a table whose lines are drawn" ruled
ok "rows and heads of tables with lines across only" across
ok "--whole keeps running heads and page numbers" heads
ok "marks of notes stand in brackets" marked
ok "headings that the outline names are marked" outline
ok "without an outline, headings are told by their font" by_font
ok "form fields and notes are not read unasked" plain
ok "--forms: names and values, but no passwords" forms
ok "--annotations: who and what" notes
ok "--ocr without tesseract says what to install" no_tesseract
if command -v tesseract >/dev/null && command -v pdftoppm >/dev/null && tesseract --list-langs 2>/dev/null | grep -qx eng && make_scan; then
    ok "a scan without --ocr is reported" scanned
    ok "--ocr recognises it, and says so" recognised
    ok "a corpus keeps that a page was recognised" cited
    ok "a language that tesseract does not have" unknown_language
fi
finish
