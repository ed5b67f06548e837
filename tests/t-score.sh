#!/bin/sh
# The quality of what is read, scored: documents of the kinds that go wrong, made here, against the words that are in them.
#
# The score is the order-sensitive F1 of words: twice the words that both texts have in the same order (diff), over all words of
# both.  A threshold is what is read today less a little; tests/score measures real documents.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
own_folders
LC_ALL=C
export LC_ALL

# words N SEED: N words in sentences and paragraphs (an empty line ends one), some of them long.
words() {
    awk -v n="$1" -v seed="$2" 'BEGIN {
        split("harbour measurement of the international weather station in winter which nobody had expected observation pressure " \
              "a northern instrument recorded temperature during several expeditions wind ships were considerable department and " \
              "published afterwards by captain journal evidence remarkable between islands summer latitude barometer keeper", w, " ")
        for (k in w) size++
        first = 1
        for (i = 1; i <= n; i++) {
            seed = (seed * 1103 + 12345) % 65536
            word = w[seed % size + 1]
            if (first) word = toupper(substr(word, 1, 1)) substr(word, 2)
            first = i % 11 == 0
            printf "%s%s", word, first ? i % 66 == 0 || i == n ? ".\n\n" : ".\n" : "\n"
        }
    }'
}

# book FILE: a PDF of the pages whose content streams are standard input, each behind a line "page"; /F Helvetica, /C a font of
# Unicode code points, whose letters are as wide as $width.
width=1000
book() {
    awk -v width="$width" '
        /^page$/ { n++; next }
        { content[n] = content[n] $0 "\n" }
        END {
            printf "%%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Count %d /Kids [", n
            for (i = 1; i <= n; i++) printf "%d 0 R ", 10 + 2 * i
            printf "] >>\nendobj\n3 0 obj\n<< /Type /Font /Subtype /Type0 /BaseFont /Any /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>\nendobj\n"
            printf "4 0 obj\n<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Any /DW %d /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor 6 0 R >>\nendobj\n", width
            printf "6 0 obj\n<< /Type /FontDescriptor /FontName /Any /Flags 4 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 /ItalicAngle 0 /FontBBox [0 -200 1000 800] >>\nendobj\n"
            map = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /U def /CMapType 2 def\n1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
            for (i = 0; i < 256; i += 64) {
                map = map "64 beginbfrange\n"
                for (k = i; k < i + 64; k++) map = map sprintf("<%02X00> <%02XFF> <%02X00>\n", k, k, k)
                map = map "endbfrange\n"
            }
            map = map "endcmap end end\n"
            printf "5 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n", length(map), map
            for (i = 1; i <= n; i++) {
                printf "%d 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R ", 10 + 2 * i, 11 + 2 * i
                printf "/Resources << /Font << /C 3 0 R /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>\nendobj\n"
                printf "%d 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n", 11 + 2 * i, length(content[i]), content[i]
            }
            printf "trailer\n<< /Root 1 0 R /Size %d >>\n%%%%EOF\n", 12 + 2 * n
        }' >"$1"
}

# columns N WIDTH LINES: the words of standard input as pages of N columns of WIDTH points and so many LINES, under a running
# head, over a page number; long words are hyphenated, the first page has a footnote.
columns() {
    awk -v n="$1" -v width="$2" -v lines="$3" '
        # About what Helvetica takes at 10 points.
        function wide(s,  i, sum) {
            for (i = 1; i <= length(s); i++) sum += index("iljtf.,- I", substr(s, i, 1)) ? 2.6 : index("mwMW", substr(s, i, 1)) ? 8 : 5.5
            return sum
        }
        function show(x, y, size, s) { printf "BT /F %d Tf %d %d Td (%s) Tj ET\n", size, x, y, s }
        function new_page() {
            printf "page\n"
            show(60, 760, 9, "Annals of the northern stations")
            show(520, 760, 9, "Volume 7")
            show(300, 40, 9, ++page)
            if (page == 1) {
                show(60, 700, 20, "Of ships and instruments")
                show(60 + (n - 1) * (width + 30), 76, 7, "1 The journal is kept in the harbour.")
            }
            at = column = 0
        }
        function put(s,  top) {
            if (page == 0 || at == lines) {
                if (page > 0 && ++column < n) at = 0
                else new_page()
            }
            top = page == 1 ? 660 : 720
            if (s != "") show(60 + column * (width + 30), top - 13 * at, 10, s)
            at++
        }
        function end_line() { put(line); line = "" }
        $0 == "" { if (line != "") end_line(); next }
        {
            word = $0
            if (line != "" && wide(line " " word) > width) {
                half = int(length(word) / 2)
                if (length(word) > 9 && wide(line " " substr(word, 1, half) "-") <= width) {
                    line = line " " substr(word, 1, half) "-"
                    word = substr(word, half + 1)
                }
                end_line()
            }
            line = line (line == "" ? "" : " ") word
        }
        END { if (line != "") end_line() }'
}

# score NAME LEAST TRUTH: of what is read in NAME, at least so many thousandths.
score() {
    "$kvasir" text "$1" 2>err | tr -s ' \t\n\f#|' '\n' | sed '/^$/d; /^-$/d' >hyp
    tr -s ' \t\n' '\n' <"$3" | sed '/^$/d' >ref
    diff hyp ref >changes
    f1=$(awk -v d="$(grep -c '^[<>]' changes)" -v a="$(wc -l <hyp)" -v b="$(wc -l <ref)" 'BEGIN { print int(1000 * (1 - d / (a + b))) }')
    echo "$1: $f1, at least $2"
    cat err
    head -n 20 changes
    [ "$f1" -ge "$2" ]
}

# hex: UTF-8 as the code of font /C.
hex() { iconv -f UTF-8 -t UTF-16BE | od -An -v -tx1 | tr -d ' \n'; }

make() {
    words 1500 1 >body
    columns 2 230 44 <body | book columns.pdf
    columns 1 490 44 <body | book plain.pdf
    columns 3 150 44 <body | book three.pdf
    { echo 'Of ships and instruments' && cat body && echo '1 The journal is kept in the harbour.'; } >truth
    # A table between two paragraphs.
    words 60 3 >above
    words 60 5 >below
    awk 'BEGIN {
        print "page"
        while ((getline word <"above") > 0) if (word != "") line = line " " word
        for (y = 720; line != ""; y -= 13) { cut = 90; if (length(line) > cut) while (substr(line, cut, 1) != " ") cut--; printf "BT /F 10 Tf 60 %d Td (%s) Tj ET\n", y, substr(line, 1, cut); line = substr(line, cut + 1) }
        split("Station Height Pressure Wind", head, " ")
        for (row = 0; row <= 12; row++) for (c = 1; c <= 4; c++) {
            cell = row == 0 ? head[c] : c == 1 ? "Island " row : sprintf("%.1f", row * c * 1.7 + c)
            printf "BT /F 10 Tf %d %d Td (%s) Tj ET\n", 60 + 120 * (c - 1), 620 - 16 * row, cell
            printf "%s\n", cell >"cells"
        }
        line = ""
        while ((getline word <"below") > 0) if (word != "") line = line " " word
        for (y = 380; line != ""; y -= 13) { cut = 90; if (length(line) > cut) while (substr(line, cut, 1) != " ") cut--; printf "BT /F 10 Tf 60 %d Td (%s) Tj ET\n", y, substr(line, 1, cut); line = substr(line, cut + 1) }
    }' | book table.pdf
    cat above cells below >table.truth
    # Lines of Chinese, and of Hebrew from right to left, as they are drawn: the last letter first.
    {
        echo page
        y=700
        for line in 北方的气象站每天记录气压和风向 船长在夏天发表了他的日记 没有人预料到冬天的温度; do
            printf 'BT /C 12 Tf 72 %s Td <%s> Tj ET\n' $y "$(printf %s "$line" | hex)"
            y=$((y - 20))
        done
    } | book chinese.pdf
    printf '北方的气象站每天记录气压和风向船长在夏天发表了他的日记没有人预料到冬天的温度\n' >chinese.truth
    width=500
    {
        echo page
        y=700
        for line in 'ףרוחב תוחורה תא םושר תינופצה הנחתה' 'ץיקב ונמוי תא םסרפ לבוחה בר'; do
            printf 'BT /C 12 Tf 300 %s Td <%s> Tj ET\n' $y "$(printf %s "$line" | hex)"
            y=$((y - 20))
        done
    } | book hebrew.pdf
    printf 'התחנה הצפונית רשום את הרוחות בחורף\nרב החובל פרסם את יומנו בקיץ\n' >hebrew.truth
}

# An article among menus, adverts and comments.
make_article() {
    links() { for i in 1 2 3 4 5 6 7 8; do printf '<li><a href="/%s%s">%s %s</a></li>' "$1" "$i" "$1" "$i"; done; }
    words 400 9 >article
    {
        printf '<!DOCTYPE html><html><head><title>Of winter - The Daily</title></head><body><header><nav><ul>' && links Menu
        printf '</ul></nav></header><div class="advert">Buy a barometer now, half the price, today only.</div><div class="content"><article><h2>The winter</h2><p>'
        sed 's/^$/<\/p><p>/' article
        printf '</p></article></div><div class="sidebar"><h3>Most read</h3><ul>' && links Story
        printf '</ul></div><section id="comments"><p>I do not agree, said somebody, with any of this, at all.</p></section><footer>All rights reserved, and so on, by the owners.</footer></body></html>'
    } >article.html
    { echo 'The winter' && cat article; } >article.truth
}

encodings() {
    for pair in 'KOI8-R:Северная станция записывала давление и ветер каждый день зимой, и никто этого не ожидал.' \
        'WINDOWS-1252:Größe, Länge und Übermaß der Möwen: „für später“ naïve café – 20 €.' 'GB18030:北方的气象站每天记录气压和风向，没有人预料到冬天的温度。' \
        'SHIFT_JIS:北の気象台は毎日気圧と風を記録していたが、誰も冬の気温を予想していなかった。' 'UTF-16:Größe und 气压 in one text, with a mark before it.'; do
        charset=${pair%%:*}
        for i in 1 2 3 4; do printf '%s\n' "${pair#*:}"; done >encoded.truth
        iconv -f UTF-8 -t "$charset" encoded.truth >encoded.txt || return
        score encoded.txt 1000 encoded.truth || return
    done
}

make 2>/dev/null
make_article
ok "one column: running heads and feet, hyphens, a footnote" score plain.pdf 990 truth
ok "two columns" score columns.pdf 988 truth
ok "three columns" score three.pdf 985 truth
ok "a table between paragraphs, row by row" score table.pdf 990 table.truth
ok "Chinese" score chinese.pdf 1000 chinese.truth
ok "Hebrew" score hebrew.pdf 1000 hebrew.truth
ok "an article without what stands around it" score article.html 990 article.truth
ok "encodings that nothing declares" encodings
finish
