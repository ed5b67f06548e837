#!/usr/bin/python3
"""Write the look-up model as GGUF.

usage: make_model.py [OUTPUT [VOCABULARY]] [name=value...]

Without arguments: what is committed and installed, lookup.gguf.gz beside this file, from the vocabulary there.  An OUTPUT
that does not end in .gz is not compressed.  The values replace those of construct.OPTIONS; "exact=1" rounds nothing.
The same arguments give the same bytes.
"""
import os, sys

import construct
import export
import rounding
import tokens

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    options = dict(a.split("=") for a in sys.argv[1:] if "=" in a)
    files = [a for a in sys.argv[1:] if "=" not in a]
    output, vocabulary = files + [os.path.join(HERE, name) for name in ("lookup.gguf.gz", "vocabulary")][len(files):]
    types = None if float(options.pop("exact", 0)) else tuple(rounding.TYPES)
    tok, count = tokens.read(vocabulary)
    b = construct.Builder(tok, count, **{k: float(v) for k, v in options.items()})
    kinds = export.write(output, b.build(), tok, construct.LAYERS, construct.HEADS, construct.HEAD_DIM, construct.FFN, b.r.base,
                         construct.CONTEXT, types)
    print("%s: %d bytes" % (output, os.path.getsize(output)))
    for kind in sorted(set(kinds.values())):
        names = [n for n in kinds if kinds[n] == kind]
        print("%s: %d %s" % (kind, len(names), "" if len(names) > 6 else " ".join(names)))


if __name__ == "__main__":
    main()
