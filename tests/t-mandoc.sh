#!/bin/sh
# The man pages are clean mdoc.
. "$top_srcdir/tests/tap.sh"
command -v mandoc >/dev/null || skip_all "no mandoc"

lint() {
    mandoc -Tlint -Wwarning "$1"
}

for page in "$top_srcdir"/man/*.[1-9]; do
    ok "${page##*/} has no mandoc warning" lint "$page"
done
finish
