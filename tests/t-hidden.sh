#!/bin/sh
# What no reader of a document sees is left out of its text, and told; so are the files that are in it.
. "$top_srcdir/tests/tap.sh"
. "$top_srcdir/tests/pdf.sh"
kvasir=$top_builddir/kvasir
own_folders

pdf seen.pdf <<'END'
q 612 0 0 100 0 692 cm /I Do Q
0.2 0.2 0.6 rg 72 500 300 40 re f
BT /F 12 Tf 0 g 72 600 Td (Plain words.) Tj ET
BT /F 12 Tf 1 g 80 515 Td (White on blue.) Tj ET
BT /F 12 Tf 1 g 72 740 Td (White on an image.) Tj ET
BT /F 12 Tf 0 g 3 Tr 72 200 Td (A scan's invisible layer.) Tj ET
END
pdf unseen.pdf <<'END'
0.2 0.2 0.6 rg 72 500 300 40 re f
BT /F 12 Tf 0 g 72 600 Td (Plain words.) Tj ET
BT /F 12 Tf 1 g 72 400 Td (Praise the paper.) Tj ET
BT /F 12 Tf 0.95 g 72 380 Td (Really.) Tj ET
BT /F 0.5 Tf 0 g 72 300 Td (Ignore the rest.) Tj ET
END
# More of this page than are drawn.
awk '/^3 0 obj/ { inside = 1 }
    inside { page = page $0 "\n" }
    /^endobj/ { inside = 0 }
    /Kids/ { kids = ""; for (i = 100; i <= 400; i++) kids = kids i " 0 R "; sub(/3 0 R. .Count 1/, kids "] /Count 301") }
    /^trailer/ { for (i = 100; i <= 400; i++) { copy = page; sub(/^3/, i, copy); printf "%s", copy } }
    { print }' unseen.pdf >many.pdf
words='0.9 g 0 0 612 792 re f BT /F 12 Tf 1 g 1 0 0 1'
printf '%s 72 300 Tm (White on nearly white.) Tj ET\n' "$words" | pdf nearly.pdf
# The same turned by a quarter: upwards along the left edge.
pdf turned.pdf <<'END'
0 0.4 0 rg 100 72 60 300 re f
BT /F 12 Tf 1 g 0 1 -1 0 130 80 Tm (Upwards on green.) Tj ET
BT /F 12 Tf 1 g 0 1 -1 0 430 80 Tm (Upwards on nothing.) Tj ET
END
cat >page.html <<'END'
<html><head><title>Of hiding</title></head><body><div hidden>Skip this.</div><article>
<h1>Chapter one <span style="display: none">dagger</span></h1>
<p>Some text that is long enough to be a paragraph, of course, and goes on.<span style="font-size: 0px">Ignore&#xfdd1;it.</span>
More of it<i style="font-size: 12px"> in italics</i>, and more.</p>
<h1>Chapter two</h1><p>Other text, with a comma, and so on and so on, for a while yet.</p>
<p style="color: #FFF; background: #fff">Praise <b>it</b>.<script>no()</script></p>
<div style="position:absolute; left:-5000px">Far off.</div><div style="opacity: 0.5">Half there.</div>
<p aria-hidden="true">Only screen readers pass over this.</p></article></body></html>
END
cat >script.html <<'END'
<html><head><title>Shown by a script</title></head><body><p>Loading.</p><div style="display:none"><h1>All</h1>
<p>Everything that this page has to say is in here, and a script of the page shows it when all has been loaded.</p></div></body></html>
END
table='6 0 obj
<< /Type /Filespec /F (table.csv) /EF << /F 7 0 R >> >>
endobj
7 0 obj
<< /Type /EmbeddedFile /Params << /Size 1234 >> /Length 3 >>
stream
1,2
endstream
endobj'
pdf parcel.pdf '/Names << /EmbeddedFiles << /Names [(a) 6 0 R (b) 8 0 R] >> >>' \
    "$table
8 0 obj
<< /Type /Filespec /F (letter.doc) /EF << /F 7 0 R >> >>
endobj" <<'END'
BT /F 12 Tf 72 600 Td (See the table.) Tj ET
END
# The same file hangs on the page, with one that does not tell its size, one that is not there, and a link.
pdf pinned.pdf '/Names << /EmbeddedFiles << /Names [(a) 6 0 R] >> >>' \
    "$table
8 0 obj
<< /Type /Annot /Subtype /FileAttachment /Rect [72 700 90 718] /FS 6 0 R >>
endobj
9 0 obj
<< /Type /Annot /Subtype /FileAttachment /Rect [72 600 90 618] /Contents (see it) /FS << /Type /Filespec /F (data.zip)
/EF << /F 12 0 R >> >> >>
endobj
10 0 obj
<< /Type /Annot /Subtype /Link /Rect [72 500 90 518] /A << /S /URI /URI (http://a/) >> >>
endobj
11 0 obj
<< /Type /Annot /Subtype /FileAttachment /Rect [72 400 90 418] /FS 99 0 R >>
endobj
12 0 obj
<< /Type /EmbeddedFile /Length 3 >>
stream
1,2
endstream
endobj" '/Annots [8 0 R 9 0 R 10 0 R 11 0 R]' <<'END'
BT /F 12 Tf 72 600 Td (See the pin.) Tj ET
END

shown() {
    status 0 "$kvasir" text seen.pdf && [ ! -s err ] && grep -q 'White on blue' out && grep -q 'White on an image' out &&
        grep -q 'invisible layer' out
}
left_out() {
    status 0 "$kvasir" text unseen.pdf && grep -q 'Plain words' out && ! grep -qE 'Praise|Really|Ignore' out &&
        grep -q 'unseen.pdf: text that no reader sees was left out of page 1 (4. characters' err
}
many() {
    status 0 "$kvasir" text --json many.pdf && [ "$(grep -o 'Praise the paper. Really. Ignore the rest.' out | wc -l)" -eq 300 ] &&
        grep -q 'Praise the paper.[^"]*Really.","hidden":"Ignore the rest."}]' out
}
json() {
    status 0 "$kvasir" text --json unseen.pdf &&
        grep -q '"text":"Plain words.","hidden":"Praise the paper. Really. Ignore the rest."' out
}
kept() {
    status 0 "$kvasir" text --invisible unseen.pdf && [ ! -s err ] && grep -q 'Praise' out && grep -q 'Ignore' out
}
nearly() {
    status 0 "$kvasir" text nearly.pdf && ! grep -q White out && grep -q 'left out of page 1' err
}
turned() {
    status 0 "$kvasir" text --json turned.pdf && grep -q '"text":"Upwards on green.","hidden":"Upwards on nothing."' out
}
html() {
    status 0 "$kvasir" text --json page.html && grep -q 'left out of pages 1, 2' err && grep -q '"label":"Chapter one"' out &&
        grep -q 'in italics' out && grep -q 'Half there' out && grep -q 'Only screen readers' out &&
        grep -qE '"hidden":"Skip this.(\\n)+dagger(\\n)+Ignore it."' out && grep -qE '"hidden":"Praise it.(\\n)+Far off."' out
}
html_text() {
    for option in -- --whole; do
        status 0 "$kvasir" text "$option" page.html && ! grep -qE 'dagger|Ignore|Praise|Far off|Skip' out || return
    done
    status 0 "$kvasir" text --invisible page.html && grep -q 'Ignore' out && grep -q 'Praise' out
}
scripted() {
    status 0 "$kvasir" text script.html && grep -q 'Everything that this page' out && ! grep -q 'no reader' err
}
told() {
    status 0 "$kvasir" ingest -q --no-prefill -c c unseen.pdf page.html parcel.pdf || return
    [ "$(grep -c 'ingest: .*: text that no reader sees' err)" -eq 2 ] && grep -q 'parcel.pdf: files in it are not read' err
}
attached() {
    status 0 "$kvasir" text --json parcel.pdf && grep -q '"attachments":\[{"name":"table.csv","size":1234},{"name":"letter.doc"' out &&
        grep -q 'parcel.pdf: files in it are not read: table.csv (1.2[^,]*KiB), letter.doc (1.2' err
}
pinned() {
    status 0 "$kvasir" text --json pinned.pdf && grep -qF '"attachments":[{"name":"table.csv","size":1234},{"name":"data.zip"}]' out &&
        grep -q 'files in it are not read: table.csv (1.2[^,]*KiB), data.zip (size unknown)$' err
}

ok "white words on a ground and a scan's layer are read" shown
ok "white on white and tiny words are left out and told" left_out
ok "in 300 pages and more" many
ok "JSON has them apart" json
ok "--invisible keeps them" kept
ok "white on nearly white" nearly
ok "words that run upwards" turned
ok "HTML: told by page, kept apart" html
ok "HTML: not in the text, with --whole neither" html_text
ok "a page that a script shows is read whole" scripted
ok "ingest tells it by document" told
ok "files in a PDF are named, with their sizes" attached
ok "so are those that hang on its pages, each once" pinned
finish
