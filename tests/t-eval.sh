#!/bin/sh
# tests/eval: the harness against an oracle that knows the answers, and against the program itself.
. "$top_srcdir/tests/tap.sh"
command -v python3 >/dev/null || skip_all "no python3"
unset KVASIR_ISA KVASIR_THREADS ORACLE
XDG_CONFIG_HOME=$scratch/config KVASIR_MODEL=$top_srcdir/tests/data/models/tiny-a-q8_0.gguf
PYTHONDONTWRITEBYTECODE=1 KVASIR_SHARED=
export XDG_CONFIG_HOME KVASIR_MODEL PYTHONDONTWRITEBYTECODE KVASIR_SHARED
eval=$top_srcdir/tests/eval
cd "$scratch" || exit 1

# Data in the form of the published sets.
mkdir data
cat >data/dev-v2.0.json <<'END'
{"data": [{"title": "Boats", "paragraphs": [
 {"context": "The ferry Hilda was built in 1921 by two brothers.", "qas": [
  {"question": "When was the Hilda built?", "answers": [{"text": "1921", "answer_start": 29}]},
  {"question": "Who sank the Hilda?", "answers": []}]}]}]}
END
cp data/dev-v2.0.json data/dev-v1.1.json

oracle() {
    "$eval/evaluate.py" --kvasir "$eval/oracle.py" --work work --data data --cases 2 --lengths 1K --jobs 2 \
        --tasks needle,needle-zh,needles,unanswerable,kv75,lines200,squad,squad-no-answer "$@" >table 2>err
    got=$?
    cat table err
    return $got
}
# column N VALUE LINES: that column of every line of the table, but for "-".
column() { awk -v n="$1" -v v="$2" -v l="$3" 'NR > 1 && $n != v && $n != "-" { print; bad = 1 } END { exit bad || NR - 1 != l }' table; }
everything() { oracle --out right.jsonl && column 4 100.0 8 && column 6 100.0 8 && column 8 100.0 8; }
ok "right answers with the right pages count as right" everything
again() { oracle --out right.jsonl --tasks needle,needles,squad && grep -q '^0 questions' err && column 4 100.0 3; }
ok "the same results file: nothing is asked again" again
wrong() { ORACLE=wrong oracle --out wrong.jsonl --tasks needle,needles,lines200,squad && column 4 0.0 4; }
ok "wrong answers count as wrong" wrong
page() { ORACLE=page oracle --out page.jsonl --tasks needle,needles,lines200 && column 4 100.0 3 && column 8 0.0 3; }
ok "right answers from another page count as such" page
refusal() { ORACLE=refuse oracle --out refuse.jsonl --tasks needle,unanswerable && column 10 100.0 2 && grep -q '^needle .* 0\.0 ' table && grep -q '^unanswerable .* 100\.0 ' table; }
ok "refusals" refusal
seed() {
    for i in 1 1 2; do
        oracle --make-only --seed $i --tasks needle-zh,kv75,lines200 && cat work/cases.jsonl work/documents/*/* | cksum || return
    done | awk '{ print; s[NR] = $1 } END { exit !(s[1] == s[2] && s[1] != s[3]) }'
}
ok "a seed gives the same questions, another one others" seed

rules() {
    PYTHONPATH=$eval python3 - <<'END'
import scoring, sources
assert scoring.contains("It is 1,234 [1].", "1,234") and not scoring.contains("It is 41234.", "1234")
assert scoring.contains("密码是ABC-7。", "ABC-7") and scoring.folded('“A b” [2].') == "a b"
assert scoring.exact_match("The Hilda!", ["hilda"]) and scoring.f1("a ferry Hilda", ["Hilda sank"]) == 0.5
assert scoring.REFUSALS.search("The documents do not say.") and not scoring.REFUSALS.search("It is not far.")
assert sources.family("git-add") == sources.family("git") and sources.family("x86_64-linux-gnu-gcc-12.1") == "gcc"
assert sources.held_out("ls") and sources.held_out("ip-route") and not sources.held_out("tar")
page = """
     -c, --corpus corpus
                 Ask about it, e.g. Twice.  Then not.
     --json      Write one
                 JSON object.
     -x
     -y          Twice told tale here.
     -y          Twice told tale again.
"""
found = {o["keys"][-1]: (o["sentence"], o["line"]) for o in sources.man_options(page)}
assert found == {"--corpus": ("Ask about it, e.g. Twice", 2), "--json": ("Write one JSON object", 3)}, found
END
}
ok "how answers are compared, names divided, options read" rules

program() {
    "$eval/evaluate.py" --kvasir "$top_builddir/kvasir" --work real --data data --cases 2 --lengths 1500 --tasks needle,squad \
        --max-tokens 4 --option=--no-drafts >table 2>err
    got=$?
    cat table err real/results.jsonl
    [ $got -eq 0 ] && [ "$(grep -c '"cached"' real/results.jsonl)" -eq 3 ]
}
ok "the program itself" program
lengths() { awk -F'"tokens": ' '/"needle"/ { split($2, t, ","); print t[1]; if (t[1] < 1000 || t[1] > 1500) bad = 1 } END { exit bad }' real/results.jsonl; }
ok "prompts have the length that was asked for" lengths
rounding() {
    "$eval/lossy.py" --kvasir "$top_builddir/kvasir" --work lossy --cases 1 --lengths 800 --tasks needle \
        --max-tokens 4 -m "$KVASIR_MODEL" --kv f32,int8 >table 2>err
    got=$?
    cat table err
    [ $got -eq 0 ] && [ "$(wc -l <table)" -eq 5 ] &&
        awk '/^reference/ && $(NF - 2) + 0 != 0 || /^kv int8/ && ($(NF - 2) + 0 <= 0 || $(NF - 2) > 0.1) { exit 1 }' table
}
ok "what rounding costs: a reference, small divergences, drafts that change nothing" rounding

# What long_model.py trains is what the program computes with.
long_model() {
    PYTHONPATH=$eval "$python" - "$top_builddir/kvasir" <<'END'
import subprocess, sys
import numpy, torch
import long_model
run = lambda text: long_model.main(text.split())
run("new start.gguf --layers 2 --head-dim 16 --ffn 32")
numpy.save("stream.npy", (numpy.arange(33000) % 97 * 7 + 256).astype(numpy.uint16))
run("train start.gguf long.gguf stream.npy --steps 4 --batch 1 --tokens 64")
run("write-ids long.gguf stream.npy ids --windows 1")
first = open("ids").read().split()[:100]
said = subprocess.run([sys.argv[1], "logits", "-q", "-m", "long.gguf", "--kv", "f32", "--raw"], stdout=subprocess.PIPE,
                      input=" ".join(first).encode(), check=True).stdout
model, start = (long_model.Model(long_model.File(name)) for name in ("long.gguf", "start.gguf"))
assert not torch.equal(model.weights["output.weight"], start.weights["output.weight"])
ids, at, memory = torch.tensor([[int(i) for i in first]]), torch.arange(100)[None], model.memory()
whole = model.forward(ids, at)[0, -1]
for part in (slice(0, 60), slice(60, 100)):
    apart = model.forward(ids[:, part], at[:, part], memory=memory)[0, -1]
assert (apart - whole).abs().max() < 1e-4 and numpy.abs(numpy.frombuffer(said, "<f4") - whole.numpy()).max() < 1e-4
END
}
python=/usr/bin/python3
if "$python" -c 'import regex, torch' 2>/dev/null; then
    ok "long_model.py trains what the program computes with" long_model
else
    skip "long_model.py trains what the program computes with" "no python3-torch or python3-regex"
fi
usage() { "$eval/evaluate.py" --tasks nothing 2>err; [ $? -eq 2 ] && grep -q 'no task nothing' err; }
ok "an unknown task is refused" usage
finish
