# t-text.sh - kvasir text: output, exit statuses, and what it says about bad input.
kvasir=$top_builddir/kvasir
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
n=0

# ok NAME COMMAND...: one test; diagnostics when it fails
ok() {
    name=$1; shift
    n=$((n + 1))
    if "$@"; then echo "ok $n - $name"; else
        echo "not ok $n - $name"; sed 's/^/# /' out err; fi
}
# status WANTED ARGUMENT...: runs kvasir text, keeps out and err
status() {
    want=$1; shift
    timeout 20 "$kvasir" text "$@" >out 2>err
    got=$?
    [ $got -eq "$want" ] || { echo "# status $got instead of $want"; return 1; }
}
# refused FILE WORDS: status 3, nothing on stdout, one line on stderr that names the file and has WORDS
refused() {
    status 3 "$1" && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] && grep -q "$1.*$2" err
}
same() { printf "$1" | cmp - out; }

printf 'one\n\ftwo\n' >a.txt
printf '\211PNG\r\n\032\n0000' >png.pdf
: >empty.html
: >empty.pdf
printf '<html><body></body></html>' >bare.html
head -c 3000 /dev/zero >zero.txt
mkdir dir
mkfifo fifo
printf '%%PDF-1.4\nbroken\n' >broken.pdf

ok 'pages end with form feeds' eval 'status 0 a.txt && same "one\n\ftwo\n\f"'
ok 'several files follow each other' eval 'status 0 a.txt a.txt && [ $(grep -c two out) -eq 2 ]'
ok '--json gives the pages' eval 'status 0 --json a.txt && grep -q "\"label\":\"2\",\"state\":\"text\",\"text\":\"two\"" out'
ok 'a PNG is not a PDF' refused png.pdf 'PNG image'
ok 'an empty HTML file' refused empty.html empty
ok 'an empty PDF' refused empty.pdf empty
ok 'a directory' refused dir directory
ok 'a FIFO does not hang' refused fifo 'regular file'
ok 'a missing file' refused none.pdf 'No such file'
ok 'a damaged PDF' refused broken.pdf 'PDF'
ok 'a file of zeros' refused zero.txt 'neither'
ok 'a page without text is reported' eval 'status 0 bare.html && grep -q "page 1: empty" err'
ok 'one bad file does not stop the others' eval 'status 3 none.pdf a.txt && same "one\n\ftwo\n\f"'
encrypted=$KVASIR_SHARED/assets/pdf-robust/encrypted
secret=$encrypted/r2-user-password.pdf
if [ -f "$secret" ]; then
    cp "$secret" secret.pdf
    ok 'an encrypted PDF asks for its password' refused secret.pdf 'password'
    ok 'a wrong password is told' eval 'status 3 --password wrong secret.pdf && grep -q "password is wrong" err'
else
    for name in 'an encrypted PDF asks for its password' 'a wrong password is told'; do
        n=$((n + 1)); echo "ok $n - $name # SKIP no encrypted PDF at hand"
    done
fi
ok 'no file is a usage error' status 2
echo "1..$n"
