#!/usr/bin/python3
"""Learn the demonstration model's vocabulary: byte-level BPE in GLM-4's form.

usage: learn_vocabulary.py TOKENS FILE... >vocabulary

Prints TOKENS lines "base64 rank", as a tokenizer.model has them: the 256 single
bytes in GPT-2's order first, then merged tokens in the order they were learnt.
The committed file was learnt with

    (cat COPYING; for p in bash grep sed find tar sqlite3 pdftotext; do
        MANWIDTH=80 man -P cat $p | col -bx; done) >/tmp/text
    demo/learn_vocabulary.py 2034 /tmp/text >demo/vocabulary

A token is a fact about the frequency of letters; no text of those pages is kept.
"""
import base64
import collections
import re
import sys

# GLM-4's split pattern as far as Python's re can say it; the text is near ASCII.
LETTER = r"[^\W\d_]"
SPLIT = re.compile(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|(?:[^\r\n\w]|_)?%s+|\d{1,3}"
    r"| ?(?:[^\s\w]|_)+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+" % LETTER)


def byte_order():
    """The single bytes in the order in which this family of tokenizers numbers them."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return printable + [b for b in range(256) if b not in printable]


def merge(piece, pair):
    out, i = [], 0
    while i < len(piece):
        if piece[i:i + 2] == pair:
            out.append(pair[0] + pair[1])
            i += 2
        else:
            out.append(piece[i])
            i += 1
    return tuple(out)


def learn(text, size):
    tokens = [bytes([b]) for b in byte_order()]
    known = set(tokens)
    pieces = collections.Counter(m.group().encode() for m in SPLIT.finditer(text))
    pieces = {tuple(bytes([b]) for b in piece): n for piece, n in pieces.items()}
    while len(tokens) < size:
        pairs = collections.Counter()
        for piece, n in pieces.items():
            for pair in zip(piece, piece[1:]):
                pairs[pair] += n
        # The commonest pair; of equals the first in byte order, so that a run can be repeated.
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        token = best[0] + best[1]
        if token not in known:
            known.add(token)
            tokens.append(token)
        merged = collections.Counter()
        for piece, n in pieces.items():
            merged[merge(piece, best)] += n
        pieces = merged
    return tokens


def main():
    size, files = int(sys.argv[1]), sys.argv[2:]
    text = "".join(open(name, encoding="utf-8", errors="ignore").read() for name in files)
    for rank, token in enumerate(learn(text, size)):
        print(base64.b64encode(token).decode(), rank)


if __name__ == "__main__":
    main()
