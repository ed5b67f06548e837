#!/usr/bin/python3
"""Learn the look-up model's vocabulary from what is installed, and count its tokens.

usage: learn_words.py VOCABULARY COUNTS      (both are written; needs mandoc, wordnet-base and apt's package lists)

Three quarters of the names are used, chosen by a hash; pages, packages and words of the others are left for measuring.
"""
import base64, glob, gzip, hashlib, os, random, re, subprocess, sys

import numpy as np

import tokens

SIZE, SPACED = 3072, 900


def held(name):
    return hashlib.sha256(name.encode()).digest()[0] < 64


def page(path):
    source = gzip.open(path).read()
    if not 1500 < len(source) < 120000 or source.startswith(b".so"):
        return None
    out = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=78"], input=source, capture_output=True, timeout=20).stdout
    text = re.sub(".\x08", "", out.decode("utf-8", "replace"))
    for a, b in (("\u2010", "-"), ("\u2212", "-"), ("\u2019", "'"), ("\u2018", "'")):
        text = text.replace(a, b)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text))


def pages(rnd, limit=400):
    files = sorted(f for s in "158" for f in glob.glob("/usr/share/man/man%s/*.gz" % s) if not os.path.islink(f))
    files = [f for f in files if not held(os.path.basename(f)[:-3])]
    rnd.shuffle(files)
    out = []
    for f in files:
        text = page(f)
        if text:
            out.append(text)
        if len(out) == limit:
            break
    return out


def packages(rnd, limit=8000):
    records = subprocess.run(["apt-cache", "dumpavail"], capture_output=True).stdout.decode("utf-8", "replace").split("\n\n")
    keep = ("Package", "Section", "Version", "Homepage", "Description", "Maintainer", "Installed-Size", "Priority")
    out = []
    for r in records:
        fields = dict(re.findall(r"^([A-Za-z0-9-]+): (.+)$", r, re.M))
        if "Package" in fields and not held(fields["Package"]):
            out.append("\n".join("%s: %s" % (k, fields[k]) for k in keep if k in fields))
    out = sorted(set(out))
    rnd.shuffle(out)
    return out[:limit]


def glosses(rnd, limit=20000):
    out = []
    for part in ("noun", "verb", "adj", "adv"):
        with open("/usr/share/wordnet/data." + part, encoding="latin-1") as f:
            for line in f:
                if line[:2] == "  " or "|" not in line:
                    continue
                head, gloss = line.split("|", 1)
                word = re.sub(r"\(.*\)", "", head.split()[4].replace("_", " "))
                gloss = gloss.split('; "')[0].strip()
                if word and gloss and not held(word):
                    out.append("%s: %s" % (word, gloss))
    rnd.shuffle(out)
    return out[:limit]


def main():
    rnd = random.Random(5)
    texts = pages(rnd) + packages(rnd) + glosses(rnd)
    pieces = tokens.learn(texts, SIZE - len(tokens.SPECIALS), SPACED)
    with open(sys.argv[1], "wb") as f:
        for rank, piece in enumerate(pieces):
            f.write(base64.b64encode(piece) + b" %d\n" % rank)
    tok = tokens.Tokens(sys.argv[1])
    count = np.zeros(tok.size)
    for text in texts:
        np.add.at(count, tok.encode(text), 1)
    with open(sys.argv[2], "wb") as f:
        np.save(f, count)


if __name__ == "__main__":
    main()
