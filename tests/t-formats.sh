#!/bin/sh
# The formats beside PDF, HTML and text, through the program: what is read, what damaged and hostile files give.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir
own_folders

# status WANTED ARGUMENT...: runs kvasir text, keeps out and err
status() {
    wanted=$1
    shift
    timeout 60 "$kvasir" text "$@" >out 2>err
    got=$?
    head -c 2000 out; head -c 2000 err
    [ "$got" -eq "$wanted" ] || { echo "exit status $got, not $wanted"; return 1; }
}

# refused FILE WORDS: status 3, nothing on standard output, one line that names the file and has WORDS
refused() {
    status 3 "$1" && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] && grep -q "$1: .*$2" err
}

# json FILE MEMBER: a member of the document, as it stands
json() {
    "$kvasir" text --json "$1" 2>/dev/null | grep -o "\"$2\":\(\"[^\"]*\"\|null\)" | sed 's/^[^:]*://; s/"//g'
}

is() {
    [ "$1" = "$2" ] || { echo "\"$1\" is not \"$2\""; return 1; }
}

has_no() {
    ! command -v "$1" >/dev/null
}

# --- Compressed files ---

printf '# One\n\nfirst words\n\n# Two\n\nlast words\n' >notes.md
packed() {
    "$1" -c notes.md >"notes.md.$2" && status 0 "notes.md.$2" && "$kvasir" text notes.md | cmp - out &&
        is "$(json "notes.md.$2" format)" markdown && is "$(json "notes.md.$2" path)" "notes.md.$2"
}
for pair in gzip.gz xz.xz zstd.zst bzip2.bz2; do
    program=${pair%.*} ending=${pair#*.}
    if has_no "$program"; then
        skip "$program: the document in it" "no $program"
    else
        ok "$program: the document in it" packed "$program" "$ending"
    fi
done

twice() {
    gzip -c notes.md | gzip -c >twice.md.gz && status 0 twice.md.gz && grep -q 'first words' out
}
several() {
    { echo one | gzip -c; echo two | gzip -c; } >several.txt.gz && status 0 several.txt.gz && grep -q two out
}
untitled() {
    echo words | gzip -c >untitled.txt.gz && is "$(json untitled.txt.gz title)" untitled.txt.gz
}
cut_short() {
    awk 'BEGIN { for (i = 0; i < 9999; i++) print i * i }' | gzip -c | head -c 9000 >cut.txt.gz && refused cut.txt.gz damaged
}
bomb() {
    if has_no zstd; then
        head -c 300000000 /dev/zero | gzip -1 >bomb.txt.gz
    else
        head -c 300000000 /dev/zero | zstd -q -1 >bomb.txt.gz
    fi
    refused bomb.txt.gz 'more than 256 MiB'
}
packed_picture() {
    printf '\211PNG\r\n\032\n0000' | gzip -c >picture.gz && refused picture.gz 'a PNG image'
}
ok "compressed twice" twice
ok "gzip files behind one another are one" several
ok "an untitled one is named after its file" untitled
ok "a cut one is damaged" cut_short
ok "a bomb ends in a sentence" bomb
ok "what is in it may be no document" packed_picture

# --- Manual pages ---

cat >frob.1 <<'END'
.\" A comment.
.TH FROB 1 "May 4, 2021" "frob 1.0" "Tests"
.SH NAME
frob \- twiddle the bits
.SH OPTIONS
.TP
\fB\-a\fR, \fB\-\-all\fR
all of them, and not only those that are set, however long this line may become when it is filled by what formats it
.SS More of them
.nf
int main(void)
    return 0;
.fi
.so /etc/passwd
END
cat >frob.8 <<'END'
.Dd May 5, 2021
.Dt FROBD 8
.Os
.Sh NAME
.Nm frobd
.Nd twiddle in the background
.Sh SEE ALSO
.Xr frob 1
END
printf '.so man1/frob.1\n' >alias.1

man_page() {
    status 0 frob.1 && is "$(json frob.1 format)" man && is "$(json frob.1 title)" "frob(1)" &&
        is "$(json frob.1 date)" 2021-05-04 && grep -qx '# NAME' out && grep -qx 'frob - twiddle the bits' out &&
        grep -qx -- '-a, --all' out && grep -qx '    all of them.*formats it' out && grep -qx '## More of them' out &&
        grep -qx 'int main(void)' out && grep -qx '    return 0;' out && ! grep -q root: out && ! grep -q May out &&
        is "$(json frob.1 label | tr '\n' ' ')" "NAME OPTIONS "
}
mdoc_page() {
    status 0 frob.8 && is "$(json frob.8 title)" "frobd(8)" && is "$(json frob.8 date)" 2021-05-05 &&
        grep -q '^frobd . twiddle in the background$' out && grep -qx 'frob(1)' out
}
alias_page() {
    status 0 alias.1 && is "$(json alias.1 title)" "alias(1)" && grep -qx 'alias(1): see frob(1)' out
}
packed_page() {
    gzip -c frob.1 >frob.1.gz && is "$(json frob.1.gz title)" "frob(1)"
}
# A folder with groff and nothing else stands for a machine without mandoc.
by_groff() {
    mkdir -p bin && for p in groff troff tbl preconv grotty; do
        ln -sf "$(command -v $p)" bin/ || return
    done
    ( PATH=$scratch/bin; export PATH; "$kvasir" text frob.1 frob.8 ) >out &&
        grep -qx 'frob - twiddle the bits' out && grep -qx '    all of them.*formats it' out &&
        grep -qx '## More of them' out && grep -q 'frobd . twiddle in the background' out && ! grep -q root: out
}
without_both() {
    mkdir -p nothing && ! ( PATH=$scratch/nothing; export PATH; "$kvasir" text frob.1 ) 2>err && grep -q 'frob.1: .*install mandoc' err
}
no_page() {
    printf '.hidden words\n' >dot.txt && status 0 dot.txt && is "$(json dot.txt format)" text
}
man_folder() {
    mkdir -p man && cp frob.1 frob.8 alias.1 man/ && printf '\177ELF' >man/libfrob.so.1 && echo log >man/messages.1 &&
        "$kvasir" ingest --no-prefill -c man man >out && grep -qx 'man: 3 documents (3 new, 0 changed, 0 as before)' out
}
if has_no mandoc; then
    for title in "a page in man macros" "a page in mdoc macros" "a compressed page"; do skip "$title" "no mandoc"; done
else
    ok "a page in man macros" man_page
    ok "a page in mdoc macros" mdoc_page
    ok "a compressed page" packed_page
fi
ok "a page that only points to another" alias_page
ok "without mandoc, groff does it" by_groff
ok "without both a sentence says so" without_both
ok "a point at the beginning makes no manual page" no_page
ok "a folder: manual pages, not libraries and logs" man_folder

# --- Folders ---

mkdir -p tree/sub/deep tree/.hidden tree/build elsewhere
for file in a.txt b.md sub/c.txt sub/keep.txt sub/deep/d.txt .hidden/e.txt build/f.txt g.log; do
    echo "words of $file" >"tree/$file"
done
echo "words from elsewhere" >elsewhere/h.txt
ln -s ../elsewhere tree/link
ln -s .. tree/loop
head -c 5000 /dev/zero | tr '\0' x >tree/large.txt

# takes NAMES OPTION...: what ingest takes of the folder, by name, in order
takes() {
    wanted=$1
    shift
    rm -rf data && "$kvasir" ingest --no-prefill -c tree "$@" tree >out 2>err || { cat err; return 1; }
    "$kvasir" corpus show tree --json >show || return
    is "$(grep -o '"path" *: *"[^"]*"' show | sed 's/.*\///; s/"$//' | tr '\n' ' ')" "$wanted"
}
ignored() {
    printf '# not these\nbuild/\n*.txt\n!a.txt\n' >tree/.kvasirignore && printf '!keep.txt\n' >tree/sub/.kvasirignore || return
    takes "a.txt b.md keep.txt "
    result=$?
    [ $result -eq 0 ] && { takes "a.txt b.md f.txt large.txt c.txt d.txt keep.txt " --no-ignore; result=$?; }
    rm tree/.kvasirignore tree/sub/.kvasirignore
    return $result
}
too_large() {
    takes "a.txt b.md f.txt c.txt d.txt keep.txt " --max-size 4K && grep -q '1 file larger than --max-size left out' err
}
wrong_size() {
    "$kvasir" ingest --no-prefill -c tree --max-size many tree 2>err
    [ $? -eq 2 ] && grep -q 'takes a size' err
}
named() {
    rm -rf data && "$kvasir" ingest --no-prefill -c tree --exclude 'a*' tree/a.txt >out && grep -q '1 new' out
}
ok "documents in the order of their names, no hidden ones, no links" takes "a.txt b.md f.txt large.txt c.txt d.txt keep.txt "
ok "what .kvasirignore says, here and below" ignored
ok "--exclude" takes "b.md large.txt c.txt keep.txt " --exclude build --exclude 'a*' --exclude deep/
ok "--include takes what it matches, of any kind" takes "g.log c.txt " --include '*.log' --include '/sub/c.*'
ok "--hidden" takes "e.txt a.txt b.md f.txt large.txt c.txt d.txt keep.txt " --hidden
ok "--follow goes to each folder once" takes "a.txt b.md f.txt large.txt h.txt c.txt d.txt keep.txt " --follow --exclude /loop
ok "--max-size" too_large
ok "a size that is none" wrong_size
ok "a file that is named is read" named
finish
