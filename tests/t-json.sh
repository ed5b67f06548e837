#!/bin/sh
# JSON output is as kvasir-json(5) has it: every member that is written is there with its type, and every member that is there is
# written by some command.
. "$top_srcdir/tests/tap.sh"
. "$top_srcdir/tests/pdf.sh"
command -v python3 >/dev/null || skip_all "no python3"
small_model

cat >check.py <<'END'
"""check.py OBJECT FILE...: what FILE has are objects (or arrays of them, or some a line) of that kind; notes in "seen" what was there.
check.py --all EXEMPT...: names the members that nothing had."""
import json, re, sys

objects, current = {}, None
for line in open(sys.argv[1], encoding="utf-8"):
    if line.startswith(".Ss "):
        current = objects.setdefault(line[4:].strip(), {})
    elif line.startswith(".It Li ") and current is not None:
        name = line[7:].strip()
        current[name] = None
    elif current and None in current.values():
        current[name] = re.match(r"(optional )?(.*)\.$", line.strip()).groups()
simple = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}
seen = set()

def fits(value, kind):
    kind, _, more = kind.partition(" or ")
    if kind.startswith("array of "):
        kinds = (kind[9:] + " or " + more).strip().removesuffix(" or")
        return isinstance(value, list) and all(fits(v, kinds) for v in value)
    if kind in simple:
        fit = isinstance(value, simple[kind]) and (kind == "boolean" or not isinstance(value, bool))
    else:
        fit = isinstance(value, dict) and not list(faults(value, kind))
        if fit:
            seen.update((kind, name) for name in value)
    return fit or bool(more) and fits(value, more)

def faults(value, kind):
    members = objects[kind]
    for name, member in value.items():
        if name not in members:
            yield f"{kind} has {name}, which is not in the page"
        elif not fits(member, members[name][1]):
            yield f"{kind}.{name} is no {members[name][1]}: {json.dumps(member)[:200]}"
    for name, (optional, _) in members.items():
        if name not in value and not optional:
            yield f"{kind} lacks {name}"

def values(text):
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        yield from value if isinstance(value, list) else [value]

if sys.argv[2] == "--all":
    had = {tuple(line.split()) for line in open("seen")}
    exempt = {tuple(name.split(".")) for name in sys.argv[3:]}
    missing = [f"{kind}.{name}" for kind, members in objects.items() for name in members
               if (kind, name) not in had and (kind, name) not in exempt and (kind,) not in exempt]
    sys.exit("\n".join(f"nothing has {name}" for name in missing) or 0)
checked = 0
for path in sys.argv[3:]:
    for value in values(open(path, encoding="utf-8").read()):
        bad = list(faults(value, sys.argv[2]))
        if bad:
            sys.exit("\n".join(bad))
        seen.update((sys.argv[2], name) for name in value)
        checked += 1
with open("seen", "a") as file:
    file.writelines(f"{kind} {name}\n" for kind, name in sorted(seen))
sys.exit(0 if checked else "nothing was written")
END

# json KIND COMMAND...: what COMMAND writes are objects of KIND.
json() {
    kind=$1
    shift
    "$@" >out 2>err </dev/null
    result=$?
    cat err
    [ $result -le 3 ] && python3 check.py "$top_srcdir/man/kvasir-json.5" "$kind" out
}

echo 'The trial lasted six weeks in all of the places. Nobody left it early.' >trial.txt
echo '<title>Walks</title><p>Evening walks are free of charge.</p><p style="display:none">Not for you, dear reader.</p>' >walks.html
cp trial.txt copy.txt
awk 'BEGIN { for (i = 1; i <= 400; i++) printf "Line %d says %d.\n", i, (i * 7919) % 1000 }' >first.txt
sed 's/^Line 100 .*/Another line./' first.txt >second.txt
printf '@misc{ho2020, author = {Ho, Ann}, year = 2020, title = {trial}, file = {trial.txt}}\n@misc{li, title = {Nothing of it}}\n' >library.bib
echo 'BT /F 12 Tf 100 700 Td (A page with the words of a trial.) Tj ET' | pdf page.pdf '/Names << /EmbeddedFiles << /Names [(a) 6 0 R] >> >>' \
    '6 0 obj
<< /Type /Filespec /F (table.csv) /EF << /F 7 0 R >> >>
endobj
7 0 obj
<< /Type /EmbeddedFile /Params << /Size 1234 >> /Length 3 >>
stream
a;b
endstream
endobj'
printf '{"id": "a", "question": "Why?"}\n{"question": "Who?"}\n{"id": 3}\n' >questions.jsonl
long=$(seq -s ' ' 1 30000)
printf 'Why?\n%s %s %s %s\n' "$long" "$long" "$long" "$long" >long.txt
printf 'Why?\nAnd who?\n' >turns

documents() {
    json ingested "$kvasir" ingest --json --no-prefill --bibliography library.bib -c all trial.txt walks.html page.pdf nowhere.txt || return
    json ingested "$kvasir" ingest --json --no-prefill -c near first.txt second.txt || return
    json ingested "$kvasir" ingest --json --bibliography library.bib -c all && json ingested "$kvasir" ingest --json --no-prefill -c all trial.txt copy.txt
}

corpora() {
    "$kvasir" ingest -q -c small trial.txt && json corpus "$kvasir" corpus list --json && json contents "$kvasir" corpus show --json all &&
        json contents "$kvasir" corpus show --json all -m nowhere.gguf
}

answers() {
    json answer "$kvasir" ask --json --why --max-tokens 6 "Why?" trial.txt &&
        json answer "$kvasir" ask --json --quote --max-tokens 200 "Which words?" page.pdf &&
        json answer "$kvasir" ask --json --quote --max-tokens 200 --bibliography library.bib "How long did the trial last?" trial.txt &&
        json answer "$kvasir" ask --json --no-cache --max-tokens 1 "Why?" trial.txt
}

batches() {
    json answer "$kvasir" ask --max-tokens 3 --batch turns trial.txt || return
    "$kvasir" ask -q --max-tokens 3 --batch questions.jsonl trial.txt >lines
    "$kvasir" ask -q --max-tokens 3 --batch long.txt trial.txt >>lines
    grep '"error"' lines >errors && grep -v '"error"' lines >good &&
        python3 check.py "$top_srcdir/man/kvasir-json.5" error errors && python3 check.py "$top_srcdir/man/kvasir-json.5" answer good
}

volumes() {
    json answer "$kvasir" ask --json --why --all-volumes --volume-tokens 80 --max-tokens 3 -c all "Which trial and walks?" &&
        json answer "$kvasir" ask --json --volumes 1 --volume-tokens 80 --max-tokens 3 -c all "Which trial and walks?"
}

chats() {
    "$kvasir" chat -q --json --max-tokens 3 trial.txt <turns >out 2>err
    cat err
    [ "$(wc -l <out)" -eq 2 ] && python3 check.py "$top_srcdir/man/kvasir-json.5" answer out
}

records() {
    json history "$kvasir" history --json || return
    for number in $("$kvasir" history | sed -n 's/^ *\([0-9]*\) .*/\1/p'); do
        json record "$kvasir" show --json "$number" || return
    done
    "$kvasir" ask -q --record file.json --system "Rules." --max-tokens 2 "Why?" trial.txt >out
    python3 check.py "$top_srcdir/man/kvasir-json.5" record file.json
}

others() {
    json hit "$kvasir" search --json --any trial walks && json text "$kvasir" text --json trial.txt walks.html page.pdf &&
        json cache "$kvasir" cache status --json && json prefix "$kvasir" cache status --json -c small
}

models() {
    mkdir -p data/models && echo "no model" >data/models/broken.gguf && json model "$kvasir" model info --json &&
        json models "$kvasir" model list --json && "$kvasir" model prepare >/dev/null && echo "no weights" >cache/prepared/x.weights &&
        json prepared "$kvasir" model prepared --json &&
        json figure "$kvasir" bench -q --json --shape tiny --layers 1 --tokens 8 --depths 0 --repeat 1
}

# What these need: a model that attends; recognition; a record of old; and what --max-tokens ended.
whole_page() {
    sort -u seen >all && mv all seen && python3 check.py "$top_srcdir/man/kvasir-json.5" --all calibration citation.recognised
}

other_actions() {
    status 2 "$kvasir" model prepare --json && grep -q 'json' err && status 2 "$kvasir" cache verify --json && grep -q 'json' err &&
        status 2 "$kvasir" cache status --texts && status 2 "$kvasir" cache clear --limit 1M && status 2 "$kvasir" corpus remove --json all &&
        status 0 "$kvasir" corpus show all
}

ok "documents" documents
ok "corpora" corpora
ok "answers" answers
ok "batches" batches
ok "answers from volumes" volumes
ok "chats" chats
ok "records and history" records
ok "search, text, cache" others
ok "models and measurements" models
ok "nothing in the page is never written" whole_page
ok "an option of another action is none" other_actions
finish
