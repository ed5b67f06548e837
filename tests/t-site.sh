#!/bin/sh
# Manuals of many HTML files as one document: their order, what is left out, what is never followed.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
unset KVASIR_ISA KVASIR_THREADS
own_folders

# page FILE TITLE BODY HEAD
page() {
    printf '<!DOCTYPE html><html><head><meta charset="utf-8"><title>%s</title>%s</head><body>%s</body></html>\n' \
        "$2" "$4" "$3" >"$1"
}

# labels FILE...: of all pages, one a line
labels() {
    "$kvasir" text --json --site "$@" >json || return
    grep -o '"label":"[^"]*"' json | sed 's/^"label":"\(.*\)"$/\1/'
}

# As Sphinx makes them: contents in the pages, links to the neighbours.
mkdir -p sphinx/lib
related='<div class="related" role="navigation"><a href="genindex.html">index</a></div>'
rel='<link rel="index" href="genindex.html"><link rel="search" href="search.html">'
toc='<div class="toctree-wrapper"><ul><li><a href="intro.html">Intro</a><ul><li><a href="intro.html#a">A</a></li></ul></li>'
toc=$toc'<li><a href="lib/index.html">Library</a></li><li><a href="genindex.html">Index</a></li>'
toc=$toc'<li><a href="../secret.html">Out</a></li><li><a href="leak.html">Out</a></li><li><a href="none.html">Gone</a></li>'
toc=$toc'<li><a href="http://example.org/far.html">Far</a></li><li><a href="file:///etc/x.html">Abs</a></li></ul></div>'
page sphinx/index.html Handbook "$related<div class='body' role='main'><h1>Handbook<a class='headerlink' href='#'>&para;</a></h1>$toc</div>" "$rel"
page sphinx/intro.html Intro "$related<div class='body' role='main'><h1>First steps</h1><p>Intro words.</p></div><div class='footer'>Made by Nobody</div>" \
    "$rel<link rel='next' href='lib/index.html'>"
page sphinx/lib/index.html Library "<div class='body' role='main'><h1>Library</h1><div class='toctree-wrapper'><ul><li><a href='b.html'>b</a></li><li><a href='a.html'>a</a></li></ul></div></div>" \
    "<link rel='next' href='b.html'>"
page sphinx/lib/b.html B "<div class='body' role='main'><h1>Module b</h1><p>B words.</p></div>" "<link rel='next' href='a.html'>"
page sphinx/lib/a.html A "<div class='body' role='main'><h1>Module a</h1><p>A words.</p></div>" "<link rel='next' href='../last.html'>"
page sphinx/last.html Last "<div class='body' role='main'><h1>Last things</h1><p>Last words.</p></div>" "<link rel='next' href='intro.html'>"
page sphinx/genindex.html Index "<h1>Generated</h1><p>Index words.</p>"
page sphinx/search.html Search "<h1>Search</h1><p>Search words.</p>"
page secret.html Secret "<h1>Secret</h1><p>Secret words.</p>"
ln -s ../secret.html sphinx/leak.html

ordered() {
    labels sphinx >got && printf '%s\n' Handbook 'First steps' Library 'Module b' 'Module a' 'Last things' | diff - got &&
        grep -q '"format":"site","title":"Handbook"' json
}

bare() {
    "$kvasir" text --site sphinx >out && grep -q 'Last words' out && ! grep -q 'Secret\|Generated\|Nobody\|Search words\|¶' out &&
        [ "$(grep -c '^Intro words' out)" -eq 1 ]
}

same_from_file() {
    "$kvasir" text --site sphinx/index.html | cmp - out
}

# As DocBook makes them; the next pages alone lead on.
mkdir docbook
nav="<div class='navheader'><a accesskey='n' href='x.html'>Next</a></div>"
page docbook/index.html Manual "<div class='book'><h1>Manual</h1></div>" "<link rel='next' href='one.html'>"
page docbook/one.html One "$nav<div class='chapter'><h2>Chapter 1. One</h2><p>One words.</p></div>" "<link rel='next' href='two.html'>"
page docbook/two.html Two "$nav<div class='chapter'><h2>Chapter 2. Two</h2><p>Two words.</p></div>" "<link rel='next' href='ix.html'>"
page docbook/ix.html Index "$nav<div class='index'><h2>Index</h2><p>one, 1</p></div>"

chained() {
    labels docbook >got && printf '%s\n' Manual 'Chapter 1. One' 'Chapter 2. Two' | diff - got && ! grep -q Next json
}

# A front page without either: its links, in their order.
mkdir plain
page plain/index.htm Start "<p>Parts: <a href='z.htm'>Z</a> <a href='y.htm'>Y</a> <a href='z.htm'>Z</a></p>"
page plain/z.htm Z "<p>Z words.</p>"
page plain/y.htm Y "<p>Y words.</p>"

linked() {
    labels plain >got && printf '%s\n' Start Z Y | diff - got
}

# A file of more than a page is cut, and its parts say whose they are.
mkdir long
page long/index.html Long "<div class='toc'><a href='big.html'>Big</a></div>"
page long/big.html Big "<h1>Big</h1><h2>Part a</h2><p>$(head -c 70000 /dev/zero | tr '\0' x)</p><h2>Part b</h2><p>End.</p>" "<link rel=prev href=index.html>"

cut_up() {
    labels long >got && tail -n 1 got | grep -qx 'Big: Part b'
}

corpus() {
    status 0 "$kvasir" ingest --no-prefill --site -c docs sphinx && grep -q 'docs: 1 document (1 new' out &&
        status 0 "$kvasir" ingest --no-prefill --site -c docs sphinx && grep -q '0 new, 0 changed, 1 as before' out &&
        page sphinx/lib/a.html A "<h1>Module a</h1><p>Other words.</p>" &&
        status 0 "$kvasir" ingest --no-prefill --site -c docs sphinx && grep -q '0 new, 1 changed, 0 as before' out
}

refused() {
    mkdir -p empty
    status 3 "$kvasir" text --site empty && grep -q 'empty: there is no index.html in this folder' err &&
        status 3 "$kvasir" text sphinx && grep -q 'is a directory; name the files in it, or say --site' err
}

ok "Sphinx: in the order of the contents, indexes left out" ordered
ok "Sphinx: no bars, nothing twice, nothing from outside of the folder" bare
ok "a front page stands for its folder" same_from_file
ok "DocBook: from page to page, no index" chained
ok "links of the front page where there is no table of contents" linked
ok "parts of a long file say whose they are" cut_up
ok "a site in a corpus is one document, and changes with any of its files" corpus
ok "folders that are no site" refused
finish
