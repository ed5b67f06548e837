#!/bin/sh
# No command opens a network connection, whatever the documents refer to: each runs under a filter that kills who tries.
. "$top_srcdir/tests/tap.sh"
alone=$top_builddir/tests/no-network
kvasir=$top_builddir/kvasir
unset KVASIR_ISA KVASIR_THREADS
KVASIR_MODEL=$top_srcdir/tests/data/models/tiny-a-q8_0.gguf
XDG_CONFIG_HOME=$scratch/config KVASIR_DATA_DIR=$scratch/data KVASIR_CACHE_DIR=$scratch/cache
export KVASIR_MODEL XDG_CONFIG_HOME KVASIR_DATA_DIR KVASIR_CACHE_DIR
cd "$scratch" || exit 1
"$alone" true
[ $? -ne 77 ] || skip_all "no seccomp filters here"

mkdir papers
cat >papers/page.html <<'END'
<?xml version="1.0"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://localhost:9/xhtml1-strict.dtd" [
<!ENTITY far SYSTEM "http://localhost:9/far.txt"> <!ENTITY % more SYSTEM "http://localhost:9/more.dtd"> %more; ]>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:xi="http://www.w3.org/2001/XInclude"><head><title>Far away</title>
<base href="http://localhost:9/"/><link rel="stylesheet" href="http://localhost:9/style.css"/>
<script src="http://localhost:9/script.js"></script></head>
<body><p>The rate is 0.003 here. &far;</p><img src="http://localhost:9/image.png"/><iframe src="http://localhost:9/"></iframe>
<xi:include href="http://localhost:9/part.xml"/><object data="http://localhost:9/x.svg"></object></body></html>
END
cp papers/page.html papers/page.xhtml
# Links, an action when it is opened, a form that submits, a stream in a file elsewhere.
cat >papers/links.pdf <<'END'
%PDF-1.7
1 0 obj <</Type /Catalog /Pages 2 0 R /OpenAction 6 0 R /AA <</WC 6 0 R>>>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 300 100] /Contents 4 0 R /Annots [7 0 R 8 0 R]
/Resources <</Font <</F 5 0 R>> /XObject <</X 9 0 R>>>>>> endobj
4 0 obj <</Length 57>> stream
BT /F 12 Tf 20 50 Td (The rate is 0.003 here.) Tj ET /X Do
endstream endobj
5 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> endobj
6 0 obj <</S /URI /URI (http://localhost:9/open)>> endobj
7 0 obj <</Type /Annot /Subtype /Link /Rect [0 0 300 100] /A 6 0 R>> endobj
8 0 obj <</Type /Annot /Subtype /Link /Rect [0 0 9 9] /A <</S /SubmitForm /F <</FS /URL /F (http://localhost:9/)>>>>>> endobj
9 0 obj <</Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 0
/F <</FS /URL /F (http://localhost:9/image)>>>> stream

endstream endobj
trailer <</Root 1 0 R>>
%%EOF
END

# runs COMMAND...: no signal, and at most "nothing found"
runs() {
    "$alone" "$@" >out 2>err
    status=$?
    cat out err
    [ "$status" -le 1 ]
}

trap_works() {
    "$alone" --try
    [ $? -gt 128 ]
}

texts() {
    runs "$kvasir" text papers/page.html && grep -q '0\.003' out && runs "$kvasir" text papers/page.xhtml && grep -q '0\.003' out &&
        runs "$kvasir" text papers/links.pdf && grep -q '0\.003' out
}

asks() {
    runs "$kvasir" ask --max-tokens 2 "What rate? See http://localhost:9/" papers/page.html papers/links.pdf
}

corpora() {
    runs "$kvasir" ingest -c far papers && runs "$kvasir" ask --max-tokens 2 -c far "What rate?" &&
        runs "$kvasir" corpus show far && runs "$kvasir" search -c far rate && runs "$kvasir" history
}

caches() {
    runs "$kvasir" cache status && runs "$kvasir" cache verify && runs "$kvasir" cache export -c far far.kva &&
        KVASIR_DATA_DIR=$scratch/other runs "$kvasir" cache import far.kva && runs "$kvasir" cache trim --limit 1K &&
        runs "$kvasir" cache clear
}

others() {
    runs "$kvasir" model info && runs "$kvasir" plan --only --tokens 300 && echo rate | runs "$kvasir" tokens
}

ok "who opens a network socket is killed" trap_works
ok "text: pages and papers that refer to others" texts
ok "ask about files" asks
ok "ingest, ask, corpus, search, history" corpora
ok "cache: status, verify, export, import, trim, clear" caches
ok "model, plan, tokens" others
finish
