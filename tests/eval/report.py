#!/usr/bin/python3
"""report.py - results of evaluate.py as a table and as plots.

usage: report.py RESULTS.jsonl... [--plots FOLDER] [--wrong N]
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys


def read(paths):
    """Rows of result files; of a case that was asked again, the last."""
    rows = {}
    for path in paths:
        with open(path, encoding="utf-8") as stream:
            for line in stream:
                row = json.loads(line)
                rows[(path, row["id"], row["fingerprint"], row["kv"], row["seed"], row["options"])] = row
    return list(rows.values())


def wilson(right, count):
    """The interval of 95% for a share, in percent."""
    if count == 0:
        return 0.0, 100.0
    z, p = 1.96, right / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z * ((p * (1 - p) / count + z * z / (4 * count * count)) ** 0.5) / (1 + z * z / count)
    return 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)


def mean(values):
    values = [float(v) for v in values if v is not None]
    return sum(values) / len(values) if values else None


def percent(value):
    return "-" if value is None else "%.1f" % (100 * value)


def groups(rows):
    """[(task, target, rows)] in the order of first use of the task, then by length."""
    order, by = [], {}
    for row in rows:
        if row["task"] not in order:
            order.append(row["task"])
        by.setdefault((row["task"], row["target"] or 0), []).append(row)
    return [(task, target, by[(task, target)]) for task, target in sorted(by, key=lambda k: (order.index(k[0]), k[1]))]


HEADS = ("task", "tokens", "n", "right", "95%", "exact", "F1", "page", "page p.", "witness", "refused", "errors", "s", "total s")


def line(task, rows):
    good = [r for r in rows if "error" not in r]
    right = [r for r in good if r["right"]]
    low, high = wilson(len(right), len(good))
    middle = (lambda key: "%.2f" % statistics.median(r[key] for r in good)) if good else (lambda key: "-")
    tokens = "%d" % statistics.median(r["tokens"] for r in good) if good else "-"
    return (task, tokens, str(len(good)), percent(mean(r["right"] for r in good)), "%.0f-%.0f" % (low, high),
            percent(mean(r["exact"] for r in good)), percent(mean(r["f1"] for r in good)),
            percent(mean(r.get("page_right") for r in right)), percent(mean(r.get("page_precision") for r in right)),
            percent(mean(r.get("witness") for r in right)), percent(mean(r["refused"] for r in good)), str(len(rows) - len(good)), middle("seconds"), middle("total_s"))


def aligned(lines, words, stream=sys.stdout):
    """Prints rows of cells in columns, the first WORDS of them to the left, numbers to the right."""
    widths = [max(len(entry[i]) for entry in lines) for i in range(len(lines[0]))]
    for entry in lines:
        print("  ".join(cell.ljust(w) if i < words else cell.rjust(w) for i, (cell, w) in enumerate(zip(entry, widths))),
              file=stream)


def table(rows, stream=sys.stdout):
    """page, page p.: of right answers, those that cite every page they rest on, and the share of right ones among
    cited pages.  s, total s: median time of a question by the clock and as kvasir counts it."""
    aligned([HEADS] + [line(task, group) for task, _, group in groups(rows)], 1, stream)
    for task, _, group in groups(rows):
        for message in sorted({r["error"] for r in group if "error" in r}):
            print("%s: %s" % (task, message), file=stream)


def wrong(rows, count):
    for task, _, group in groups(rows):
        for row in [r for r in group if "error" not in r and not r["right"]][:count]:
            print("%s\n  asked     %s\n  expected  %s\n  answer    %s" %
                  (row["id"], row["question"], " | ".join(row["expected"]) or "(nothing)", row["answer"]))


# --- plots

def over_length(rows):
    """{task: [(tokens, percent right, low, high)]} of tasks asked at two lengths at least."""
    lines = {}
    for task, target, group in groups(rows):
        good = [r for r in group if "error" not in r]
        if target and good:
            right = sum(bool(r["right"]) for r in good)
            lines.setdefault(task, []).append((statistics.median(r["tokens"] for r in good), 100 * right / len(good),
                                               *wilson(right, len(good))))
    return {task: points for task, points in lines.items() if len(points) > 1}


def over_depth(rows, task, bins=10):
    """[[percent right for each tenth of the depth] for each length], lengths; None where nothing was asked."""
    lengths = sorted({r["target"] for r in rows if r["task"] == task})
    cells = []
    for target in lengths:
        by = [[] for _ in range(bins)]
        for row in rows:
            if row["task"] == task and row["target"] == target and "error" not in row:
                by[min(bins - 1, int(row["depth"] * bins))].append(bool(row["right"]))
        cells.append([100 * mean(b) if b else None for b in by])
    return cells, lengths


def gnuplot(script):
    subprocess.run(["gnuplot"], input=script.encode(), check=True)


def plots(rows, folder):
    """length.svg, and depth-TASK.svg for each task with depths."""
    if shutil.which("gnuplot") is None:
        raise ValueError("plots need gnuplot; install the package gnuplot-nox")
    os.makedirs(folder, exist_ok=True)
    lines = over_length(rows)
    if lines:
        script = ['set terminal svg size 800,500 background "white"', 'set output "%s/length.svg"' % folder,
                  'set logscale x 2', 'set xlabel "tokens of the prompt"', 'set ylabel "right, %"',
                  'set yrange [0:102]', 'set key outside', 'set grid']
        script += ["$%s << EOD\n%s\nEOD" % ("d%d" % i, "\n".join("%g %g %g %g" % p for p in points))
                   for i, points in enumerate(lines.values())]
        script.append("plot " + ", ".join('$d%d using 1:2:3:4 with yerrorlines noenhanced title "%s"' % (i, task)
                                          for i, task in enumerate(lines)))
        gnuplot("\n".join(script))
    for task in sorted({r["task"] for r in rows if r.get("depth") is not None and r["target"]}):
        cells, lengths = over_depth(rows, task)
        data = "\n".join("%d %d %s" % (x, y, "NaN" if v is None else "%g" % v)
                         for x, column in enumerate(cells) for y, v in enumerate(column))
        tics = ", ".join('"%s" %d' % ("%dK" % (t // 1024) if t >= 1024 else str(t), i) for i, t in enumerate(lengths))
        gnuplot("\n".join([
            'set terminal svg size 800,500 background "white"', 'set output "%s/depth-%s.svg"' % (folder, task),
            'set title "%s" noenhanced' % task, 'set xlabel "tokens of the prompt"', 'set ylabel "depth, %"',
            'set xtics (%s)' % tics, 'set ytics ("5" 0, "25" 2, "45" 4, "65" 6, "85" 8)', 'set yrange [9.5:-0.5]',
            'set xrange [-0.5:%g]' % (len(lengths) - 0.5), 'set cbrange [0:100]', 'set cblabel "right, %"',
            'set palette defined (0 "#b2182b", 50 "#f7f7c0", 100 "#1a9850")', "$d << EOD\n%s\nEOD" % data,
            'plot $d using 1:2:3 with image notitle']))


def main():
    parser = argparse.ArgumentParser(description="Results of evaluate.py as a table and as plots.")
    parser.add_argument("results", nargs="+", metavar="RESULTS.jsonl")
    parser.add_argument("--plots", metavar="FOLDER", help="write plots there, with gnuplot")
    parser.add_argument("--wrong", type=int, default=0, metavar="N", help="show N wrong answers of each task and length")
    args = parser.parse_args()
    rows = read(args.results)
    kinds = {}
    for row in rows:
        kinds.setdefault((row["fingerprint"], row["weights"], row["kv"], row["options"], row["seed"]), []).append(row)
    for (fingerprint, weights, kv, options, seed), group in kinds.items():
        print("model %s (%s), KV %s, seed %s%s" % (fingerprint, weights, kv, seed, ", " + options if options else ""))
        table(group)
        wrong(group, args.wrong)
        print()
    if args.plots:
        for i, group in enumerate(kinds.values()):
            plots(group, args.plots if len(kinds) == 1 else os.path.join(args.plots, str(i + 1)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
