#!/usr/bin/python3
"""Write the look-up model as GGUF.

usage: make_model.py VOCABULARY COUNTS OUTPUT.gguf [name=value...]

VOCABULARY has lines "base64 rank"; COUNTS, a .npy file, how often each token occurs in ordinary text.  The values replace
those of construct.OPTIONS.  The same arguments give the same bytes.
"""
import sys

import numpy as np

import construct
import export
import tokens


def main():
    tok, count = tokens.Tokens(sys.argv[1]), np.load(sys.argv[2])
    b = construct.Builder(tok, count, **{k: float(v) for k, v in (a.split("=") for a in sys.argv[4:])})
    export.write(sys.argv[3], b.build(), tok, construct.LAYERS, construct.HEADS, construct.HEAD_DIM, construct.FFN, b.r.base,
                 construct.CONTEXT)


if __name__ == "__main__":
    main()
