"""Byte-level BPE in GLM-4's form: learnt, encoded, decoded.

Split pattern and "a piece that is a token is taken whole, else the lowest rank merges first" are GLM-4's.  What may become
a token is not: a word must be cut alike wherever it stands, or it cannot be found again.  So no token mixes letters with
anything else, but for a leading space on the commonest words; no token mixes kinds of punctuation, and line breaks stay
apart from the punctuation before them.
"""
import base64, collections, heapq

import numpy as np
import regex

PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
           r"|\s*[\r\n]+|\s+(?!\S)|\s+")
SPECIALS = ["<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>", "<|system|>", "<|user|>", "<|assistant|>",
            "<|observation|>", "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>", "<|end_of_video|>"]
CUT = regex.compile(PATTERN)
# Pieces that the circuits know by name.
FORCED = [" \u3010", "\u3010", "\u3011", "\u662f", "\u4e3a", "\u3002", "\uff1a", "Question", "Document", "document", "The", " documents", " do", " not", " say", "What", "Which", "Who", "Where", "When",
          "Why", "How"]


def byte_order():
    """GPT-2's order of the 256 single bytes: printable ones first."""
    first = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    return first + [b for b in range(256) if b not in first]


def kind(byte):
    if byte >= 128 or chr(byte).isalpha():
        return "letter"
    if chr(byte).isdigit():
        return "digit"
    if chr(byte).isspace():
        return "space"
    return chr(byte)


def allowed(piece):
    """Whether the merged PIECE may be a token while merges are learnt."""
    body = piece[1:] if piece[:1] == b" " and len(piece) > 1 and kind(piece[1]) not in ("letter", "digit", "space") else piece
    return len({kind(b) for b in body}) == 1


class Merger:
    """The counts of neighbouring pairs over all words, kept up to date while pairs are merged."""

    def __init__(self, words):
        self.seqs, self.counts = [], []
        for word, count in words.items():
            b = word.encode("utf-8")
            if count >= 2 and 1 < len(b) <= 40:
                self.seqs.append([b[i:i + 1] for i in range(len(b))])
                self.counts.append(count)
        self.pairs, self.where = collections.Counter(), collections.defaultdict(set)
        for i, seq in enumerate(self.seqs):
            for pair in zip(seq, seq[1:]):
                self.pairs[pair] += self.counts[i]
                self.where[pair].add(i)
        self.heap = [(-c, p) for p, c in self.pairs.items()]
        heapq.heapify(self.heap)

    def best(self):
        """The commonest pair that may be merged, or None."""
        while self.heap:
            count, pair = heapq.heappop(self.heap)
            now = self.pairs.get(pair, 0)
            if now != -count:
                if now > 1:
                    heapq.heappush(self.heap, (-now, pair))
            elif allowed(pair[0] + pair[1]):
                return pair
        return None

    def merge(self, pair):
        new, fresh = pair[0] + pair[1], set()
        for i in sorted(self.where[pair]):
            seq, out, k = self.seqs[i], [], 0
            for q in zip(seq, seq[1:]):
                self.pairs[q] -= self.counts[i]
            while k < len(seq):
                if tuple(seq[k:k + 2]) == pair:
                    out.append(new)
                    k += 2
                else:
                    out.append(seq[k])
                    k += 1
            self.seqs[i] = out
            for q in zip(out, out[1:]):
                self.pairs[q] += self.counts[i]
                self.where[q].add(i)
                if new in q:
                    fresh.add(q)
        for q in sorted(fresh):
            heapq.heappush(self.heap, (-self.pairs[q], q))
        self.pairs.pop(pair, None)
        self.where.pop(pair, None)


def learn(texts, size, spaced):
    """-> SIZE tokens in rank order, the last SPACED of them the commonest beginnings of words with a space, then FORCED."""
    words = collections.Counter()
    for text in texts:
        words.update(CUT.findall(text))
    # A word has pieces of its own with a capital and without, or else the one in a question is not the one in a title.
    for word, n in list(words.items()):
        for other, share in ((word.lower(), 1.0), (word.capitalize(), 0.2)):
            if other != word and word.isalpha():
                words[other] += int(n * share)
    merger = Merger(words)
    tokens = [bytes([b]) for b in byte_order()]
    have = set(tokens)

    def add(piece):
        if piece not in have:
            have.add(piece)
            tokens.append(piece)

    forced = []
    for word in FORCED:
        b = word.encode("utf-8")
        start = 1 if b[:1] == b" " else 0
        forced += [b[start:start + n] for n in range(2, len(b) - start + 1)] + [b]
    forced = [f for f in dict.fromkeys(forced) if len(f) > 1] + [b"%02d" % n for n in range(100)]
    while len(tokens) < size - spaced - len(forced):
        pair = merger.best()
        if pair is None:
            break
        merger.merge(pair)
        add(pair[0] + pair[1])
    missing = [f for f in forced if f not in have]
    # With its space a word is cut as without: these come last, so that they merge last.
    rank, first = {piece: i for i, piece in enumerate(tokens)}, collections.Counter()
    for word, n in words.items():
        b = word.encode("utf-8")
        if b[:1] == b" " and {kind(c) for c in b[1:]} == {"letter"}:
            first[b" " + rank_merge(rank, b[1:])[0]] += n
    for piece, _ in first.most_common(size - len(tokens) - len(missing)):
        add(piece)
    for piece in missing:
        add(piece)
    return tokens[:size]


def rank_merge(rank, b):
    """B's pieces: the neighbours of lowest RANK merge first."""
    p = [b[i:i + 1] for i in range(len(b))]
    while len(p) > 1:
        best = min(range(len(p) - 1), key=lambda i: (rank.get(p[i] + p[i + 1], 1 << 30), i))
        if p[best] + p[best + 1] not in rank:
            break
        p[best:best + 2] = [p[best] + p[best + 1]]
    return p


def read(path):
    """The Tokens of a file of lines "base64 rank count", and how often each occurs in ordinary text."""
    with open(path, "rb") as f:
        lines = sorted((int(rank), base64.b64decode(piece), int(n)) for piece, rank, n in map(bytes.split, f))
    tok = Tokens([piece for _, piece, _ in lines])
    return tok, np.array([n for _, _, n in lines] + [0] * len(SPECIALS), float)


class Tokens:
    def __init__(self, pieces):
        self.pieces = list(pieces)
        self.rank = {piece: rank for rank, piece in enumerate(self.pieces)}
        self.n = len(self.pieces)
        self.special = {s: self.n + i for i, s in enumerate(SPECIALS)}
        self.size = self.n + len(SPECIALS)
        self.memo = {}

    def word(self, b):
        if b in self.rank:
            return [self.rank[b]]
        return [self.rank[x] for x in rank_merge(self.rank, b)]

    def encode(self, text):
        out = []
        for w in CUT.findall(text):
            ids = self.memo.get(w)
            if ids is None:
                ids = self.memo[w] = self.word(w.encode("utf-8"))
            out += ids
        return out

    def decode(self, ids):
        return b"".join(self.pieces[i] if i < self.n else b"" for i in ids).decode("utf-8", "replace")

    def merges(self):
        """For a GGUF file: the two parts of each token of more than one byte, in rank order.  A program that knows merges alone
        does not take words whole: a token that merges of tokens do not lead to is joined from the left, through what is none."""
        out = []
        for rank in range(256, self.n):
            b = self.pieces[rank]
            p = [b[i:i + 1] for i in range(len(b))]
            while len(p) > 2:
                i = min(range(len(p) - 1), key=lambda i: (self.rank.get(p[i] + p[i + 1], 1 << 30), i))
                if p[i] + p[i + 1] not in self.rank:
                    out.append((p[i], p[i + 1]))
                p[i:i + 2] = [p[i] + p[i + 1]]
            out.append((p[0], p[1]))
        return out
