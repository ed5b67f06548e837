#!/usr/bin/python3
"""long_model.py - train a small model of GLM-4's form for 32K tokens, to measure what a KV type costs.

    long_model.py new FILE.gguf                  a fresh model: random weights, the demonstration model's vocabulary
    long_model.py stories FROM.gguf FILE.gguf    a copy of a model with another RoPE base and context
    long_model.py text KIND FILE.gguf IDS.npy    text of this machine, read by the tokenizer of FILE.gguf
    long_model.py sample FILE.gguf IDS.npy       text that a model writes
    long_model.py train FILE.gguf OUT.gguf IDS.npy...
    long_model.py write-ids FILE.gguf IDS.npy IDS.txt    the sequences that tests/bench-kv takes

README.md has a whole run.  Files of ids are numpy arrays of 16 bits: one stream of tokens.  Models are GGUF files in
F32; training replaces the weights in a copy of the file.  It keeps its state beside OUT.gguf, and the same command goes on
from there.
"""
import argparse
import math
import os
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
import torch.nn.functional as F

import long_text

WINDOW = 32768
LAST = 2048
LAYER = ("attn_norm.weight", "attn_qkv.weight", "attn_qkv.bias", "attn_output.weight", "ffn_norm.weight", "ffn_up.weight",
         "ffn_down.weight")


# --- files

class File:
    """A GGUF file of F32 tensors: metadata and where its tensors are."""

    SIZES = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

    def __init__(self, path):
        with open(path, "rb") as stream:
            self.raw = bytearray(stream.read())
        self.at, self.meta, self.place, self.tensors = 8, {}, {}, {}
        tensors, keys = self.take("Q"), self.take("Q")
        for _ in range(keys):
            key, kind = self.text(), self.take("I")
            self.place[key] = self.at
            self.meta[key] = self.value(kind)
        for _ in range(tensors):
            name = self.text()
            shape = [self.take("Q") for _ in range(self.take("I"))][::-1]
            if self.take("I") != 0:
                raise ValueError("%s: %s is not of type F32" % (path, name))
            self.tensors[name] = (self.take("Q"), shape)
        self.start = (self.at + 31) // 32 * 32

    def take(self, code):
        (value,) = struct.unpack_from("<" + code, self.raw, self.at)
        self.at += struct.calcsize("<" + code)
        return value

    def text(self):
        size = self.take("Q")
        self.at += size
        return self.raw[self.at - size:self.at].decode("utf-8", "replace")

    def value(self, kind):
        if kind == 8:
            return self.text()
        if kind != 9:
            return self.take(self.SIZES[kind])
        inner, count = self.take("I"), self.take("Q")
        return [self.value(inner) for _ in range(count)]

    def put(self, key, code, value):
        struct.pack_into("<" + code, self.raw, self.place[key], value)
        self.meta[key] = value

    def array(self, name):
        offset, shape = self.tensors[name]
        return np.frombuffer(self.raw, "<f4", int(np.prod(shape)), self.start + offset).reshape(shape)

    def write(self, path, weights):
        for name, tensor in weights.items():
            self.array(name)[...] = tensor.detach().numpy()
        with open(path + ".part", "wb") as stream:
            stream.write(self.raw)
        os.replace(path + ".part", path)


def new(args):
    """Weights as they are usually begun with, in a file with the vocabulary of the demonstration model."""
    top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "demo")
    sys.path.insert(0, top)
    import export
    import tokens
    token = tokens.read(os.path.join(top, "vocabulary"))[0]
    random = np.random.default_rng(args.seed)
    heads, dim, hidden = args.heads, args.head_dim, args.heads * args.head_dim

    def matrix(rows, columns, scale=1.0):
        return (random.standard_normal((rows, columns)) * scale / math.sqrt(columns)).astype("f4")
    w = {"tok_embd": matrix(token.size, hidden, 0.5 * math.sqrt(hidden)), "out_norm": np.ones(hidden, "f4"),
         "lm_head": matrix(token.size, hidden, 0.5)}
    for i in range(args.layers):
        own = {"attn_norm": np.ones(hidden, "f4"), "ffn_norm": np.ones(hidden, "f4"),
               "wq": matrix(hidden, hidden), "wk": matrix(dim, hidden), "wv": matrix(dim, hidden),
               "bq": np.zeros(hidden, "f4"), "bk": np.zeros(dim, "f4"), "bv": np.zeros(dim, "f4"),
               "wo": matrix(hidden, hidden, 0.3), "w_gate": matrix(args.ffn, hidden), "w_up": matrix(args.ffn, hidden),
               "w_down": matrix(hidden, args.ffn, 0.3)}
        w.update(("layers.%d.%s" % (i, name), a) for name, a in own.items())
    export.write(args.file, w, token, args.layers, heads, dim, args.ffn, 5e6, WINDOW + 256, types=None)


def stories(args):
    """A copy of a model with another RoPE base and a context of WINDOW tokens and a block."""
    file = File(args.source)
    file.put("chatglm.rope.freq_base", "f", args.base)
    file.put("chatglm.context_length", "I", WINDOW + 256)
    file.write(args.file, {})


# --- the model

class Model:
    """GLM-4's forward pass with gradients, and with the keys and values of what went before."""

    def __init__(self, file):
        meta = {key.split(".", 1)[1]: value for key, value in file.meta.items() if key.startswith("chatglm.")}
        self.layers, self.hidden = meta["block_count"], meta["embedding_length"]
        self.heads, self.kv = meta["attention.head_count"], meta["attention.head_count_kv"]
        self.eps, rotary = meta["attention.layer_norm_rms_epsilon"], meta["rope.dimension_count"]
        self.weights = {name: torch.tensor(file.array(name)) for name in file.tensors}
        self.dim = self.weights["blk.0.attn_output.weight"].shape[1] // self.heads
        names = file.meta["tokenizer.ggml.tokens"]
        self.first = [names.index("[gMASK]"), names.index("<sop>")]
        angles = np.outer(np.arange(WINDOW + 256), meta["rope.freq_base"] ** (-np.arange(0, rotary, 2) / rotary))
        self.cos, self.sin = (torch.tensor(f(angles), dtype=torch.float32) for f in (np.cos, np.sin))

    def norm(self, x, weight):
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + self.eps) * weight

    def rotate(self, x, position):
        """X: (batch, heads, tokens, dim); POSITION: (batch, tokens)"""
        cos, sin = self.cos[position][:, None], self.sin[position][:, None]
        n = 2 * cos.shape[-1]
        a, b = x[..., 0:n:2], x[..., 1:n:2]
        turned = torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2)
        return torch.cat((turned, x[..., n:]), -1)

    def attend(self, q, k, v, bias):
        """The last queries of K's positions; query heads that share a KV head are rows of one product."""
        batch, heads, tokens, dim = q.shape
        rows = (q * dim ** -0.5).reshape(batch, self.kv, heads // self.kv * tokens, dim)
        scores = (rows @ k.transpose(-1, -2)).view(batch, heads, tokens, -1)
        scores[..., k.shape[2] - tokens:] += bias
        shares = torch.softmax(scores, -1).view(batch, self.kv, heads // self.kv * tokens, -1)
        return (shares @ v).view(batch, heads, tokens, dim)

    def forward(self, ids, position, bias=None, memory=None):
        """Logits of IDS (batch, tokens).  MEMORY: for each layer the keys and values before, replaced by those with the new ones."""
        w, batch, tokens = self.weights, *ids.shape
        if bias is None:
            bias = torch.full((tokens, tokens), -1e30).triu(1)
        x = F.embedding(ids, w["token_embd.weight"])
        for i in range(self.layers):
            norm, qkv, start, out, second, up, down = (w["blk.%d.%s" % (i, name)] for name in LAYER)
            y = F.linear(self.norm(x, norm), qkv, start).view(batch, tokens, -1, self.dim).transpose(1, 2)
            q, k, v = y.split((self.heads, self.kv, self.kv), 1)
            q, k = self.rotate(q, position), self.rotate(k, position)
            if memory is not None:
                if memory[i] is not None:
                    k, v = (torch.cat(pair, 2) for pair in zip(memory[i], (k, v)))
                memory[i] = (k.detach(), v.detach())
            x = x + F.linear(self.attend(q, k, v, bias).transpose(1, 2).reshape(batch, tokens, -1), out)
            gate, value = F.linear(self.norm(x, second), up).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * value, down)
        return F.linear(self.norm(x, w["output_norm.weight"]), w["output.weight"])

    def loss(self, ids, position, target, bias=None, memory=None):
        return F.cross_entropy(self.forward(ids, position, bias, memory).flatten(0, 1), target.flatten())

    def memory(self):
        return [None] * self.layers


# --- training

def somewhere(streams, random):
    """The tokens of a window, but for the first two, from one of the streams."""
    stream = streams[random.choice(len(streams), p=[len(s) / sum(map(len, streams)) for s in streams])]
    start = random.integers(len(stream) - WINDOW)
    return stream[start:start + WINDOW - 1]


def cut(random, tokens):
    """Where the TOKENS of a sequence are in their window, and the bias of the scores between them: (tokens, tokens).

    The sequence lies in pieces of the window, each at its own place, so that all distances occur.  A key of an earlier
    piece stands for the tokens that are left out up to the next piece, too: the bias makes its share of the softmax as
    large as theirs would be, so that the model learns to look at one place among 32K without ever having so many.
    """
    count = random.choice((1, 1, 2, 4, 8))
    size = tokens // count
    start = np.sort(random.integers(WINDOW - tokens, size=count)) + np.arange(count) * size
    piece = np.repeat(np.arange(count), size)
    at = start[piece] + np.tile(np.arange(size), count)
    stands_for = np.diff(np.append(start, start[-1] + size)) / size
    bias = np.where(piece[:, None] == piece, 0, np.log(stands_for)[piece])
    at[:2], bias[:, :2] = (0, 1), 0
    return at, np.where(np.arange(tokens) > np.arange(tokens)[:, None], -1e30, bias)


def sequences(model, streams, random, batch, tokens):
    """Short sequences in pieces of a window each: ids, positions, targets, bias of the scores."""
    ids, target, position = (np.empty((batch, tokens), np.int64) for _ in range(3))
    bias = np.empty((batch, 1, tokens, tokens), np.float32)
    for row in range(batch):
        window = np.concatenate((model.first, somewhere(streams, random).astype(np.int64)))
        at, bias[row] = cut(random, tokens)
        ids[row], position[row], target[row] = window[at], at, window[at + 1]
        target[row, :2] = -100
    return tuple(map(torch.from_numpy, (ids, position, target, bias)))


def train(args):
    """Short sequences in pieces of long windows; see cut()."""
    file, random = File(args.file), np.random.default_rng(args.seed)
    torch.manual_seed(args.seed)
    model, streams = Model(file), [np.load(path) for path in args.ids]
    weights = [w.requires_grad_() for w in model.weights.values()]
    adam = torch.optim.AdamW([{"params": [w for w in weights if w.dim() > 1], "weight_decay": 0.02},
                              {"params": [w for w in weights if w.dim() == 1], "weight_decay": 0.0}],
                             lr=args.rate, betas=(0.9, 0.95))
    step, saved = 0, args.out + ".state"
    if os.path.exists(saved):
        state = torch.load(saved)
        step = state["step"]
        adam.load_state_dict(state["adam"])
        random.bit_generator.state = state["random"]
        for w, old in zip(weights, state["weights"]):
            w.data.copy_(old)
    begun, told, losses = time.time(), step, []
    while step < args.steps:
        share = step / args.steps
        rate = args.rate * min(1, (step + 1) / args.warm_up) * (0.02 + 0.98 * min(1, (1 - share) / 0.6))
        for group in adam.param_groups:
            group["lr"] = rate
        adam.zero_grad()
        loss = model.loss(*sequences(model, streams, random, args.batch, args.tokens))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        adam.step()
        step += 1
        losses.append(loss.item())
        if step % args.tell == 0 or step == args.steps:
            print("step %d: loss %.3f; %.2f s a step" % (step, np.mean(losses), (time.time() - begun) / (step - told)), flush=True)
            begun, told, losses = time.time(), step, []
            torch.save({"step": step, "adam": adam.state_dict(), "random": random.bit_generator.state,
                        "weights": [w.detach() for w in weights]}, saved)
            file.write(args.out, model.weights)


# --- text and measures

@torch.no_grad()
def sample(args):
    """ARGS.TOKENS of text, written by ARGS.BATCH sequences at once at temperature 1, each a story."""
    model = Model(File(args.file))
    torch.manual_seed(args.seed)
    written, total = [], 0
    while total < args.tokens:
        memory, ids = model.memory(), torch.full((args.batch, 1), args.begin)
        rows = [ids]
        for at in range(args.length):
            logits = model.forward(ids, torch.full_like(ids, at), memory=memory)[:, -1]
            ids = torch.multinomial(torch.softmax(logits, -1), 1)
            rows.append(ids)
        for row in torch.cat(rows, 1).numpy():
            ends = np.flatnonzero(row[1:] == args.begin)
            written.append(row[:ends[0] + 1] if len(ends) else row)
            total += len(written[-1])
    np.save(args.ids, np.concatenate(written).astype(np.uint16))


def write_ids(args):
    """Sequences for tests/bench-kv, a line each.  It measures the last LAST tokens, or half of LENGTH if that is less; with every
    LENGTH these are the same LAST tokens before WINDOWS places spread over the stream, behind contexts that differ."""
    stream, first = np.load(args.source), Model(File(args.file)).first
    with open(args.ids, "w", encoding="ascii") as out:
        for number in range(args.windows):
            end = WINDOW + number * (len(stream) - WINDOW) // max(1, args.windows - 1)
            for back in range(0, LAST, min(LAST, args.length // 2)):
                ids = stream[end - back - args.length + 2:end - back]
                out.write(" ".join(map(str, first + ids.tolist())) + "\n")


def text(args):
    """The ids of one kind of text, read by the model's own tokenizer through kvasir."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as stream:
        stream.write(long_text.stream(args.kind, args.held_out, args.seed, args.characters))
        stream.flush()
        done = subprocess.run([args.kvasir, "tokens", "-q", "-m", args.file, stream.name], stdout=subprocess.PIPE, check=True)
    np.save(args.ids, np.array(done.stdout.split(), np.uint16))


def options():
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = top.add_subparsers(dest="command", required=True)

    def command(function, *names, **defaults):
        own = commands.add_parser(function.__name__.replace("_", "-"), help=(function.__doc__ or "").split("\n")[0])
        for name in names:
            own.add_argument(name, nargs="+" if name == "ids" and function is train else None)
        for name, value in defaults.items():
            own.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
        own.add_argument("--seed", type=int, default=1)
        own.set_defaults(run=function)
        return own
    command(new, "file", layers=5, heads=4, head_dim=32, ffn=384)
    command(stories, "source", "file", base=1e6)
    command(sample, "file", "ids", tokens=2000000, batch=256, length=500, begin=1)
    own = command(text, "kind", "file", "ids", characters=10000000, kvasir="kvasir")
    own.add_argument("--held-out", action="store_true")
    command(train, "file", "out", "ids", steps=560, batch=8, tokens=256, rate=3e-3, warm_up=60, tell=20)
    command(write_ids, "file", "source", "ids", windows=8, length=WINDOW)
    return top


def main(argv):
    args = options().parse_args(argv)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    args.run(args)


if __name__ == "__main__":
    main(sys.argv[1:])
