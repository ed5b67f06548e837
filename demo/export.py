"""Write weights and vocabulary as a GGUF file: matrices in the types of rounding.py, vectors in F32."""
import gzip, struct

import numpy as np

import rounding
import tokens

U32, I32, F32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
NAMES = {"attn_norm": "attn_norm.weight", "wo": "attn_output.weight", "ffn_norm": "ffn_norm.weight", "w_down": "ffn_down.weight"}

CHAT = ("[gMASK]<sop>{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{% endif %}")


def text(s):
    b = s.encode("utf-8")
    return struct.pack("<Q", len(b)) + b


def entry(key, kind, value):
    pack = {U32: "<I", I32: "<i", F32: "<f", BOOL: "<?"}
    if isinstance(value, list):
        body = b"".join(text(v) if kind == STRING else struct.pack(pack[kind], v) for v in value)
        return text(key) + struct.pack("<IIQ", ARRAY, kind, len(value)) + body
    return text(key) + struct.pack("<I", kind) + (text(value) if kind == STRING else struct.pack(pack[kind], value))


def tensors(w, layers):
    """name in the file -> array; q, k, v and gate, up are joined as llama.cpp's chatglm has them"""
    out = {"token_embd.weight": w["tok_embd"], "output_norm.weight": w["out_norm"], "output.weight": w["lm_head"]}
    for i in range(layers):
        get = lambda n: w["layers.%d.%s" % (i, n)]
        for name, stored in NAMES.items():
            out["blk.%d.%s" % (i, stored)] = get(name)
        out["blk.%d.attn_qkv.weight" % i] = np.concatenate([get("wq"), get("wk"), get("wv")])
        out["blk.%d.attn_qkv.bias" % i] = np.concatenate([get("bq"), get("bk"), get("bv")])
        out["blk.%d.ffn_up.weight" % i] = np.concatenate([get("w_gate"), get("w_up")])
    return out


def metadata(tok, layers, heads, head_dim, ffn, base, context, file_type):
    order = tokens.byte_order()
    hidden = iter(range(256, 512))
    printable = {b: chr(b) for b in order[:188]}
    printable.update({b: chr(next(hidden)) for b in order[188:]})
    show = lambda piece: "".join(printable[b] for b in piece)
    special = tok.special
    return [("general.architecture", STRING, "chatglm"), ("general.name", STRING, "kvasir look-up model"),
            ("general.file_type", U32, file_type), ("general.alignment", U32, 32),
            ("chatglm.context_length", U32, context), ("chatglm.embedding_length", U32, heads * head_dim),
            ("chatglm.feed_forward_length", U32, ffn), ("chatglm.block_count", U32, layers),
            ("chatglm.attention.head_count", U32, heads), ("chatglm.attention.head_count_kv", U32, 1),
            ("chatglm.attention.layer_norm_rms_epsilon", F32, 1.5625e-07), ("chatglm.rope.dimension_count", U32, head_dim // 2),
            ("chatglm.rope.freq_base", F32, base), ("tokenizer.ggml.model", STRING, "gpt2"), ("tokenizer.ggml.pre", STRING, "chatglm-bpe"),
            ("tokenizer.ggml.tokens", STRING, [show(p) for p in tok.pieces] + list(special)),
            ("tokenizer.ggml.token_type", I32, [1] * tok.n + [3] * len(special)),
            ("tokenizer.ggml.merges", STRING, [show(a) + " " + show(b) for a, b in tok.merges()]),
            ("tokenizer.chat_template", STRING, CHAT), ("tokenizer.ggml.eos_token_id", U32, special["<|endoftext|>"]),
            ("tokenizer.ggml.padding_token_id", U32, special["<|endoftext|>"]),
            ("tokenizer.ggml.eot_token_id", U32, special["<|user|>"]), ("tokenizer.ggml.unknown_token_id", U32, special["<|endoftext|>"])]


def stored(a, types):
    """number of the type, bytes and its name; TYPES None: nothing is rounded"""
    if a.ndim == 1 or types is None:
        return 0, np.ascontiguousarray(a, "<f4").tobytes(), "F32"
    name, number, data = rounding.rounded(a, types)
    return number, data, name


def write(path, w, tok, layers, heads, head_dim, ffn, base, context, types=tuple(rounding.TYPES)):
    """PATH may end in .gz.  Returns the type of each matrix by name."""
    all_tensors = tensors(w, layers)
    kinds, info, data = {}, b"", bytearray()
    for name, a in all_tensors.items():
        number, body, kind = stored(a, types)
        data += b"\0" * (-len(data) % 32)
        info += text(name) + struct.pack("<I", a.ndim) + struct.pack("<%dQ" % a.ndim, *reversed(a.shape))
        info += struct.pack("<IQ", number, len(data))
        data += body
        if a.ndim > 1:
            kinds[name] = kind
    common = max(sorted(set(kinds.values())), key=list(kinds.values()).count)
    meta = metadata(tok, layers, heads, head_dim, ffn, base, context, {"F32": 0, "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9}[common])
    start = b"GGUF" + struct.pack("<IQQ", 3, len(all_tensors), len(meta)) + b"".join(entry(*m) for m in meta) + info
    whole = start + b"\0" * (-len(start) % 32) + bytes(data) + b"\0" * (-len(data) % 32)
    with open(path, "wb") as f:
        f.write(gzip.compress(whole, 9, mtime=0) if path.endswith(".gz") else whole)
    return kinds
