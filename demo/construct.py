"""The weights of the look-up model, written by hand: see README.md for the circuit."""
import numpy as np

import forward
from rotary import Rotary

LAYERS, HEADS, HEAD_DIM, FFN, CONTEXT = 7, 4, 256, 576, 131072
HIDDEN = HEADS * HEAD_DIM
CODE, PAIR, IDENTITY, SAME = 192, 160, 96, 64
ROOT = np.sqrt(HEAD_DIM)
# Keys, queries and values are rounded to 8 bits each with one scale, so that no entry may be much larger than those that
# must be exact: what has to be worth hundreds is split between key and query.
KEY, REF, LOUD = 1.0, 3.0, 5.0

# at_once .. doc: what the words count for that stand in the five tokens before an answer, in the two dozen before it, in the
# first line of the paragraph, in the document's title; rest: see layer3.  beta: how sharply the best place is chosen.  Most others
# are bonuses of a place.
OPTIONS = dict(seed=1, fill=10000.0, pair=1.0, gain=12.0, at_once=1.0, near=2.9, para=0.8, doc=0.7, beta=40.0, bag=12.0,
               opener=0.1, item=0.3, begin=0.3, opened=0.15, sentence=-0.2, missing=0.8, match=30.0, stop=1.6, alpha=0.65, rest=1.0,
               pointer=300.0, jitter=2.0)

BLOCKS = dict(T=CODE, I=IDENTITY, T1=PAIR, B=CODE, OUT=IDENTITY, FILL=32, P=10, PM=10, S=10, START=84, FL=40, FL1=32, FL2=8, X=23)
# Facts about a token that its embedding holds; the first 32 are told to the token after it, those of TWICE also to the next.
FLAGS = ("nl blank space two lead period colon equal is quote open end mark abbr upper document_ doc_ dash dashes switch title asks "
         "sop sys gmask asst close s1 s2 s3 s4 s5 full less mass tail light lower").split()
TWICE = "nl blank period end space abbr".split()
FACTS = ("line_mark qmark dashline docline after opened fresh sentence doc asked answer line_dash line_doc line_fresh opener "
         "answer_mark not_doc item line_page line_end seen asked_switch begin").split()
SEEN = "nl blank upper quote close mark dashline lead".split()
CLASSES = "colon equal opened".split()
# What an answer's tokens know, in the rows START: the place that was found, its page's mark and kind; [gMASK] where none was; the
# turns from <|assistant|> to the place and from the answer's mark to the page's, and those two positions; and the rest.
FOUND, PAGE, KIND, MISSING, TURN, MARK_TURN, ASSISTANT, MARK, IN_MARK, END, LAST, MASS, NEXT = 0, 10, 20, 26, 27, 37, 47, 57, 67, 68, 69, 72, 76


def layout():
    at, n = {}, 0
    for name, size in BLOCKS.items():
        at[name] = slice(n, n + size)
        n += size
    assert n <= HIDDEN, n
    return at


QUESTION_WORDS = ("what which who whom whose when where why how does do did is are was were the a an of to in for and or on by with "
                  "as at it its that this there mean means please tell me about can could would should if be i you option flag command explain describe "
                  "value key need number page question document documents from them alone cite pages these were answer file").split()
ABBREVIATIONS = {b"e", b"g", b"i", b"etc", b"vs", b"cf", b"Mr", b"Dr", b"al"}
STOP_MARKS = (b".", b"!", b"?", "\u3002".encode())


class Lexicon:
    """What the circuit wants to know about each token: groups of equal words, weights, flags."""

    def __init__(self, tok, count):
        self.tok = tok
        n, size = tok.n, tok.size
        p = (count[:n] + 0.5) / count.sum()
        self.group = {}
        for i in range(n):
            b = tok.pieces[i]
            s = b.strip()
            self.group.setdefault(s if len(s) == 1 else s.lower() or b, []).append(i)
        self.rarity, self.bind, self.ends = np.zeros(size), np.zeros(size), np.zeros(size)
        self.flags = {f: np.zeros(size) for f in FLAGS}
        for key, ids in self.group.items():
            r = np.clip((-np.log(sum(p[i] for i in ids)) - 4.5) / 4.0, 0, 1) ** 0.8
            for i in ids:
                self.token(i, r)
        for name, flag in (("[gMASK]", "gmask"), ("<sop>", "sop"), ("<|system|>", "sys"), ("<|assistant|>", "asst")):
            self.flags[flag][tok.special[name]] = 1
        self.flags["mass"][:n] = self.rarity[:n] ** 2 + 0.3 * self.bind[:n]
        self.flags["tail"] = self.ends * self.rarity / np.maximum(self.bind, 1e-9)
        self.flags["light"][:n] = self.rarity[:n] < 0.5
        self.flags["less"] = np.where(self.bind > 0, 1 - self.rarity / np.maximum(self.bind, 1e-9), 1.0)

    def token(self, i, rarity):
        f, b = self.flags, self.tok.pieces[i]
        s = b.strip()
        word = s.decode("utf-8", "replace").lower()
        letters = any(c.isalnum() for c in word)
        lead = b[:1] == b" "
        if not s:
            r = bind = 0.0
        elif word in QUESTION_WORDS:
            r = 0.0 if lead or b[:1].isupper() else 0.1
            bind = 0.1 if lead or b[:1].isupper() else 0.5
        elif not letters:
            r, bind = min(rarity, 0.1), 2.0 if s in (b"-", b"--") and b != b"-" else 0.3
        else:
            # pieces of a letter or two stand everywhere: what tells them is the piece before
            r = max(rarity, 0.9) if len(s) > 3 else max(rarity, 0.6) if len(s) == 3 else min(max(rarity, 0.3), 0.35)
            bind = 0.4 + 0.5 * rarity if not word.isdigit() else 0.8
        self.rarity[i], self.bind[i] = r, max(bind, r)
        self.ends[i] = 0.5 if b[:1].isspace() or s[:1] in b"=,[.?!);:" else 0.0
        newline = b"\n" in b or b"\r" in b
        f["nl"][i] = newline
        f["blank"][i] = b.count(b"\n") >= 2
        f["space"][i] = not s and not newline
        f["two"][i] = not s and not newline and len(b) >= 2
        f["lead"][i] = lead and bool(s)
        f["period"][i] = s in STOP_MARKS
        f["full"][i] = s == "\u3002".encode()
        f["colon"][i] = s in (b":", "\uff1a".encode())
        f["equal"][i] = s == b"="
        f["is"][i] = (lead and word in ("is", "are", "was", "were")) or s in ("\u662f".encode(), "\u4e3a".encode())
        f["quote"][i] = s == b'"'
        f["open"][i] = s == b"<"
        f["close"][i] = s == b">"
        f["end"][i] = s == "\u3011".encode()
        f["mark"][i] = s == "\u3010".encode()
        f["abbr"][i] = s in ABBREVIATIONS
        f["upper"][i] = s[:1].isupper()
        f["title"][i] = lead and s[:1].isupper() and not s[1:2].isupper()
        f["asks"][i] = word in ("what", "which", "who", "where", "how", "when", "why")
        f["lower"][i] = s[:1].islower()
        f["document_"][i] = b == b"document"
        f["doc_"][i] = b == b"Document"
        f["dash"][i] = b in (b" -", " \u2013".encode(), " \u2014".encode(), "\u2014".encode())
        f["dashes"][i] = s in (b"-", b"--")
        f["switch"][i] = f["dashes"][i] and b != b"-"
        for k, w in enumerate((b"The", b" documents", b" do", b" not", b" say")):
            f["s%d" % (k + 1)][i] = b == w


class Builder:
    def __init__(self, tok, count, **options):
        self.o = dict(OPTIONS, **options)
        self.tok, self.lex = tok, Lexicon(tok, count)
        self.rng = np.random.default_rng(int(self.o["seed"]))
        self.at = layout()
        self.r = Rotary(HEAD_DIM, CONTEXT)
        self.flag = {f: self.at["FL"].start + i for i, f in enumerate(FLAGS)}
        self.flag.update({f + "1": self.at["FL1"].start + i for i, f in enumerate(FLAGS[:32])})
        self.flag.update({f + "2": self.at["FL2"].start + i for i, f in enumerate(TWICE)})
        self.flag.update({f: self.at["X"].start + i for i, f in enumerate(FACTS)})
        assert len(FLAGS) <= 40 and len(FACTS) <= 23
        size, kv = tok.size, HEAD_DIM
        shapes = {"attn_norm": (HIDDEN,), "ffn_norm": (HIDDEN,), "wq": (HIDDEN, HIDDEN), "wk": (kv, HIDDEN), "wv": (kv, HIDDEN),
                  "bq": (HIDDEN,), "bk": (kv,), "bv": (kv,), "wo": (HIDDEN, HIDDEN), "w_gate": (FFN, HIDDEN), "w_up": (FFN, HIDDEN),
                  "w_down": (HIDDEN, FFN)}
        self.w = {"layers.%d.%s" % (l, n): np.zeros(s) for l in range(LAYERS) for n, s in shapes.items()}
        self.w.update(tok_embd=np.zeros((size, HIDDEN)), lm_head=np.zeros((size, HIDDEN)), out_norm=np.zeros(HIDDEN))
        self.fill = np.full(32, np.sqrt(self.o["fill"] / 32))
        room = self.o["fill"] + 8.0
        for n in self.w:
            if n.endswith("norm"):
                self.w[n][:] = np.sqrt(room / HIDDEN)
        self.room = room
        self.used = [0] * LAYERS
        # the first three tokens tell positions; layers add to them, so that the norm shrinks what their keys are made of
        self.refs = ("gmask", "sop", "sys")
        self.ref_ids = [tok.special[s] for s in ("[gMASK]", "<sop>", "<|system|>")]
        self.growth = np.ones(3)

    # ---- small tools
    def L(self, layer, name):
        return self.w["layers.%d.%s" % (layer, name)]

    def one(self):
        return self.fill / (self.fill @ self.fill)

    def q(self, layer, head, dim):
        return self.L(layer, "wq")[head * HEAD_DIM + dim]

    def const_q(self, layer, head, dim, value):
        self.L(layer, "bq")[head * HEAD_DIM + dim] += value * ROOT

    def window(self, layer, head, c):
        self.L(layer, "bq")[head * HEAD_DIM:(head + 1) * HEAD_DIM] += self.r.query(c)

    def rows(self, name, a=0, b=None):
        s = self.at[name]
        return range(s.start + a, s.stop if b is None else s.start + b)

    def flags(self, names):
        return [self.flag[n] for n in names]

    def out(self, layer, head, target, dims, scale=1.0):
        """the values DIMS of HEAD go to the residual rows TARGET"""
        wo = self.L(layer, "wo")
        for t, d in zip(target, dims):
            wo[t, head * HEAD_DIM + d] += scale

    def value(self, layer, dims, source, scale=1.0):
        for d, s in zip(dims, source):
            self.L(layer, "wv")[d, s] += scale

    def neurons(self, layer, n):
        a = self.used[layer]
        self.used[layer] += n
        assert self.used[layer] <= FFN, (layer, self.used[layer])
        return a

    def both(self, layer, target, terms, threshold, value=1.0, sharp=40.0):
        """target += value when the sum of TERMS {flag: weight} is above THRESHOLD (by a quarter or more)"""
        n = self.neurons(layer, 2)
        for k, sign, thr in ((0, 1.0, threshold - 0.25), (1, -1.0, threshold + 0.25)):
            g = self.L(layer, "w_gate")[n + k]
            for row, weight in terms.items():
                g[self.flag[row] if isinstance(row, str) else row] += sharp * weight
            g[self.at["FILL"]] -= sharp * thr * self.one()
            self.L(layer, "w_up")[n + k][self.at["FILL"]] = self.one() / (sharp * 0.5)
            self.L(layer, "w_down")[self.flag[target] if isinstance(target, str) else target, n + k] = sign * value

    def product(self, layer, targets, a, b):
        """targets {row: scale} += scale * x[a] * x[b]"""
        n = self.neurons(layer, 2)
        for k, sign in ((0, 1.0), (1, -1.0)):
            self.L(layer, "w_gate")[n + k, a] = sign
            self.L(layer, "w_up")[n + k, b] = 1.0
            for row, scale in targets.items():
                self.L(layer, "w_down")[row, n + k] += sign * scale

    def gated(self, layer, to, source, flag, scale=1.0):
        """rows TO += SCALE x[SOURCE] (or a sum {row: share}) where FLAG is 1, nothing where it is 0"""
        for t, s in zip(to, source):
            n = self.neurons(layer, 1)
            self.L(layer, "w_gate")[n, self.flag[flag]] = 20.0
            for row, share in (s if isinstance(s, dict) else {s: 1.0}).items():
                self.L(layer, "w_up")[n, row] = share * scale / 20.0
            self.L(layer, "w_down")[t, n] = 1.0

    def rotary_key(self, layer):
        """(1, 0) in the pairs that windows use, but nothing at the first three tokens, which have a content dimension each:
        the heads are told with const_q how much they want them."""
        d = 2 * np.array(self.r.WINDOW)
        self.L(layer, "bk")[d] = 1.0
        for ref, grown in zip(self.refs, self.growth):
            self.L(layer, "wk")[d, self.flag[ref]] = -grown
        for k, (ref, grown) in enumerate(zip(self.refs, self.growth)):
            self.L(layer, "wk")[self.r.content[CODE + k], self.flag[ref]] = REF * grown

    def key(self, layer, k, names, strength=KEY):
        """content dimension K of the keys is STRENGTH at tokens that have one of the flags NAMES"""
        for name in names:
            self.L(layer, "wk")[self.r.content[CODE + 3 + k], self.flag[name]] = strength

    def want(self, layer, head, k, worth, strength=KEY):
        """those keys are WORTH so much to HEAD"""
        self.const_q(layer, head, self.r.content[CODE + 3 + k], worth / strength)

    def sink(self, layer, head, gmask, others=-200.0):
        """what the keys of [gMASK] and of the two tokens behind it are worth to HEAD"""
        for k in range(3):
            self.const_q(layer, head, self.r.content[CODE + k], (others if k else gmask) / REF)

    def silence(self, layer, head, flag, worth):
        """[gMASK] is WORTH more where FLAG is set"""
        self.q(layer, head, self.r.content[CODE])[self.flag[flag]] += worth * ROOT / REF

    def position_keys(self, layer, pairs):
        for f in pairs:
            for r, (ref, grown) in enumerate(zip(self.refs, self.growth)):
                a = 2 * np.pi * r / 3 - self.r.theta[f] * r
                self.L(layer, "wk")[2 * f:2 * f + 2, self.flag[ref]] += np.array([np.cos(a), np.sin(a)]) * grown

    def position_values(self, layer, d):
        for r, (ref, grown) in enumerate(zip(self.refs, self.growth)):
            self.L(layer, "wv")[d, self.flag[ref]] += np.cos(2 * np.pi * r / 3) * grown
            self.L(layer, "wv")[d + 1, self.flag[ref]] += np.sin(2 * np.pi * r / 3) * grown

    def position_head(self, layer, head, f, d):
        """the own position's angle in pair F, cosine and sine: the first three tokens share the attention as three phases"""
        bq = self.L(layer, "bq")
        bq[head * HEAD_DIM + 2 * f] += self.o["alpha"] * ROOT
        for k in range(3):
            self.const_q(layer, head, self.r.content[CODE + k], 18.0 / REF)
        k = self.r.PLACE.index(f)
        a = 2 * np.pi * np.arange(3) / 3
        t = np.linspace(0, 2 * np.pi, 360, endpoint=False)
        e = np.exp(self.o["alpha"] * np.cos(t[:, None] - a))
        p = e / e.sum(1, keepdims=True)
        z = p @ np.exp(1j * a)
        first = (z * np.exp(-1j * t)).mean().real
        self.second = (z * np.exp(2j * t)).mean().real / first
        self.out(layer, head, self.rows("P", 2 * k, 2 * k + 2), [d, d + 1], 1.0 / first)

    def earlier(self, tokens):
        """the own position's angles so many TOKENS before, as sums of rows"""
        sums = []
        for k, f in enumerate(self.r.PLACE):
            c, z, p = np.cos(tokens * self.r.theta[f]), np.sin(tokens * self.r.theta[f]), self.at["P"].start + 2 * k
            sums += [{p: c, p + 1: z}, {p: -z, p + 1: c}]
        return sums

    def straighten(self, layer, f):
        """takes the second harmonic out of the angle of pair F"""
        p = self.at["P"].start + 2 * self.r.PLACE.index(f)
        self.product(layer, {p: -self.second}, p, p)
        self.product(layer, {p: self.second}, p + 1, p + 1)
        self.product(layer, {p + 1: 2 * self.second}, p, p + 1)

    def turn(self, layer, to, t, a, scale=1.0):
        """rows TO, TO+1 += SCALE e^(-i(a - t)) of the angles whose cosine and sine stand in rows T, T+1 and A, A+1"""
        self.product(layer, {to: scale}, a, t)
        self.product(layer, {to: scale}, a + 1, t + 1)
        self.product(layer, {to + 1: scale}, a, t + 1)
        self.product(layer, {to + 1: -scale}, a + 1, t)

    def grown(self, layer):
        keep = {}
        forward.Model(self.w).feed(self.ref_ids, keep)
        self.growth = np.array([float(x.norm()) / np.sqrt(self.room) for x in keep["x", layer]])

    # ---- the parts
    def embed(self):
        lex, at, tok = self.lex, self.at, self.tok
        e = self.w["tok_embd"]
        code, ident = np.zeros((tok.size, CODE)), np.zeros((tok.size, IDENTITY))
        for ids in lex.group.values():
            code[ids] = self.signs(1, CODE)
            ident[ids, :SAME] = 0.8 * self.signs(1, SAME)           # with space and capital or without
        ident[:, SAME:] = 0.6 * self.signs(tok.size, IDENTITY - SAME)
        ident[tok.n:] = 0
        self.ident = ident
        # what ends a name is told by one code, so that "--exclude" is not the beginning of "--exclude-from"
        self.ending = self.signs(1, CODE)[0]
        e[:, at["T"]] = code * lex.bind[:, None] + self.ending * lex.ends[:, None]
        e[:, at["I"]] = ident
        for f in FLAGS:
            e[:, self.flag[f]] = lex.flags[f]
        e[:, at["FILL"]] = self.fill

    def signs(self, n, d):
        return self.rng.choice([-1.0, 1.0], (n, d)) / np.sqrt(d)

    def layer0(self):
        at = self.at
        self.rotary_key(0)
        self.position_keys(0, (1, 5))
        a, b = (self.signs(PAIR, CODE) for _ in range(2))
        b -= np.outer(b @ self.ending, self.ending)         # an end pairs with what it ends, not with what follows
        back = self.signs(CODE, PAIR) * self.o["pair"]
        self.value(0, range(CODE), self.rows("T"), LOUD)
        self.value(0, range(CODE, CODE + 32), self.rows("FL", 0, 32))
        self.position_values(0, CODE + 32)
        for head, distance in ((0, 1), (1, 2)):
            self.window(0, head, self.r.peak(distance, 20.0))
            self.sink(0, head, -20.0, -20.0)
        self.L(0, "wo")[self.at["T1"], 0:CODE] = b / LOUD
        self.out(0, 0, self.rows("FL1"), range(CODE, CODE + 32))
        self.out(0, 1, self.flags([f + "2" for f in TWICE]), [CODE + FLAGS.index(f) for f in TWICE])
        self.position_head(0, 2, 1, CODE + 32)
        self.position_head(0, 3, 5, CODE + 32)
        # the code of a pair of tokens; then the token's own code shrinks to its rarity
        n = self.neurons(0, 2 * PAIR)
        g, u, d = self.L(0, "w_gate"), self.L(0, "w_up"), self.L(0, "w_down")
        for k, sign in ((0, 1.0), (1, -1.0)):
            rows = slice(n + k * PAIR, n + (k + 1) * PAIR)
            g[rows, self.at["T"]] = sign * a
            u[rows, self.at["T1"]] = np.eye(PAIR)
            d[self.at["T"], rows] = sign * back * np.sqrt(CODE)
        n = self.neurons(0, CODE)
        rows = slice(n, n + CODE)
        g[rows, self.flag["less"]] = 20.0
        u[rows, self.at["T"]] = np.eye(CODE)
        d[self.at["T"], rows] = -np.eye(CODE) / 20.0
        n = self.neurons(0, 1)                              # an end alone is nothing to be found by
        g[n, at["FILL"]] = 20.0 * self.one()
        u[n, self.flag["tail"]] = 1.0 / 20.0
        d[at["T"], n] = -self.ending
        self.both(0, "line_mark", {"mark": 1, "nl1": 1}, 1.5)
        self.both(0, "qmark", {"document_": 1, "mark1": 1}, 1.5)
        self.both(0, "dashline", {"dashes": 1, "nl1": 1, "two1": 0.25, "space1": 0.25, "nl2": 0.5}, 1.75)
        self.both(0, "docline", {"doc_": 1, "nl1": 1}, 1.5)
        self.both(0, "after", {"period1": 1, "space": 1, "nl": 1, "lead": 1, "abbr2": -1}, 1.5)
        self.both(0, "opened", {"quote": 1, "colon1": 1}, 1.5)
        self.both(0, "opened", {"open": 1, "is1": 1}, 1.5)
        self.both(0, "fresh", {"blank1": 1}, 0.5)
        self.both(0, "fresh", {"nl1": 1, "end2": 1}, 1.5)
        self.both(0, "fresh", {"dashes": 1, "blank2": 1, "two1": 0.5, "space1": 0.5}, 2.25)
        self.both(0, "sentence", {"period": 1, "abbr1": -1}, 0.5)

    def layer1(self):
        self.rotary_key(1)
        self.position_keys(1, (9, 13))
        self.key(1, 0, ("line_mark", "qmark", "asst"))
        self.key(1, 1, ("qmark", "asst"))
        self.key(1, 2, ("nl1", "dashline"))
        self.key(1, 3, ("asst",), 1.0)
        self.value(1, [0, 1, 2], self.flags(["line_mark", "qmark", "asst"]))
        self.value(1, [3, 4, 5, 6], self.flags(["dashline", "docline", "fresh", "line_mark"]))
        self.position_values(1, 8)
        # which part of the prompt this is
        self.window(1, 0, self.r.nearest(10, 150.0, 1000.0, 60.0))
        self.want(1, 0, 0, 500.0)
        self.want(1, 0, 1, 200.0)
        self.want(1, 0, 3, 30.0, 1.0)
        self.sink(1, 0, 100.0)
        self.out(1, 0, self.flags(["doc", "asked", "answer"]), range(3))
        # what the line begins with
        line = self.r.nearest(8, 300.0, 200.0, 400.0)
        self.window(1, 1, line)
        self.want(1, 1, 2, 50.0)
        self.sink(1, 1, 50.0 + self.r.score(line, [250])[0])
        self.out(1, 1, self.flags(["line_dash", "line_doc", "line_fresh", "line_page"]), range(3, 7))
        self.position_head(1, 2, 9, 8)
        self.position_head(1, 3, 13, 8)
        for f in (1, 5):
            self.straighten(1, f)
        self.both(1, "answer_mark", {"mark": 1, "answer": 1}, 1.5)
        self.both(1, "not_doc", {"doc": -1}, -0.5)
        self.both(1, "item", {"nl": 1, "line_dash": 1, "period1": -1, "blank": -1}, 1.5)
        self.both(1, "item", {"two": 1, "line_dash": 1, "nl1": -1}, 1.5)
        self.both(1, "begin", {"title1": 1, "lower": 1, "line_dash": 1}, 2.5)       # the word before begins with a capital
        self.both(1, "asked_switch", {"asked": 1, "switch1": 1}, 1.5)
        self.both(1, "line_end", {"nl": 1, "line_fresh": 1, "line_doc": -1, "line_page": -1}, 1.5)

    def layer2(self):
        o, C, same = self.o, self.r.content, self.rows("I", 0, SAME)
        self.rotary_key(2)
        self.key(2, 0, ("line_fresh",), 2.0)
        self.key(2, 1, ("light",), 2.0)
        self.value(2, range(CODE), self.rows("T"), LOUD)
        self.value(2, [CODE], self.flags(["line_fresh"]))
        # a word that the first line of the paragraph has counts through that line alone
        for i, row in enumerate(same):
            self.L(2, "wk")[C[i], row] = 10.0
            self.q(2, 0, C[i])[row] = o["match"] / 6.4 * ROOT
        ins = np.arange(95)
        c, k = self.r.window(ins, 0.0 * ins, 18.0, np.arange(95, 110), 1e-4, 60.0)
        self.window(2, 0, c)
        self.want(2, 0, 0, o["match"], 2.0)
        self.want(2, 0, 1, -o["match"], 2.0)           # pieces of a letter or two are in every line
        self.sink(2, 0, 2.0 * o["match"] - 5.0 - k)
        self.silence(2, 0, "line_fresh", 60.0)
        self.silence(2, 0, "not_doc", 60.0)
        self.out(2, 0, self.flags(["seen"]), [CODE])
        self.gated(2, self.rows("T"), self.rows("T"), "seen", -1.0)
        self.gated(2, self.rows("T"), self.rows("T"), "asked_switch", 2.0)      # an option that is asked for is the word that counts
        # that line's words together, at its end
        ins = np.arange(25)
        c, k = self.r.window(ins, 0.0 * ins, 18.0, np.arange(25, 36), 1e-7)
        self.window(2, 1, c)
        self.want(2, 1, 0, 30.0, 2.0)
        self.sink(2, 1, 30.0 - k + np.log(20.0) + 30.0)
        self.silence(2, 1, "line_end", -30.0)
        self.out(2, 1, self.rows("T"), range(CODE), 5.0 / LOUD)

    def layer3(self):
        o = self.o
        self.rotary_key(3)
        self.position_keys(3, (17,))
        self.key(3, 0, ("line_fresh",))
        self.key(3, 1, ("line_end",))
        self.value(3, range(CODE), self.rows("T"), LOUD)
        self.position_values(3, CODE)
        ins = np.arange(8)
        at_once, ak = self.r.window(ins, -0.25 * ins, 18.0, np.arange(8, 12), 1e-7)
        ins = np.arange(25)
        near, nk = self.r.window(ins, -0.03 * ins, 18.0, np.arange(25, 36), 1e-7)
        for head, c, k, share, fall, n in ((0, at_once, ak, "at_once", 0.25, 8), (1, near, nk, "near", 0.03, 25)):
            self.window(3, head, c)
            # few words in the window are not to count for more than many: the first three tokens weigh REST of a full one
            rest = -k + np.log(o["rest"] * np.exp(-fall * np.arange(n)).sum() / 3)
            self.sink(3, head, rest, rest)
            self.want(3, head, 0, -12.0)            # the first line of a paragraph is the third head's, but for itself
            self.q(3, head, self.r.content[CODE + 3])[self.flag["line_fresh"]] = 12.0 * ROOT
            self.silence(3, head, "not_doc", 200.0)
            self.out(3, head, self.rows("B"), range(CODE), o["bag"] * o[share] * (1 + o["rest"]) / LOUD)
        line = self.r.nearest(8, 110.0, 200.0, 220.0)
        self.window(3, 2, line)
        self.want(3, 2, 1, 120.0)
        self.sink(3, 2, 120.0 + self.r.score(line, [110])[0])             # above all but those within 110 tokens, as for "seen"
        self.silence(3, 2, "line_fresh", 300.0)
        self.silence(3, 2, "not_doc", 3000.0)
        self.out(3, 2, self.rows("B"), range(CODE), o["bag"] * o["para"] / LOUD)
        self.position_head(3, 3, 17, CODE)
        for f in (9, 13):
            self.straighten(3, f)
        self.both(3, "opener", {"colon": 1, "equal": 1, "is": 1, "asks1": -1, "opened": 1, "item": 2, "dash": 1,
                                "line_dash": -1, "line_doc": -2, "line_page": -2}, 0.5)
        self.straighten(3, 17)

    def layer4(self):
        o = self.o
        self.rotary_key(4)
        for k, names in enumerate((("asked",), ("line_mark",), ("after", "fresh"), ("line_doc",))):
            self.key(4, k, names)
        self.value(4, range(CODE), self.rows("T"), LOUD)
        self.value(4, range(CODE, CODE + 10), self.rows("P"))
        self.value(4, [CODE + 10], self.flags(["mass"]))
        self.window(4, 0, self.r.nearest(10, 3.0, 1000.0, 3.0))             # the question's words
        self.want(4, 0, 0, 40.0)
        self.sink(4, 0, 20.0)
        self.silence(4, 0, "answer", -400.0)
        self.silence(4, 0, "doc", 400.0)
        self.out(4, 0, self.rows("B"), range(CODE), o["bag"] * 2 / LOUD)
        self.out(4, 0, self.rows("START", MASS, MASS + 1), [CODE + 10])
        self.window(4, 1, self.r.nearest(10, 60.0, 800.0, 0.0) + self.r.nearest(12, 300.0, 2500.0, 450.0))      # the page
        self.want(4, 1, 1, 450.0)
        self.sink(4, 1, -300.0)
        self.out(4, 1, self.rows("PM"), range(CODE, CODE + 10))
        self.window(4, 2, self.r.nearest(8, 60.0, 150.0, 180.0))                   # the sentence
        self.want(4, 2, 2, 150.0)
        self.sink(4, 2, -100.0)
        for k, f in enumerate(self.r.PLACE):                    # of the token before the one that is found
            c, z, v, to = np.cos(self.r.theta[f]), np.sin(self.r.theta[f]), CODE + 2 * k, self.at["S"].start + 2 * k
            wo = self.L(4, "wo")
            wo[to, 2 * HEAD_DIM + v:2 * HEAD_DIM + v + 2] = c, z
            wo[to + 1, 2 * HEAD_DIM + v:2 * HEAD_DIM + v + 2] = -z, c
        self.window(4, 3, self.r.nearest(14, 150.0, 10000.0, 200.0))                # the title
        self.want(4, 3, 3, 150.0)
        self.sink(4, 3, -100.0)
        self.silence(4, 3, "answer", 1500.0)
        self.out(4, 3, self.rows("B"), range(CODE), o["bag"] * o["doc"] / LOUD)
        # a sentence is copied from its beginning, what an opener announces from there
        self.gated(4, self.rows("S"), self.rows("P"), "opener")
        self.gated(4, self.rows("S"), self.rows("S"), "opener", -1.0)
        # and what an option does, from the capital that begins it: two tokens before this one
        self.gated(4, self.rows("S"), self.rows("S"), "begin", -1.0)
        self.gated(4, self.rows("S"), self.earlier(2), "begin")

    def layer5(self):
        o, C, at = self.o, self.r.content, self.at
        self.rotary_key(5)
        wk, wv = self.L(5, "wk"), self.L(5, "wv")
        for i in range(CODE):
            self.q(5, 0, C[i])[at["B"].start + i] = o["beta"] * ROOT
            wk[C[i], at["B"].start + i] = 1.0
        x = C[CODE + 3:]
        for flag, key in ((f, o[f]) for f in ("opener", "item", "begin", "opened", "sentence")):
            wk[x[0], self.flag[flag]] = 10.0 * key
        # all words of the question found near would make a score of about this
        mass = self.at["START"].start + MASS
        full = o["beta"] * o["bag"] ** 2 * 2 * 0.2 * ROOT
        self.q(5, 0, x[0])[mass] = full / 10.0
        for k in (1, 5, 6, 7):                                  # all but the places of the documents
            for f in ("not_doc", "gmask", "sop", "sys"):
                wk[x[k], self.flag[f]] = 6.0
            for f in ("opener", "sentence", "begin"):
                wk[x[k], self.flag[f]] = -6.0
            wk[x[k], at["FILL"]] = 6.0 * self.one()
            wk[x[k], self.flag["gmask"]] = -12.0 * self.growth[0]
            self.const_q(5, 0, x[k], -180.0)
        jitter = np.zeros(18)
        jitter[:9] = self.rng.standard_normal(9) * o["jitter"]
        self.window(5, 0, jitter)
        self.q(5, 0, C[CODE])[mass] = full * o["missing"] / REF
        self.key(5, 2, ("asst", "answer_mark"), 8.0)
        self.key(5, 3, ("asst",), 8.0)
        self.key(5, 4, ("answer_mark",), 8.0)
        for head in (1, 2):
            self.want(5, head, 2 if head == 2 else 3, 200.0, 8.0)
            self.sink(5, head, 100.0)
        self.want(5, 2, 4, 40.0, 8.0)
        self.value(5, range(10), self.rows("S"))
        self.value(5, range(10, 20), self.rows("PM"))
        self.value(5, range(20, 30), self.rows("P"))
        self.value(5, range(30, 33), self.flags(CLASSES))
        self.value(5, [33, 34], self.flags(["gmask", "answer_mark"]))
        keep = {}
        forward.Model(self.w).feed(self.ref_ids, keep)
        g = keep["x", 4][0].numpy()
        wv[0:30, self.flag["gmask"]] = -(wv[0:30] @ g) / g[self.flag["gmask"]]          # the sink is nowhere
        for head, row, n, first in ((0, FOUND, 20, 0), (0, KIND, 3, 30), (0, MISSING, 1, 33), (1, ASSISTANT, 10, 20), (2, MARK, 10, 20),
                                    (2, IN_MARK, 1, 34)):
            self.out(5, head, self.rows("START", row, row + n), range(first, first + n))
        s = at["START"].start
        for to, place, here in ((TURN, FOUND, ASSISTANT), (MARK_TURN, PAGE, MARK)):
            for k in range(0, 10, 2):
                self.turn(5, s + to + k, s + place + k, s + here + k)

    def layer6(self):
        at, o, C = self.at, self.o, self.r.content
        s = at["START"].start
        in_mark, missing, end, last = s + IN_MARK, s + MISSING, s + END, s + LAST
        self.rotary_key(6)
        self.L(6, "bk")[2 * np.array(self.r.PLACE)] = 1.0
        self.L(6, "wk")[2 * np.array(self.r.PLACE), self.flag["gmask"]] = -self.growth[0]          # which is nowhere
        for head, first in ((0, TURN), (1, MARK_TURN)):
            for k, f in enumerate(self.r.PLACE):
                c, z = np.cos(self.r.theta[f]) * o["pointer"] * ROOT, np.sin(self.r.theta[f]) * o["pointer"] * ROOT
                u, v = s + first + 2 * k, s + first + 2 * k + 1
                self.q(6, head, 2 * f)[u], self.q(6, head, 2 * f)[v] = c, -z
                self.q(6, head, 2 * f + 1)[u], self.q(6, head, 2 * f + 1)[v] = z, c
            self.want(6, head, 0, 100.0, 30.0)
        self.key(6, 0, ("gmask",), 30.0)
        gmask = C[CODE + 3]
        self.q(6, 0, gmask)[in_mark] = o["pointer"] * 8.0 * ROOT / 30.0
        self.want(6, 1, 0, o["pointer"] * 6.0, 30.0)
        self.q(6, 1, gmask)[in_mark] = -o["pointer"] * 6.0 * ROOT / 30.0
        self.value(6, range(IDENTITY), self.rows("I"), LOUD)
        self.value(6, range(IDENTITY, IDENTITY + len(SEEN)), self.flags(SEEN))
        for head in (0, 1):
            self.out(6, head, self.rows("OUT"), range(IDENTITY), 1 / LOUD)
        seen = {f: s + NEXT + k for k, f in enumerate(SEEN)}
        self.out(6, 0, list(seen.values()), range(IDENTITY, IDENTITY + len(SEEN)))
        kind = {f: s + KIND + k for k, f in enumerate(CLASSES)}
        e = lambda terms, t: self.both(6, end, terms, t)
        e({seen["blank"]: 1, "asst": -1}, 0.5)
        e({"period": 1, seen["nl"]: 1, "abbr1": -1, "asst": -1}, 1.5)
        e({"period": 1, seen["lead"]: 1, seen["upper"]: 1, "abbr1": -1}, 2.5)
        e({"space": 1, "period1": 1, seen["upper"]: 1, "abbr2": -1}, 2.5)
        e({"space": 1, "space1": 1, "period2": 1, seen["upper"]: 1}, 3.5)
        e({"nl": 1, "period1": 1, "asst": -1}, 1.5)
        e({seen["nl"]: 1, kind["colon"]: 0.7, kind["equal"]: 0.7, "asst": -1}, 1.4)
        e({seen["quote"]: 1, kind["opened"]: 1}, 1.5)
        e({seen["close"]: 1, kind["opened"]: 1}, 1.5)
        e({seen["mark"]: 1, "nl": 1}, 1.5)
        e({seen["dashline"]: 1, "asst": -1}, 0.5)
        e({"full": 1}, 0.5)
        # the sentence that says that nothing was found
        tok = self.tok
        words = [tok.rank[w] for w in (b"The", b" documents", b" do", b" not", b" say", b".")]
        for here, following in zip(["asst", "s1", "s2", "s3", "s4", "s5"], words):
            row = self.neurons(6, 1)
            g = self.L(6, "w_gate")[row]
            g[missing] = g[self.flag[here]] = 20.0
            g[at["FILL"]] = -30.0 * self.one()
            self.L(6, "w_up")[row, at["FILL"]] = self.one()
            self.L(6, "w_down")[at["OUT"], row] = self.ident[following] * 3 / 10
        self.both(6, last, {missing: 1, "period": 1}, 1.5)
        # output
        hd, gain = self.w["lm_head"], o["gain"]
        hd[:, at["OUT"]] = self.ident * gain
        user = hd[tok.special["<|user|>"]]
        user[self.flag["end"]] = 4 * gain
        user[last] = 4 * gain
        user[at["FILL"]] = 0.05 * gain * self.one()
        mark = hd[tok.rank[" \u3010".encode()]]
        mark[end] = o["stop"] * gain
        mark[self.flag["asst"]] = mark[missing] = mark[in_mark] = -4 * gain

    def build(self):
        self.embed()
        for k, layer in enumerate((self.layer0, self.layer1, self.layer2, self.layer3, self.layer4, self.layer5, self.layer6)):
            layer()
            if k < 6:
                self.grown(k)
        return {n: a.astype(np.float32) for n, a in self.w.items()}
