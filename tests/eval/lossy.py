#!/usr/bin/python3
"""lossy.py - what rounding costs: weights of fewer bits, types of the KV cache, eight-bit activations, drafts.

The same questions go to each variant.  The reference is the first model with keys and values in f32 and activations
in full precision (--precise).  For each variant, task and length: how much is right, how many answers are those of
the reference, how often the likeliest first token is, and the Kullback-Leibler divergence (in nats) of the
distribution before the first token from that of the reference.  Drafts must change nothing: if an answer differs with
--no-drafts, the exit status is 1.  See README.md.
"""
import array
import json
import math
import os
import sys

import evaluate
import report
import runner


def variants(args):
    """[(name, model, common options, options of ask)], the reference first, then KV types by the order given, the
    last of them again without drafts, then the other models with that type."""
    first, kinds = args.models[0], args.kv.split(",")
    out = [("reference", first, ["--kv", "f32", "--precise"], [])]
    out += [("kv " + kind, first, ["--kv", kind], []) for kind in kinds]
    out.append(("kv %s, no drafts" % kinds[-1], first, ["--kv", kinds[-1]], ["--no-drafts"]))
    out += [("%s, kv %s" % (os.path.basename(model), kinds[-1]), model, ["--kv", kinds[-1]], []) for model in args.models[1:]]
    return out


def log_softmax(path):
    """Natural logarithms of the probabilities whose logits stand in PATH."""
    with open(path, "rb") as stream:
        logits = array.array("f", stream.read())
    if sys.byteorder == "big":
        logits.byteswap()
    top = max(logits)
    norm = top + math.log(math.fsum(math.exp(x - top) for x in logits))
    return [x - norm for x in logits]


def divergence(reference, other):
    return max(0.0, math.fsum(math.exp(p) * (p - q) for p, q in zip(reference, other)))


class Comparison:
    """Rows of all variants; the logits of the reference stay in files until the end."""

    def __init__(self, args):
        self.args, self.rows = args, {}
        self.folder = os.path.join(args.work, "logits")
        os.makedirs(self.folder, exist_ok=True)

    def path(self, variant, case):
        return os.path.join(self.folder, "%d-%s.f32" % (variant, case["id"].replace("/", "-")))

    def run(self, number, variant, sets, counter):
        name, model, common, ask = variant
        program = runner.Program(self.args.kvasir, self.args.work, model, None, self.args.threads, common, ask)
        rows = self.rows[number] = {}

        def sink(row):
            rows[row["id"]] = row
            counter()
        runner.Evaluation(program, self.args.max_tokens, self.args.jobs, sink, {"variant": name},
                          lambda case: self.path(number, case)).run([(made, made.cases) for made in sets])
        for row in rows.values():
            if "error" in row:
                raise runner.Failed("%s: %s" % (name, row["error"]))
        for key, row in rows.items():
            base = self.rows[0][key]
            row["same"] = row["answer"] == base["answer"]
            reference, other = (log_softmax(self.path(i, row)) for i in (0, number))
            if len(reference) != len(other):
                raise ValueError("%s has another vocabulary than the first model" % model)
            row["kld"] = divergence(reference, other)
            row["same_first"] = reference.index(max(reference)) == other.index(max(other))
            if number:
                os.unlink(self.path(number, row))

    def drafts_changed(self, names):
        """Ids of questions whose answer is another without drafts."""
        plain = next(i for i, name in enumerate(names) if name.endswith("no drafts"))
        return [key for key, row in self.rows[plain].items()
                if row["answer"] != self.rows[plain - 1][key]["answer"]]


HEADS = ("variant", "task", "tokens", "n", "right", "same answer", "same first", "KLD mean", "KLD max", "total s")


def table(comparison, names):
    lines = [HEADS]
    for number, name in enumerate(names):
        for task, _, group in report.groups(list(comparison.rows[number].values())):
            middle = {key: sorted(r[key] for r in group)[len(group) // 2] for key in ("tokens", "total_s")}
            share = {key: report.percent(report.mean(r[key] for r in group)) for key in ("right", "same", "same_first")}
            divergences = [r["kld"] for r in group]
            lines.append((name, task, "%d" % middle["tokens"], str(len(group)), share["right"], share["same"],
                          share["same_first"], "%.2e" % report.mean(divergences), "%.2e" % max(divergences),
                          "%.2f" % middle["total_s"]))
    report.aligned(lines, 2)


def main(argv):
    parser = evaluate.options(__doc__.split("\n")[0].split(" - ")[1])
    parser.add_argument("-m", "--model", dest="models", action="append", required=True,
                        help="a model; again for others, of the same vocabulary, that are compared with the first")
    parser.add_argument("--kv", default="f32,f16,int8", metavar="LIST",
                        help="types of the KV cache, the usual one last (default: %(default)s)")
    args = evaluate.settled(parser, argv)
    os.makedirs(args.work, exist_ok=True)
    program = runner.Program(args.kvasir, args.work, args.models[0], None, args.threads)
    sets = evaluate.make_sets(args, runner.Meter(program, program.model_info()["context"]))
    evaluate.write_cases(args, sets)
    chosen = variants(args)
    names = [name for name, _, _, _ in chosen]
    total = sum(len(made.cases) for made in sets)
    evaluate.say("%d questions to each of %d variants" % (total, len(chosen)))
    comparison, counter = Comparison(args), evaluate.Counter(total * len(chosen))
    for number, variant in enumerate(chosen):
        comparison.run(number, variant, sets, counter)
    with open(args.out or os.path.join(args.work, "lossy.jsonl"), "w", encoding="utf-8") as stream:
        for rows in comparison.rows.values():
            for row in rows.values():
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    table(comparison, names)
    changed = comparison.drafts_changed(names)
    for key in changed:
        evaluate.say("drafts changed the answer of %s" % key)
    return 1 if changed else 0


if __name__ == "__main__":
    evaluate.guarded("lossy.py", main)
