#!/usr/bin/python3
"""evaluate.py - how often a model finds what documents say, through kvasir itself.

See README.md beside this file.  A line of JSON for each question goes to the results file, a table to standard
output.  The same results file again goes on where it stopped.
"""
import argparse
import json
import os
import shutil
import sys

import report
import runner
import sources
import tasks

HERE = os.path.dirname(os.path.abspath(__file__))


def length(text):
    return int(float(text[:-1]) * 1024) if text[-1:] in "kK" else int(text)


def options(description):
    """The options that every script here takes that asks."""
    built = os.path.join(HERE, "..", "..", "build", "kvasir")
    shared = os.environ.get("KVASIR_SHARED", "")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    parser = argparse.ArgumentParser(description=description, epilog="Tasks: " + ", ".join(tasks.TASKS))
    parser.add_argument("--kvasir", default=built if os.path.exists(built) else shutil.which("kvasir") or "kvasir",
                        metavar="PROGRAM", help="the program; by default build/kvasir, else that of PATH")
    parser.add_argument("--tasks", default="needle,kv75,lines200,unanswerable", metavar="LIST",
                        help="names divided by commas, or 'all' (default: %(default)s)")
    parser.add_argument("--lengths", default="1K,4K", metavar="LIST",
                        help="prompts of so many tokens (default: %(default)s)")
    parser.add_argument("--cases", type=int, default=20, metavar="N",
                        help="questions for each task and length (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is drawn (default: 1)")
    parser.add_argument("-t", "--threads", type=int, help="threads of each kvasir")
    parser.add_argument("--jobs", type=int, default=1, help="kvasirs at a time (default: 1)")
    parser.add_argument("--max-tokens", type=int, default=160, help="of an answer (default: %(default)s)")
    parser.add_argument("--haystack", metavar="PATH", help="hide English needles in these text files instead")
    parser.add_argument("--data", default=os.path.join(shared, "assets") if shared else None, metavar="FOLDER",
                        help="where the published sets (SQuAD, LongEval, ...) are, in any folder below it")
    parser.add_argument("--work", default=os.path.join(cache, "kvasir-eval"), metavar="FOLDER",
                        help="documents and KV cache (default: %(default)s); can be deleted at any time")
    parser.add_argument("--out", metavar="FILE", help="results (default: a file in the work folder)")
    return parser


def settled(parser, argv):
    """The arguments, with lists as lists."""
    args = parser.parse_args(argv)
    args.lengths = [length(text) for text in args.lengths.split(",")]
    args.tasks = list(tasks.TASKS) if args.tasks == "all" else args.tasks.split(",")
    unknown = [task for task in args.tasks if task not in tasks.TASKS]
    if unknown:
        parser.error("no task %s; there are %s" % (", ".join(unknown), ", ".join(tasks.TASKS)))
    if args.cases < 1 or args.jobs < 1:
        parser.error("--cases and --jobs are at least 1")
    return args


def arguments(argv):
    parser = options("Measure how well a model finds things in documents.")
    parser.add_argument("-m", "--model", help="the model; by default the one that kvasir would use")
    parser.add_argument("--kv", help="type of the KV cache")
    parser.add_argument("--option", action="append", default=[], metavar="OPTION",
                        help="one more option for every 'kvasir ask', as --option=--no-drafts; may be repeated")
    parser.add_argument("--why", action="store_true",
                        help="calibrate the model's attention heads and see whether they name the page")
    parser.add_argument("--plots", metavar="FOLDER", help="write plots there, with gnuplot")
    parser.add_argument("--make-only", action="store_true",
                        help="write the documents and cases.jsonl to the work folder, ask nothing")
    return settled(parser, argv)


def say(text):
    print(text, file=sys.stderr, flush=True)


def make_sets(args, meter):
    setting, made = tasks.Setting(args, meter), []
    for task in args.tasks:
        try:
            made += list(tasks.TASKS[task](setting))
        except sources.Missing as missing:
            say("%s is left out: %s" % (task, missing))
    return made


def earlier(path, label):
    """Ids of the cases whose result stands in PATH under the same label."""
    done = set()
    if os.path.exists(path):
        with open(path, encoding="utf-8") as stream:
            for line in stream:
                row = json.loads(line)
                if "error" not in row and all(row.get(k) == v for k, v in label.items()):
                    done.add(row["id"])
    return done


class Counter:
    """Counts questions on a terminal."""

    def __init__(self, total):
        self.total, self.done = total, 0

    def __call__(self):
        self.done += 1
        if sys.stderr.isatty():
            print("\r%d of %d" % (self.done, self.total), end="\n" if self.done == self.total else "", file=sys.stderr,
                  flush=True)


def write_cases(args, sets):
    """cases.jsonl in the work folder: what is asked."""
    with open(os.path.join(args.work, "cases.jsonl"), "w", encoding="utf-8") as stream:
        for made in sets:
            for case in made.cases:
                case = dict(case, files=[name for name, _ in made.files])
                stream.write(json.dumps(case, ensure_ascii=False) + "\n")


def main(argv):
    args = arguments(argv)
    os.makedirs(args.work, exist_ok=True)
    program = runner.Program(args.kvasir, args.work, args.model, args.kv, args.threads, ask=args.option)
    info = program.model_info()
    if args.why:
        program.run("model", "calibrate", *program.common)
        program.ask_options.append("--why")
    meter = runner.Meter(program, info["context"])
    sets = make_sets(args, meter)
    write_cases(args, sets)
    if args.make_only:
        for made in sets:
            program.write(made)
        return 0

    label = {"fingerprint": info["fingerprint"][:16], "weights": info["weight_types"], "kv": args.kv or "default",
             "seed": args.seed, "options": " ".join(args.option)}
    out = args.out or os.path.join(args.work, "results.jsonl")
    done = earlier(out, label)
    todo = [(made, [c for c in made.cases if c["id"] not in done]) for made in sets]
    todo = [(made, cases) for made, cases in todo if cases]
    total = sum(len(cases) for _, cases in todo)
    say("%d questions about %d sets of documents; %d have an answer in %s" % (total, len(todo), len(done), out))
    counter = Counter(total)
    with open(out, "a", encoding="utf-8") as stream:
        def sink(row):
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            stream.flush()
            counter()
        runner.Evaluation(program, args.max_tokens, args.jobs, sink, label).run(todo)
    wanted = {case["id"] for made in sets for case in made.cases}
    rows = [row for row in report.read([out]) if row["id"] in wanted and all(row.get(k) == v for k, v in label.items())]
    report.table(rows)
    if args.plots:
        report.plots(rows, args.plots)
    return 4 if any("error" in row for row in rows) else 0


def guarded(name, run):
    """Runs a script; ends with its exit status, and a sentence instead of a traceback."""
    try:
        sys.exit(run(sys.argv[1:]))
    except (runner.Failed, sources.Missing, ValueError, OSError) as failure:
        say("%s: %s" % (name, failure))
        sys.exit(4)
    except KeyboardInterrupt:
        say("%s: interrupted; the same command goes on" % name)
        sys.exit(75)


if __name__ == "__main__":
    guarded("evaluate.py", main)
