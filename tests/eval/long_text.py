"""Text for training and measuring a small model with a long context: what a Debian system has lying about.

Three kinds, each a stream of documents: man pages, package records, definitions of WordNet.  Held-out names
(sources.held_out) are measured on, all others are trained on.
"""
import random

import sources

KINDS = ("man", "packages", "words")


def man(held, seed, most):
    """Rendered man pages in random order."""
    files = [f for f in sources.man_files("1578") if sources.held_out(sources.man_name(f)[0]) == held]
    random.Random(seed).shuffle(files)
    size = 0
    for path in files:
        text = sources.man_text(path)
        if text:
            yield text.strip("\n") + "\n\n"
            size += len(text)
        if size > most:
            return


def packages(held, seed, most):
    """Package records in the order of their names, beginning somewhere."""
    records = [r for r in sources.packages() if sources.held_out(r["Package"]) == held]
    start = random.Random(seed).randrange(len(records))
    size = 0
    for fields in records[start:] + records[:start]:
        text = "".join("%s: %s\n" % item for item in fields.items()) + "\n"
        yield text
        size += len(text)
        if size > most:
            return


def words(held, seed, most):
    """Words and their definitions, in random order."""
    entries = [(word, text) for word, text in sources.wordnet() if sources.held_out(word) == held]
    random.Random(seed).shuffle(entries)
    size = 0
    for word, definition in entries:
        text = "%s: %s.\n" % (word, definition)
        yield text
        size += len(text)
        if size > most:
            return


def stream(kind, held, seed, most):
    """At least MOST characters of KIND, if the system has as many."""
    return "".join({"man": man, "packages": packages, "words": words}[kind](held, seed, most))
