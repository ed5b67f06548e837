#!/bin/sh
# A bibliography of a corpus: what it names, what is told, that nothing is computed again, what is wrong with it.
. "$top_srcdir/tests/tap.sh"
small_model

mkdir papers
for name in one two three; do
    awk -v name="$name" 'BEGIN { for (i = 1; i <= 30; i++) print name " has line " i " of many.\n" }' >"papers/$name.txt"
done
cat >library.bib <<'END'
@article{first, author = {Ho, J and Wu, K}, year = 2020, title = {First}, file = {:papers/one.txt:TXT}}
@article{second, author = {Ho, J and Wu, K}, year = 2020, title = {Second}, file = {:papers/two.txt:TXT}}
@article{missing, author = {G{\"o}del, K}, year = 1931, title = {Missing from the folder}}
@article{broken, title = }
END

named() {
    status 0 "$kvasir" ingest -q -c thesis --bibliography library.bib papers &&
        grep -qx 'thesis: a bibliography of 3 entries names 2 of 3 documents' out &&
        grep -q '^kvasir: 1 entry in the bibliography without a document: missing$' err &&
        grep -q 'papers/three.txt: not in the bibliography' err && grep -q '1 entry of the bibliography cannot be read' err
}

shown() {
    status 0 "$kvasir" corpus show thesis && grep -q 'papers/one.txt  one.txt  \[Ho and Wu 2020a\]$' out &&
        grep -q 'papers/two.txt  two.txt  \[Ho and Wu 2020b\]$' out && grep -q 'papers/three.txt  three.txt$' out &&
        grep -qx 'bibliography: 3 entries, 1 without a document: missing' out &&
        status 0 "$kvasir" corpus show --json thesis && grep -q '"name":"Ho and Wu 2020a","key":"first"' out &&
        grep -q '"bibliography_unused":\["missing"\]' out
}

found() {
    status 0 "$kvasir" search line && grep -q '^Ho and Wu 2020a, p. 1: one has line' out &&
        grep -q '^Ho and Wu 2020b, p. 1: two has line' out && grep -q '^three.txt, p. 1: three has line' out &&
        status 0 "$kvasir" search --json two && grep -q '"document_name":"Ho and Wu 2020b","document_key":"second"' out &&
        status 0 "$kvasir" search --json three && ! grep -q 'document_name' out
}

# The names change, and what was computed stays good.
renamed() {
    printf '@misc{x, author = {Li, M}, date = {2001-05}, file = {one.txt}}\n' >other.bib
    status 0 "$kvasir" ingest -c thesis --bibliography other.bib && grep -q 'names 1 of 3 documents' out &&
        status 0 "$kvasir" corpus show thesis && grep -q '\[Li 2001\]' out && ! grep -q 'Ho and' out &&
        status 1 "$kvasir" ask -q --json --max-tokens 2 -c thesis --bibliography library.bib "What is in line 7?" &&
        [ "$(usage out cache_creation_tokens)" -eq 0 ] && [ "$(usage out cache_read_tokens)" -gt 256 ]
}

# What is added later is named, too.
later() {
    printf '@misc{x, author = {Li, M}, year = 2001, file = {four.txt}}\n' >other.bib
    echo "Four stands here." >papers/four.txt
    status 0 "$kvasir" ingest -c thesis --bibliography other.bib &&
        status 0 "$kvasir" ingest --no-prefill -c thesis papers && status 0 "$kvasir" corpus show thesis &&
        grep -q 'four.txt  \[Li 2001\]' out
}

# It travels with the corpus.
exported() {
    status 0 "$kvasir" cache export -c thesis thesis.tar &&
        status 0 env KVASIR_DATA_DIR="$scratch/elsewhere" "$kvasir" cache import --texts thesis.tar &&
        status 0 env KVASIR_DATA_DIR="$scratch/elsewhere" "$kvasir" corpus show thesis && grep -q '\[Li 2001\]' out
}

removed() {
    : >empty.bib
    status 0 "$kvasir" ingest -c thesis --bibliography empty.bib && grep -qx 'thesis: no bibliography' out &&
        status 0 "$kvasir" corpus show thesis && ! grep -q 'Li 2001\|bibliography' out
}

refused() {
    status 3 "$kvasir" ingest -c thesis --bibliography papers/one.txt && grep -q 'one.txt: is no bibliography in BibTeX' err &&
        status 3 "$kvasir" ask -c thesis --bibliography missing.bib "What?" && grep -q 'missing.bib' err &&
        status 3 "$kvasir" ingest -c thesis --bibliography papers && grep -q 'papers: is not a regular file' err &&
        status 2 "$kvasir" ingest -c nothing --bibliography library.bib && grep -q 'there is no corpus "nothing"' err
}

ok "a bibliography names documents, and what it does not is told" named
ok "corpus show has the names and what is left" shown
ok "search shows the names" found
ok "other names: nothing is read or computed again" renamed
ok "documents that come later are named" later
ok "cache export and import take the bibliography along" exported
ok "an empty bibliography takes the names away" removed
ok "what is no bibliography, or no corpus" refused
finish
