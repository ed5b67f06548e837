#!/bin/sh
# Web archives through the program: a document for each page, in a corpus and alone.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
unset KVASIR_ISA KVASIR_THREADS
own_folders

# response URL BODY
response() {
    block=$(printf 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n%s' "$2")
    printf 'WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: %s\r\nWARC-Date: 2020-05-06T07:08:09Z\r\n' "$1"
    printf 'Content-Type: application/http\r\nContent-Length: %s\r\n\r\n%s\r\n\r\n' "${#block}" "$block"
}

mkdir crawl
response http://a/one '<title>One</title><p>The first page has these words.</p>' >one
response http://a/two '<title>Two</title><p>The second page has other words.</p>' >two
{ gzip -c one; gzip -c two; } >crawl/site.warc.gz

both() {
    status 0 "$kvasir" text --json crawl/site.warc.gz && [ "$(wc -l <out)" -eq 2 ] &&
        head -n 1 out | grep -q '"path":"crawl/site.warc.gz#http://a/one","format":"html","title":"One","author":null,"date":"2020-05-06"'
}

alone() {
    status 0 "$kvasir" text 'crawl/site.warc.gz#http://a/two' && grep -q 'second page' out && ! grep -q 'first page' out &&
        status 3 "$kvasir" text 'crawl/site.warc.gz#http://a/three' && grep -q 'there is no such document in this file' err &&
        status 3 "$kvasir" text 'crawl/none.warc.gz#http://a/three' && grep -q 'No such file' err
}

corpus() {
    status 0 "$kvasir" ingest --no-prefill -c web crawl && grep -q '^web: 2 documents (2 new, 0 changed, 0 as before)' out &&
        status 0 "$kvasir" ingest --no-prefill -c web crawl && grep -q '(0 new, 0 changed, 2 as before)' out &&
        status 0 "$kvasir" corpus show web && grep -q 'crawl/site.warc.gz#http://a/one  One' out
}

cut_off() {
    head -c "$(($(wc -c <crawl/site.warc.gz) - 30))" crawl/site.warc.gz >cut.warc.gz
    status 3 "$kvasir" text cut.warc.gz && grep -q 'first page' out && grep -q 'cut.warc.gz#rest: .*damaged' err
}

ok "each page of an archive is a document" both
ok "a page of an archive alone" alone
ok "an archive in a corpus, and again" corpus
ok "an archive that breaks off: the rest is told" cut_off
finish
