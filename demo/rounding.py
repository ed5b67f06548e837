"""Matrices in llama.cpp's block types, each in the smallest that holds it without loss, or else in Q8_0.

Most blocks of these weights hold nothing, one value or one value of both signs.  4 bits say that without loss if the
scale is chosen for it; the usual choice, the greatest value over -8, makes 7/8 of the same value with the other sign.
"""
import numpy as np

# name: number in the file, bits, whether a block has a minimum
TYPES = {"Q4_0": (2, 4, False), "Q4_1": (3, 4, True), "Q5_0": (6, 5, False), "Q5_1": (7, 5, True), "Q8_0": (8, 8, False)}
# What no weight may be off by, of the greatest of its block: what a scale in 16 bits costs.  Errors of half a step of 127, as
# Q8_0's may be, are in Q4_0 and Q5_1 the same for many weights: 56 of 80 questions were then answered right, 62 in 32 bits.
BOUND = 2.0 ** -10


def half(x):
    return x.astype(np.float16)


def codes(blocks, scale, low, first, last):
    """the nearest codes FIRST..LAST of (value - LOW) / SCALE, and what the worst of each block is off by"""
    s, m = scale.astype(np.float32)[:, None], low.astype(np.float32)[:, None]
    q = np.clip(np.rint(np.divide(blocks - m, s, out=np.zeros_like(blocks), where=s != 0)), first, last)
    return q, np.abs(q * s + m - blocks).max(1)


def choices(blocks, bits, minimum):
    """pairs of scale and minimum: the greatest value, or the span, may be any of the codes"""
    if minimum:
        for low in (half(np.minimum(blocks.min(1), 0)), half(blocks.min(1))):
            for k in range((1 << bits) - 1, 0, -1):
                yield half((blocks.max(1) - low) / k), low
        return
    greatest = np.take_along_axis(blocks, np.abs(blocks).argmax(1)[:, None], 1)[:, 0]
    none = half(np.zeros(len(blocks)))
    if bits == 8:
        yield half(np.abs(greatest) / 127), none
        return
    most = 1 << bits - 1
    for k in [-most] + [k for n in range(most - 1, 0, -1) for k in (n, -n)]:
        yield half(greatest / k), none


def fit(blocks, kind):
    """scale, minimum, codes and the worst error of each block, with the best of its choices"""
    _, bits, minimum = TYPES[kind]
    most = 1 << bits - 1
    first, last = (0, 2 * most - 1) if minimum else (-127, 127) if bits == 8 else (-most, most - 1)
    best = None
    for scale, low in choices(blocks, bits, minimum):
        q, off = codes(blocks, scale, low, first, last)
        if best is None:
            best = [scale, low, q, off]
        better = off < best[3]
        for have, new in zip(best, (scale, low, q, off)):
            have[better] = new[better]
    return best


def pack(kind, scale, low, q):
    """the bytes as ggml's block_q4_0 .. block_q8_0 have them"""
    _, bits, minimum = TYPES[kind]
    parts = [scale.view(np.uint8).reshape(-1, 2)]
    if minimum:
        parts.append(low.view(np.uint8).reshape(-1, 2))
    if bits == 8:
        parts.append(q.astype(np.int8).view(np.uint8))
        return np.concatenate(parts, 1)
    q = q.astype(np.int16) + (0 if minimum else 1 << bits - 1)
    if bits == 5:
        parts.append(np.packbits((q >> 4).astype(np.uint8), axis=1, bitorder="little"))
    parts.append((q[:, :16] & 15 | (q[:, 16:] & 15) << 4).astype(np.uint8))
    return np.concatenate(parts, 1)


def rounded(a, kinds=tuple(TYPES)):
    """name, number and bytes of A in the first of KINDS (ascending in size) that is exact enough, else in the last"""
    assert a.shape[-1] % 32 == 0, a.shape       # no block goes over the end of a row
    blocks = np.ascontiguousarray(a, np.float32).reshape(-1, 32)
    some = blocks.any(1)                        # most have nothing to fit
    greatest = np.abs(blocks[some]).max(1)
    for kind in kinds:
        scale, low, q, off = fit(blocks[some], kind)
        if (off <= BOUND * greatest).all():
            break
    zero = half(np.zeros(1))
    out = np.repeat(pack(kind, zero, zero, np.zeros((1, 32))), len(blocks), 0)
    out[some] = pack(kind, scale, low, q)
    return kind, TYPES[kind][0], out.tobytes()
