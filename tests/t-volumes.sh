#!/bin/sh
# Corpora larger than a prompt: volumes, which of them are read, and that they are cached and verified like others.
. "$top_srcdir/tests/tap.sh"
small_model

# document NAME WORD: some 700 tokens.
document() {
    awk -v word="$2" 'BEGIN { for (i = 1; i <= 20; i++) print "Line " i " is about the " word ".\n" }' >"$1"
}

# The numbers of the volumes that were read.
volumes_read() {
    sed -n 's/.*"volume" : \([0-9]*\),$/\1/p' "$1" | tr '\n' ' '
}

document a.txt apple
document b.txt banana
document c.txt cherry
document d.txt date
awk 'BEGIN { for (p = 1; p <= 4; p++) { for (i = 1; i <= 20; i++) print "Page " p " has a long story of elder.\n"; printf "\f" } }' >e.txt

ingests() {
    status 0 "$kvasir" ingest -c fruit --volume-tokens 1000 a.txt b.txt c.txt d.txt && grep -q '^kvasir: volume 1 of 2: ' err
}

best_volume() {
    status 1 "$kvasir" ask --json --max-tokens 3 --volumes 1 -c fruit "Which line has the cherry?" && cp out cherry.json &&
        [ "$(volumes_read out)" = "2 " ] && [ "$(usage out cache_creation_tokens)" -eq 0 ] && [ "$(usage out cache_read_tokens)" -gt 500 ] &&
        status 1 "$kvasir" ask --max-tokens 3 --volumes 1 -c fruit "The apple?" && grep -q '^Read: volume 1 (documents 1-2) of 2$' out
}

every_volume() {
    status 1 "$kvasir" ask -q --json --max-tokens 2 --all-volumes -c fruit "Nothing of the kind?" &&
        [ "$(volumes_read out)" = "1 2 " ] && [ "$(usage out output_tokens)" -eq 4 ] && [ "$(usage out prompt_tokens)" -gt 2800 ]
}

# Quotations of both volumes go into the last prompt; what all three took is told, and pages with their volumes.
last_step() {
    status 0 "$kvasir" ask --json --why --quote --max-tokens 40 --all-volumes -c fruit "Which fruit?" && cp out both.json &&
        grep -q '^kvasir: findings of 2 volumes together$' err && [ "$(usage out prompt_tokens)" -gt 3000 ] &&
        tr -d ' \n' <out >flat && grep -q '"document_index":[01],[^{]*"volume":1,"share"' flat &&
        grep -q '"document_index":[23],[^{]*"volume":2,"share"' flat &&
        ! grep -q '"document_index":[01],[^{]*"volume":2\|"document_index":[23],[^{]*"volume":1' flat &&
        status 0 "$kvasir" show --why "$("$kvasir" history | awk 'END { print $1 }')" && grep -q '^ *[0-9]*%  [ab].txt, p. 1, volume 1: Line' out
}

no_volume() {
    status 2 "$kvasir" ask -q --max-tokens 2 --volumes 1 -c fruit "zzzz" && grep -q -- '--all-volumes' err
}

# Documents at the end change none of the full volumes.
added() {
    status 0 "$kvasir" ingest -c fruit e.txt || return 1
    status 1 "$kvasir" ask --json --max-tokens 2 --volumes 1 -c fruit "The apple?" && [ "$(volumes_read out)" = "1 " ] &&
        [ "$(usage out cache_creation_tokens)" -eq 0 ]
}

# A document that is longer than a volume is cut between pages, whose numbers stay.
long_document() {
    status 1 "$kvasir" ask --max-tokens 2 --all-volumes -c fruit "The elder?" &&
        grep -q 'volume [0-9] (document 5, page 4) of' out
}

page_too_long() {
    status 2 "$kvasir" ask --max-tokens 2 --volume-tokens 300 -c fruit "The elder?" && grep -q 'a.txt: page 1 alone has [0-9]* tokens' err
}

verified() {
    "$kvasir" ask -q --max-tokens 3 --volumes 1 --record record.json -c fruit "The date?" >/dev/null
    grep -q '"shown_pages":"3:1 4:1"' record.json && status 0 "$kvasir" verify -q record.json && grep -qx identical out
}

# With --quote also a model without sense cites, so what the volumes found is put together in a last step.
merged() {
    status 0 "$kvasir" ask --quote --json --max-tokens 40 --all-volumes --record merged.json -c fruit "The line?" &&
        grep -q '^kvasir: findings of [2-9] volumes together$' err && [ "$(volumes_read out)" = "1 2 3 4 5 6 " ] || return 1
    python3 - out merged.json "$top_srcdir" <<'END'
import json, re, sys
answer, record = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))
shown = set()
for part in record["shown_pages"].split():
    document, runs = part.split(":")
    for run in runs.split(","):
        first, _, last = run.partition("-")
        shown |= {(int(document) - 1, page) for page in range(int(first), int(last or first) + 1)}
words = ["apple", "banana", "cherry", "date", "elder"]
assert len({document for document, page in shown}) >= 2, shown
assert answer["citations"], "no citation"
for c in answer["citations"]:
    for page in range(c["start_page_number"], c["end_page_number"]):
        assert (c["document_index"], page) in shown, (c, shown)
    if c["document_index"] == 4:
        assert re.search(r"Page %d has" % c["start_page_number"], c["cited_text"]), c
    else:
        assert words[c["document_index"]] in c["cited_text"], c
END
    [ $? -eq 0 ] && status 0 "$kvasir" verify -q merged.json && grep -qx identical out
}

small_corpus() {
    status 0 "$kvasir" ingest -q -c one a.txt && status 1 "$kvasir" ask --json --max-tokens 2 -c one "The apple?" && ! grep -q '"volumes"' out
}

usage_errors() {
    status 2 "$kvasir" ask --volumes 0 -c fruit x && status 2 "$kvasir" ask --volume-tokens -1 -c fruit x &&
        status 2 "$kvasir" ingest -c fruit --volume-tokens -5 a.txt
}

ok "ingest fills the cache volume by volume" ingests
ok "the volume that has the words is asked, from the cache" best_volume
ok "all volumes" every_volume
ok "the last step has what all volumes quote, and counts all prompts" last_step
ok "no volume has the words" no_volume
ok "documents added at the end" added
ok "a document longer than a volume" long_document
ok "a page longer than a volume" page_too_long
ok "an answer about some pages is verified" verified
ok "findings of several volumes together" merged
ok "a corpus that fits into a prompt has no volumes" small_corpus
ok "wrong usage" usage_errors
finish
