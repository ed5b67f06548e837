"""The weights of the look-up model, written by hand: see README.md for the circuit."""
import numpy as np

from rotary import Rotary

LAYERS, HEADS, HEAD_DIM, FFN, CONTEXT = 6, 6, 128, 320, 131072
HIDDEN = HEADS * HEAD_DIM
CODE, IDENTITY = 96, 96
FREQS = (0, 2, 4, 6, 8)         # the rotary pairs that positions are told by

OPTIONS = dict(seed=1, fill=400.0, bind=1.0, gain=12.0, near=8, fade=0.2, wide=48, wide_share=0.15, beta=80.0, opener=0.3,
               missing=0.4, stop=1.6)

BLOCKS = dict(T=CODE, I=IDENTITY, T1=CODE, B=CODE, START=96, OUT=IDENTITY, P=10, PM=10, PX=10, M=2, FL=64, FL1=32, X=16, FILL=16)
# Facts about a token that its embedding holds; the first 32 are also told to the token after it.
FLAGS = ("gmask sop sys user asst obs mark end nl blank colon question period dash lead quote open close equal is comma digit "
         "space upper abbr word two s1 s2 s3 s4 s5 opener mass less").split()
FACTS = "line_mark q_colon doc asked answer answer_mark stop new_sentence not_doc opened asking".split()


def layout():
    at, n = {}, 0
    for name, size in BLOCKS.items():
        at[name] = slice(n, n + size)
        n += size
    assert n <= HIDDEN, n
    return at


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


QUESTION_WORDS = ("what which who whom whose when where why how does do did is are was were the a an of to in for and or on by with as at it its "
                  "that this there mean means please tell me about can could would should if be i you option flag command explain describe "
                  "value key").split()
ABBREVIATIONS = {b"e", b"g", b"i", b"etc", b"vs", b"cf", b"Mr", b"Dr", b"al"}


class Lexicon:
    """What the circuit wants to know about each token: groups of equal words, weights, flags."""

    def __init__(self, tok, count):
        self.tok = tok
        n, size = tok.n, tok.size
        p = (count[:n] + 0.5) / count.sum()
        self.group = {}
        for i in range(n):
            b = tok.pieces[i]
            self.group.setdefault(b.strip().lower() or b, []).append(i)
        self.rarity, self.bind = np.zeros(size), np.zeros(size)
        self.flags = {f: np.zeros(size) for f in FLAGS}
        for key, ids in self.group.items():
            r = np.clip((-np.log(sum(p[i] for i in ids)) - 4.5) / 4.0, 0, 1) ** 0.8
            for i in ids:
                self.token(i, r)
        for name, flag in (("[gMASK]", "gmask"), ("<sop>", "sop"), ("<|system|>", "sys"), ("<|user|>", "user"),
                           ("<|assistant|>", "asst"), ("<|observation|>", "obs")):
            self.flags[flag][tok.special[name]] = 1
        self.flags["mass"][:n] = self.rarity[:n] ** 2 + 0.3 * self.bind[:n]
        self.flags["less"] = np.where(self.bind > 0, 1 - self.rarity / np.maximum(self.bind, 1e-9), 0.0)

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
            r, bind = min(rarity, 0.1), 0.3
        else:
            r = max(rarity, 0.2)
            bind = max(0.5 + 0.4 * r, r) if lead else 0.9
        self.rarity[i], self.bind[i] = r, max(bind, r)
        f["lead"][i] = b[:1].isspace()
        f["space"][i] = not s and b"\n" not in b
        f["two"][i] = not s and b"\n" not in b and len(b) >= 2
        f["nl"][i] = b"\n" in b
        f["blank"][i] = b.count(b"\n") >= 2
        f["colon"][i] = s == b":"
        f["equal"][i] = s == b"="
        f["comma"][i] = s == b","
        f["dash"][i] = b in (b" -", b" --", " \u2013".encode(), " \u2014".encode())
        f["quote"][i] = s == b'"'
        f["open"][i] = s == b"<"
        f["close"][i] = s == b">"
        f["is"][i] = lead and word in ("is", "are", "was", "were")
        f["period"][i] = s[-1:] in (b".", b"!", b"?") and not letters and not s.startswith(b"..")
        f["abbr"][i] = s in ABBREVIATIONS
        f["question"][i] = b == b"Question"
        f["mark"][i] = s == "\u3010".encode()
        f["end"][i] = s == "\u3011".encode()
        f["digit"][i] = s.isdigit()
        f["upper"][i] = s[:1].isupper()
        f["word"][i] = letters
        for k, w in enumerate((b"The", b" documents", b" do", b" not", b" say")):
            f["s%d" % (k + 1)][i] = b == w
        f["opener"][i] = (1.0 if f["nl"][i] or f["colon"][i] or f["dash"][i] or f["two"][i] else 0.95 if f["equal"][i] else
                          0.8 if f["is"][i] else 0.0)


class Builder:
    def __init__(self, tok, count, **options):
        self.o = dict(OPTIONS, **options)
        self.tok, self.lex = tok, Lexicon(tok, count)
        self.rng = np.random.default_rng(int(self.o["seed"]))
        self.at = layout()
        self.r = Rotary(HEAD_DIM, CONTEXT)
        self.flag = {f: self.at["FL"].start + i for i, f in enumerate(FLAGS)}
        self.flag.update({f + "1": self.at["FL1"].start + i for i, f in enumerate(FLAGS[:32])})
        self.flag.update({f: self.at["X"].start + i for i, f in enumerate(FACTS)})
        self.flag["mass_q"] = self.at["M"].start
        size, kv = tok.size, HEAD_DIM
        shapes = {"attn_norm": (HIDDEN,), "ffn_norm": (HIDDEN,), "wq": (HIDDEN, HIDDEN), "wk": (kv, HIDDEN), "wv": (kv, HIDDEN),
                  "bq": (HIDDEN,), "bk": (kv,), "bv": (kv,), "wo": (HIDDEN, HIDDEN), "w_gate": (FFN, HIDDEN), "w_up": (FFN, HIDDEN),
                  "w_down": (HIDDEN, FFN)}
        self.w = {"layers.%d.%s" % (l, n): np.zeros(s) for l in range(LAYERS) for n, s in shapes.items()}
        self.w.update(tok_embd=np.zeros((size, HIDDEN)), lm_head=np.zeros((size, HIDDEN)), out_norm=np.zeros(HIDDEN))
        self.fill = np.full(16, np.sqrt(self.o["fill"] / 16))
        room = self.o["fill"] + 5.0
        for n in self.w:
            if n.endswith("norm"):
                self.w[n][:] = np.sqrt(room / HIDDEN)
        self.used = [0] * LAYERS

    # ---- small tools
    def L(self, layer, name):
        return self.w["layers.%d.%s" % (layer, name)]

    def one(self):
        return self.fill / (self.fill @ self.fill)

    def q(self, layer, head, dim):
        return self.L(layer, "wq")[head * HEAD_DIM + dim]

    def const_q(self, layer, head, dim, value):
        self.q(layer, head, dim)[self.at["FILL"]] += value * np.sqrt(HEAD_DIM) * self.one()

    def window(self, layer, head, c):
        self.L(layer, "bq")[head * HEAD_DIM:(head + 1) * HEAD_DIM] += self.r.query(c)

    def out(self, layer, head, target, dims, scale=1.0):
        """the values DIMS of HEAD go to the residual rows TARGET"""
        wo = self.L(layer, "wo")
        target = range(target.start, target.stop) if isinstance(target, slice) else target
        for t, d in zip(target, dims):
            wo[t, head * HEAD_DIM + d] += scale

    def value(self, layer, dims, source):
        source = range(source.start, source.stop) if isinstance(source, slice) else source
        for d, s in zip(dims, source):
            self.L(layer, "wv")[d, s] += 1.0

    def neurons(self, layer, n):
        a = self.used[layer]
        self.used[layer] += n
        assert self.used[layer] <= FFN, (layer, self.used[layer])
        return a

    def both(self, layer, target, terms, threshold, value=1.0, sharp=20.0):
        """target += value when the sum of TERMS {row: weight} is above THRESHOLD (by half or more)"""
        n = self.neurons(layer, 2)
        for k, sign, thr in ((0, 1.0, threshold - 0.25), (1, -1.0, threshold + 0.25)):
            g = self.L(layer, "w_gate")[n + k]
            for row, weight in terms.items():
                g[row] += sharp * weight
            g[self.at["FILL"]] -= sharp * thr * self.one()
            self.L(layer, "w_up")[n + k][self.at["FILL"]] = self.one()
            self.L(layer, "w_down")[target, n + k] = sign * value / (sharp * 0.5)

    def product(self, layer, targets, a, b):
        """targets {row: scale} += scale * x[a] * x[b]"""
        n = self.neurons(layer, 2)
        for k, sign in ((0, 1.0), (1, -1.0)):
            self.L(layer, "w_gate")[n + k, a] = sign
            self.L(layer, "w_up")[n + k, b] = 1.0
            for row, scale in targets.items():
                self.L(layer, "w_down")[row, n + k] = sign * scale

    def rotary_key(self, layer):
        """(1, 0) in each fast pair, but nothing at <sop>"""
        d = 2 * np.arange(self.r.fast)
        self.L(layer, "bk")[d] = 1.0
        self.L(layer, "wk")[d, self.flag["sop"]] = -1.0

    def position_head(self, layer, head, f, sine, target, key_dim):
        """tanh(a cos(theta i)) or tanh(a sin(theta i)) of the own position: the two first tokens share the attention"""
        c = np.zeros(2 * self.r.fast)
        c[f if not sine else self.r.fast + f] = 1.2
        self.window(layer, head, c)
        self.const_q(layer, head, key_dim, 30.0 / 12.0)
        return target

    # ---- the parts
    def embed(self):
        lex, at, tok = self.lex, self.at, self.tok
        e = self.w["tok_embd"]
        code, ident = np.zeros((tok.size, CODE)), unit(self.rng.standard_normal((tok.size, IDENTITY)))
        for ids in lex.group.values():
            code[ids] = unit(self.rng.standard_normal(CODE))
        ident[tok.n:] = 0
        self.ident = ident
        e[:, at["T"]] = code * lex.bind[:, None]
        e[:, at["I"]] = ident
        for f in FLAGS:
            e[:, self.flag[f]] = lex.flags[f]
        e[:, at["FILL"]] = self.fill

    def layer0(self):
        at, flag, C = self.at, self.flag, self.r.content
        self.rotary_key(0)
        wk = self.L(0, "wk")
        wk[C[0], flag["gmask"]] = wk[C[0], flag["sop"]] = 12.0
        self.value(0, range(CODE), at["T"])
        self.value(0, range(96, 128), range(at["FL"].start, at["FL"].start + 32))
        self.window(0, 0, self.r.peak(1, 20.0))
        self.out(0, 0, at["T1"], range(CODE))
        self.out(0, 0, at["FL1"], range(96, 128))
        p = at["P"].start
        for head, (f, sine) in enumerate(((0, 0), (0, 1), (2, 0), (2, 1), (4, 0)), 1):
            row = p + 2 * FREQS.index(f) + sine
            self.position_head(0, head, f, sine, row, C[0])
            self.out(0, head, [row], [96], 2.0)
            self.out(0, head, [row], [97], -2.0)
        # the code of a pair of tokens; then the token's own code shrinks to its rarity
        a, b = (np.linalg.qr(self.rng.standard_normal((CODE, CODE)))[0] for _ in range(2))
        back = np.linalg.qr(self.rng.standard_normal((CODE, CODE)))[0] * np.sqrt(CODE) * self.o["bind"]
        n = self.neurons(0, 3 * CODE)
        g, u, d = self.L(0, "w_gate"), self.L(0, "w_up"), self.L(0, "w_down")
        for k, sign in ((0, 1.0), (1, -1.0)):
            rows = slice(n + k * CODE, n + (k + 1) * CODE)
            g[rows, at["T"]] = sign * a
            u[rows, at["T1"]] = b
            d[at["T"], rows] = sign * back
        rows = slice(n + 2 * CODE, n + 3 * CODE)
        g[rows, flag["less"]] = 20.0
        u[rows, at["T"]] = np.eye(CODE)
        d[at["T"], rows] = -np.eye(CODE) / 20.0
        self.both(0, flag["line_mark"], {flag["mark"]: 1, flag["nl1"]: 1}, 1.5)
        self.both(0, flag["q_colon"], {flag["colon"]: 1, flag["question1"]: 1}, 1.5)
        self.both(0, flag["stop"], {flag["period1"]: 1, flag["lead"]: 1, flag["nl"]: 1}, 1.5)   # a sentence ended
        # an opener; a space after one hands it on
        self.both(0, flag["opened"], {flag["quote"]: 1, flag["colon1"]: 1}, 1.5)
        self.both(0, flag["opened"], {flag["open"]: 1, flag["is1"]: 1}, 1.5)
        self.both(0, flag["opened"], {flag["quote"]: 1, flag["space1"]: 1, flag["colon1"]: 0.5}, 1.9)

    def layer1(self):
        at, flag, C = self.at, self.flag, self.r.content
        self.rotary_key(1)
        wk = self.L(1, "wk")
        # what layer 0 added to the two first tokens made them longer, so that the norm shrinks their keys
        first, second = self.grown
        wk[C[0], flag["gmask"]], wk[C[0], flag["sop"]] = 12.0 * first, 12.0 * second
        for f, rank in (("sys", 1), ("user", 1), ("line_mark", 2), ("q_colon", 3), ("asst", 4)):
            wk[C[1], flag[f]] = rank
        wv = self.L(1, "wv")
        wv[0, flag["gmask"]], wv[0, flag["sop"]] = 1.0, -1.0
        wv[1, flag["line_mark"]] = 1.0
        wv[2, flag["q_colon"]] = wv[2, flag["user"]] = 1.0
        wv[3, flag["asst"]] = 1.0
        self.const_q(1, 0, C[1], 30.0)
        self.out(1, 0, [flag["doc"], flag["asked"], flag["answer"]], [1, 2, 3])
        p = at["P"].start
        for head, (f, sine) in enumerate(((4, 1), (6, 0), (6, 1), (8, 0), (8, 1)), 1):
            row = p + 2 * FREQS.index(f) + sine
            self.position_head(1, head, f, sine, row, C[0])
            self.out(1, head, [row], [0], 2.0)
        self.both(1, flag["answer_mark"], {flag["mark"]: 1, flag["answer"]: 1}, 1.5)
        self.both(1, flag["not_doc"], {flag["doc"]: -1}, -0.5)
        self.both(1, flag["asking"], {flag["asked"]: 1}, 0.5)

    def layer2(self):
        at, flag, C, o = self.at, self.flag, self.r.content, self.o
        self.rotary_key(2)
        wk = self.L(2, "wk")
        wk[C[0], flag["gmask"]] = 4.0
        wk[C[1], flag["line_mark"]] = 1.0
        wk[C[2], flag["asking"]] = 4.0
        self.value(2, range(CODE), at["T"])
        self.value(2, range(96, 106), at["P"])
        self.value(2, [106], [flag["mass"]])
        n = int(o["near"])
        ins = np.arange(n + 1)
        near = self.r.window(ins, -o["fade"] * ins, 18.0, np.arange(n + 1, 2 * n))
        n = int(o["wide"])
        ins = np.arange(n + 1)
        wide = self.r.window(ins, 0.0 * ins, 18.0, np.arange(n + 1, 2 * n))
        ins = np.arange(81)
        asked = self.r.window(ins, 0.0 * ins, 18.0, np.arange(81, 160))
        for head, c, scale in ((0, near, 12.0 * (1 - o["wide_share"])), (1, wide, 12.0 * o["wide_share"])):
            self.window(2, head, c)
            self.q(2, head, C[0])[flag["asst"]] = 400.0 / 4.0 * np.sqrt(HEAD_DIM)        # silent there
            self.out(2, head, at["B"], range(CODE), scale)
        self.window(2, 2, asked)
        self.const_q(2, 2, C[2], 40.0 / 4.0)
        self.const_q(2, 2, C[0], 400.0 / 4.0)
        self.q(2, 2, C[0])[flag["asst"]] = -400.0 / 4.0 * np.sqrt(HEAD_DIM)
        self.out(2, 2, at["B"], range(CODE), 12.0)
        self.out(2, 2, [flag["mass_q"]], [106])
        page = np.zeros(2 * self.r.fast)
        page[5:9] = 100.0, 400.0, 400.0, 400.0
        self.window(2, 3, page)
        self.const_q(2, 3, C[1], 350.0)
        self.out(2, 3, at["PM"], range(96, 106))
        for k in range(10):
            self.product(2, {at["PX"].start + k: 1.0}, flag["answer_mark"], at["P"].start + k)

    def layer3(self):
        at, flag, C, o = self.at, self.flag, self.r.content, self.o
        wk, wv = self.L(3, "wk"), self.L(3, "wv")
        for i in range(CODE):
            self.q(3, 0, C[i])[at["B"].start + i] = o["beta"] * np.sqrt(HEAD_DIM)
            wk[C[i], at["B"].start + i] = 1.0
        x = C[CODE:]
        scale = o["beta"] * 12.0 * np.sqrt(HEAD_DIM)      # what all words of the question together are worth
        wk[x[0], flag["opener"]] = wk[x[0], flag["opened"]] = 0.4
        self.q(3, 0, x[0])[flag["mass_q"]] = scale * o["opener"] / 0.4
        wk[x[1], flag["not_doc"]] = 40.0
        wk[x[1], flag["gmask"]] = -40.0
        self.const_q(3, 0, x[1], -10.0)
        wk[x[2], flag["gmask"]] = 40.0
        self.const_q(3, 0, x[2], 60.0)
        self.q(3, 0, x[2])[flag["asst"]] = -60.0 * np.sqrt(HEAD_DIM)
        self.q(3, 0, x[2])[flag["mass_q"]] = scale * o["missing"] / 40.0
        self.value(3, range(10), at["P"])
        self.value(3, range(10, 20), at["PM"])
        for d, f in enumerate(CLASSES, 20):
            wv[d, flag[f]] = 1.0
        wv[30, flag["gmask"]] = 1.0
        import forward
        keep = {}
        forward.Model(self.w).feed([self.tok.special["[gMASK]"]], keep)
        x = keep["x", 2][0].numpy()
        wv[0:10, flag["gmask"]], wv[10:20, flag["gmask"]] = -x[at["P"]], -x[at["PM"]]     # the sink is nowhere
        self.out(3, 0, self.start(0, 31), range(31))
        # where the start is from here: e^(-i theta (a - s)), scaled to 1
        for k in range(len(FREQS)):
            self.turn(3, at["START"].start + 32 + 2 * k, at["START"].start + 2 * k, at["P"].start + 2 * k, 1 / 1.1 ** 2)

    def start(self, a, b):
        s = self.at["START"].start
        return range(s + a, s + b)

    def turn(self, layer, to, t, a, scale):
        """rows TO, TO+1 += SCALE e^(-i(a - t)) of the angles whose cosine and sine stand in rows T, T+1 and A, A+1"""
        self.product(layer, {to: scale}, a, t)
        self.product(layer, {to: scale}, a + 1, t + 1)
        self.product(layer, {to + 1: scale}, a, t + 1)
        self.product(layer, {to + 1: -scale}, a + 1, t)

    def layer4(self):
        at, flag, C = self.at, self.flag, self.r.content
        self.rotary_key(4)
        wk = self.L(4, "wk")
        wk[C[0], flag["asst"]] = wk[C[1], flag["asst"]] = 4.0
        wk[C[1], flag["answer_mark"]] = 8.0
        # what <|assistant|> found, told to the answer
        self.value(4, range(64), self.start(0, 64))
        self.const_q(4, 0, C[0], 10.0)
        self.out(4, 0, list(self.start(10, 30)) + list(self.start(32, 42)) + list(self.start(70, 71)),
                 list(range(10, 30)) + list(range(32, 42)) + [30])
        # where the answer's page mark began
        self.value(4, range(64, 74), at["PX"])
        self.const_q(4, 1, C[1], 10.0)
        self.L(4, "wv")[74, flag["answer_mark"]] = 1.0
        self.out(4, 1, self.start(80, 91), range(64, 75))
        s = at["START"].start
        for k in range(len(FREQS)):
            self.turn(4, s + 48 + 2 * k, s + 10 + 2 * k, s + 80 + 2 * k, 12 / 1.1 ** 2)

    def layer5(self):
        at, flag, o = self.at, self.flag, self.o
        self.rotary_key(5)
        for k, f in enumerate(FREQS):
            strength = (25.0 if f == 0 else 100.0) * np.sqrt(HEAD_DIM)
            c, s = np.cos(self.r.theta[f]) * strength, np.sin(self.r.theta[f]) * strength
            for first in (32, 48):
                u, v = at["START"].start + first + 2 * k, at["START"].start + first + 2 * k + 1
                self.q(5, 0, 2 * f)[u], self.q(5, 0, 2 * f)[v] = c, -s
                self.q(5, 0, 2 * f + 1)[u], self.q(5, 0, 2 * f + 1)[v] = s, c
        self.value(5, range(IDENTITY), at["I"])
        source = "stop blank nl quote close".split()
        self.value(5, range(96, 96 + len(source)), [flag[f] for f in source])
        self.out(5, 0, at["OUT"], range(IDENTITY))
        seen = {f: at["START"].start + 60 + k for k, f in enumerate(source)}
        self.out(5, 0, list(seen.values()), range(96, 96 + len(source)))
        kind = {f: at["START"].start + 20 + k for k, f in enumerate(CLASSES)}
        end, missing = at["START"].start + 71, at["START"].start + 70
        self.both(5, end, {seen["stop"]: 1, seen["blank"]: 1}, 0.5)
        self.both(5, end, {seen["nl"]: 1, kind["colon"]: 0.7, kind["equal"]: 0.7, kind["dash"]: 0.7}, 1.4)
        self.both(5, end, {seen["quote"]: 1, kind["quote"]: 1}, 1.5)
        self.both(5, end, {seen["close"]: 1, kind["open"]: 1}, 1.5)
        # the sentence that says that nothing was found
        tok = self.tok
        words = [tok.rank[w] for w in (b"The", b" documents", b" do", b" not", b" say", b".")]
        for here, following in zip(["asst", "s1", "s2", "s3", "s4", "s5"], words):
            row = self.neurons(5, 1)
            g = self.L(5, "w_gate")[row]
            g[missing] = g[flag[here]] = 20.0
            g[at["FILL"]] = -30.0 * self.one()
            self.L(5, "w_up")[row, at["FILL"]] = self.one()
            self.L(5, "w_down")[at["OUT"], row] = self.ident[following] * 3 / 10
        last = at["START"].start + 72
        self.both(5, last, {missing: 1, flag["period"]: 1}, 1.5)
        # output
        hd, gain = self.w["lm_head"], o["gain"]
        hd[:, at["OUT"]] = self.ident * gain
        hd[tok.special["<|user|>"], flag["end"]] = 4 * gain
        hd[tok.special["<|user|>"], last] = 4 * gain
        hd[tok.special["<|user|>"], at["FILL"]] = 0.05 * gain * self.one()
        mark = hd[tok.rank[" \u3010".encode()]]
        mark[end] = o["stop"] * gain
        mark[flag["asst"]] = -4 * gain
        mark[missing] = -4 * gain
        mark[at["START"].start + 90] = -4 * gain

    def growth(self):
        """how much the norm shrinks [gMASK] and <sop> behind layer 0, against the room that it allows for"""
        import forward
        keep = {}
        forward.Model(self.w).feed([self.tok.special["[gMASK]"], self.tok.special["<sop>"]], keep)
        return [float(x.norm()) / np.sqrt(self.o["fill"] + 5.0) for x in keep["x", 0]]

    def build(self):
        self.embed()
        self.layer0()
        self.grown = self.growth()
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4, self.layer5):
            layer()
        return {n: a.astype(np.float32) for n, a in self.w.items()}


CLASSES = "nl colon equal dash is quote open two blank".split()
