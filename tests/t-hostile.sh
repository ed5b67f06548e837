#!/bin/sh
# Files that are made to harm whoever reads them end in a sentence, soon, and harm no other file.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
own_folders
mkdir all

# pdf FILE TRAILER-SIZE: objects 2 and on from standard input; object 1 is the catalogue, 2 the root of the pages.
pdf() {
    {
        printf '%%PDF-1.5\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n'
        cat
        printf 'trailer\n<< /Root 1 0 R /Size %s >>\n%%%%EOF\n' "$2"
    } >"all/$1"
}
page='3 0 obj
<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>
endobj
'
# table NAME START: a cross-reference of 10^9 objects.
{
    printf '%%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n%s' "$page"
    printf 'xref\n0 1000000000\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<< /Root 1 0 R /Size 1000000000 >>\nstartxref\n182\n%%%%EOF\n'
} >all/objects.pdf
{
    printf '%%PDF-1.5\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n%s' "$page"
    printf '4 0 obj\n<< /Type /XRef /Size 1000000000 /Index [0 1000000000] /W [1 4 2] /Root 1 0 R /Length 14 >>\nstream\n'
    printf '00000000000000\nendstream\nendobj\nstartxref\n182\n%%%%EOF\n'
} >all/stream.pdf
printf '2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>\nendobj\n%s' "$page" | pdf pages.pdf 4
printf '2 0 obj\n<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 10 >>\nendobj\n' | pdf loop.pdf 3
awk 'BEGIN {
    for (i = 2; i < 5000; i++) printf "%d 0 obj\n<< /Type /Pages /Kids [%d 0 R] /Count 1 >>\nendobj\n", i, i + 1
    printf "5000 0 obj\n<< /Type /Page /MediaBox [0 0 9 9] >>\nendobj\n"
}' | pdf tree.pdf 5001
awk 'BEGIN { printf "2 0 obj\n<< /X "; for (i = 0; i < 50000; i++) printf "["; printf " >>\nendobj\n" }' | pdf brackets.pdf 3
awk 'BEGIN { printf "<html><title>Deep</title><body>"; for (i = 0; i < 30000; i++) printf "<div><b>"; printf "the bottom" }' >all/deep.html
awk 'BEGIN { printf "<html><title>Wide</title><body>"; for (i = 0; i < 10000; i++) printf "<b><i><p>"; printf "the words" }' >all/wide.html
# What the search for the article must not look through again for each of them.
awk 'BEGIN {
    printf "<html><title>Beside</title><body>"
    for (i = 0; i < 100000; i++) printf "<br>"
    printf "<div>"
    for (i = 0; i < 5; i++) printf "<p>The river rose, fell, and rose again, and people came to see it, every year, from afar.</p>"
    printf "</div>"
    for (i = 0; i < 20000; i++) printf "<div class=sidebar>"
}' >all/beside.html

# Names that stand for names, a thousand million letters in the end; one stands for a file of the system.
laughs() {
    printf '<!DOCTYPE %s [<!ENTITY a "aaaaaaaaaa">' "$1"
    before=a
    for name in b c d e f g h i; do
        printf '<!ENTITY %s "' "$name"
        printf "&$before;%.0s" 1 2 3 4 5 6 7 8 9 10
        printf '">'
        before=$name
    done
    printf '<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y SYSTEM "http://127.0.0.1:9/y">]>\n'
}
{ printf '<?xml version="1.0"?>\n' && laughs html && printf '<html><head><title>Laughs</title></head><body><p>&i; &x; &y; and the end.</p></body></html>'; } >all/laughs.xhtml
cp all/laughs.xhtml all/laughs.html
# EPUB files whose parts do the same, and which name what is not theirs.
epub() {
    python3 - "$@" <<'END'
import sys, zipfile
name, package, chapter = sys.argv[1:]
with zipfile.ZipFile(f"all/{name}", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as z:
    z.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
    z.writestr("META-INF/container.xml", '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
               '<rootfile full-path="book.opf"/></rootfiles></container>')
    z.writestr("book.opf", open(package).read())
    z.writestr("c.xhtml", open(chapter, "rb").read())
    z.writestr("../../../../escaped", "out of the box")
    z.writestr("/escaped", "out of the box")
END
}
package() {
    printf '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>%s</dc:title></metadata><manifest>' "$1"
    printf '<item id="c" href="c.xhtml" media-type="application/xhtml+xml"/><item id="o" href="../../../../etc/passwd" media-type="application/xhtml+xml"/>'
    printf '<item id="p" href="file:///etc/passwd" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c"/><itemref idref="o"/><itemref idref="p"/></spine></package>'
}
if command -v python3 >/dev/null; then
    { laughs package && package '&i;&x;'; } >laughs.opf
    package 'A book' >plain.opf
    printf '<html><body><p>The first chapter.</p></body></html>' >plain.xhtml
    head -c 300000000 /dev/zero >zeros
    epub names.epub plain.opf plain.xhtml
    epub laughs.epub laughs.opf all/laughs.xhtml
    epub zeros.epub plain.opf zeros
    rm zeros
fi
echo 'Alpha, the first file.' >all/a.txt
echo 'Omega, the last file.' >all/z.txt

# text FILE WORDS STATUS [LINE]: ends with STATUS, in time, with a text or a sentence that has WORDS.
text() {
    status "$3" timeout 60 "$kvasir" text --parse-time 20 --parse-memory 1G "all/$1" && grep -q "$2" out err &&
        ! grep -qE 'crashed|root:|out of the box|took more' out err && [ "$(wc -c <out)" -lt 2000 ]
}
objects() {
    text objects.pdf 'objects.pdf: ' 3 && text stream.pdf 'stream.pdf: ' 3
}
pages() {
    text pages.pdf 'claims to have .* pages' 3
}
trees() {
    text loop.pdf 'pages 1-10: damaged' 3 && text tree.pdf 'page 1: empty' 0 && text brackets.pdf 'brackets.pdf: ' 3
}
nesting() {
    text deep.html '^the bottom' 0 && text wide.html '^the words' 0 && text beside.html '^The river' 0
}
entities() {
    text laughs.xhtml 'and the end' 0 && text laughs.html 'and the end' 0
}
books() {
    text names.epub 'The first chapter' 0 && ! [ -e ../escaped ] && ! [ -e escaped ] && text laughs.epub 'laughs.epub: is a damaged EPUB' 3 &&
        text zeros.epub 'zeros.epub: .*256 MiB' 3
}
others() {
    status 3 timeout 100 "$kvasir" ingest -q --no-prefill --parse-time 20 --parse-memory 1G -c all all || return
    "$kvasir" corpus show all >shown
    grep -q '/a.txt' shown && grep -q '/z.txt' shown && ! grep -q crashed err
}

ok "PDF: 10^9 objects in a table and in a stream" objects
ok "PDF: 2 * 10^9 pages" pages
ok "PDF: pages that contain themselves, trees and arrays of any depth" trees
ok "HTML of any depth and length" nesting
ok "entities: no bomb goes off, no file and no address is read" entities
if command -v python3 >/dev/null; then
    ok "EPUB: no name leads out of the book, no bomb goes off" books
else
    skip "EPUB: no name leads out of the book, no bomb goes off" "no python3"
fi
ok "the files beside them are read" others
finish
