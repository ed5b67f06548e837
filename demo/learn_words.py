#!/usr/bin/python3
"""Learn the look-up model's vocabulary from what is installed, and count its tokens.

usage: learn_words.py VOCABULARY      (is written: lines "base64 rank count"; needs mandoc, wordnet-base and apt's package lists)

A token is a fact about the frequency of letters, and its count another; no text is kept.  Names that tests/eval asks about (sources.held_out) are left out.
"""
import base64, os, random, sys

import numpy as np

import tokens

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "eval"))
import sources

SIZE, SPACED = 4096, 1300


def pages(rnd, limit=400):
    files = [f for f in sources.man_files("158") if not sources.held_out(sources.man_name(f)[0])]
    rnd.shuffle(files)
    out = []
    for f in files:
        text = sources.man_text(f)
        if text:
            out.append(text)
        if len(out) == limit:
            break
    return out


def packages(rnd, limit=8000):
    records = [r for r in sources.packages() if not sources.held_out(r["Package"])]
    rnd.shuffle(records)
    return ["\n".join("%s: %s" % (k, r[k]) for k in ("Package",) + sources.PACKAGE_FIELDS if k in r) for r in records[:limit]]


def glosses(rnd, limit=20000):
    words = [w for w in sources.wordnet() if not sources.held_out(w[0])]
    rnd.shuffle(words)
    return ["%s: %s" % w for w in words[:limit]]


def main():
    rnd = random.Random(5)
    texts = pages(rnd) + packages(rnd) + glosses(rnd)
    pieces = tokens.learn(texts, SIZE - len(tokens.SPECIALS), SPACED)
    tok = tokens.Tokens(pieces)
    count = np.zeros(tok.size, int)
    for text in texts:
        np.add.at(count, tok.encode(text), 1)
    with open(sys.argv[1], "wb") as f:
        for rank, piece in enumerate(pieces):
            f.write(base64.b64encode(piece) + b" %d %d\n" % (rank, count[rank]))


if __name__ == "__main__":
    main()
