"""What an installed Debian system has to ask about: man pages, package records, WordNet.

Each name belongs to one side of a fixed split, decided by a hash: held_out(NAME).  Questions are asked about
held-out names only; whoever trains a model keeps its data free of them.  Names of one family (git-add, git-log)
are on one side.
"""
import glob
import gzip
import hashlib
import os
import re
import shutil
import subprocess

HELD_OUT_SHARE = 8          # one family of eight

TRIPLET = re.compile(r"^(x86_64|i[3-6]86|aarch64|arm|powerpc64le|riscv64|s390x)[a-z0-9_]*-linux-gnu[a-z0-9]*-")


class Missing(Exception):
    """Something is not installed; the text says what to do."""


def family(name):
    """The name that decides: no section, target or version, the part before the first '-', '_', '.' or ':'."""
    base = re.sub(r"\.\d[a-z0-9]*$", "", name.lower())
    base = TRIPLET.sub("", base)
    first = re.split(r"[-_.:]", base)[0] or base
    if len(first) > 6 and first.startswith("lib"):
        first = first[3:]
    return first.rstrip("0123456789") or base


def held_out(name):
    """Whether NAME (of a man page, a package, a word) is kept for measuring."""
    digest = hashlib.sha256(("kvasir-eval " + family(name)).encode()).digest()
    return int.from_bytes(digest[:4], "big") % HELD_OUT_SHARE == 0


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|resp|approx|incl|[A-Za-z])|\.\.)\.$")


def first_sentence(text):
    """The first sentence of a paragraph, without its closing mark."""
    text = squeeze(text)
    for match in re.finditer(r"[.!?](?=\s+[\"'(\[]?[A-Z0-9]|$)", text):
        head = text[:match.end()]
        if not ABBREVIATION.search(head):
            return head.rstrip(".!?").rstrip()
    return text.rstrip(".:;").rstrip()


# --- man pages

def man_files(sections="18"):
    """Files of man pages, sorted; links and pages that only point to others are left out."""
    roots = [p for p in os.environ.get("MANPATH", "").split(":") if p] or ["/usr/share/man", "/usr/local/share/man"]
    found = []
    for root in roots:
        for section in sections:
            found += glob.glob(os.path.join(root, "man" + section, "*"))
    return sorted(f for f in found if os.path.isfile(f) and not os.path.islink(f))


def man_name(path):
    """("tar", "1") of /usr/share/man/man1/tar.1.gz"""
    base = os.path.basename(path)
    if base.endswith(".gz"):
        base = base[:-3]
    name, _, section = base.rpartition(".")
    return name, section


def man_text(path):
    """The page as mandoc prints it, 78 columns wide; None if it is a mere link, tiny or huge."""
    if shutil.which("mandoc") is None:
        raise Missing("man pages are rendered by mandoc; install the package mandoc")
    opened = gzip.open if path.endswith(".gz") else open
    try:
        with opened(path, "rb") as stream:
            source = stream.read()
    except OSError:
        return None
    if not 600 <= len(source) <= 400000 or re.match(rb"\s*\.so\s", source):
        return None
    try:
        done = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=78"], input=source, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return None
    text = re.sub(".\b", "", done.stdout.decode("utf-8", "replace"))
    text = text.replace("\u2010", "-").replace("\u2212", "-").replace("\u00a0", " ")
    return text if "NAME\n" in text else None


def indent(line):
    return len(line) - len(line.lstrip())


def split_tag(line, following):
    """("-v, --verbose", "Say more.") of a line with both; the description may begin on the next line."""
    tag = line.strip()
    parts = re.match(r"(\S.*?)\s{2,}(\S.*)$", tag)
    if parts is None:
        return tag, None
    column = indent(line) + parts.start(2)
    if following and following.strip() and indent(following) != column:
        return tag, None
    return parts.group(1), parts.group(2)


def man_options(text):
    """Options of a rendered page: list of {"tag", "keys", "sentence", "line"}.

    "keys" are the spellings (-v, --verbose), "sentence" the first sentence of the description, "line" where it
    begins (from 0).  Options that the page explains twice, and descriptions that are no sentence, are left out.
    """
    lines = text.split("\n")
    found, times = [], {}
    for i, line in enumerate(lines):
        if not re.match(r" {2,16}-{1,2}[A-Za-z0-9?#@]", line):
            continue
        tag, said = split_tag(line, lines[i + 1] if i + 1 < len(lines) else "")
        keys = re.findall(r"(?<![\w-])(--?[A-Za-z0-9?#@][\w.+-]*)", tag)
        for key in set(keys):
            times[key] = times.get(key, 0) + 1
        start = i if said else i + 1
        body = [said] if said else []
        j = i + 1
        while j < len(lines) and lines[j].strip() and indent(lines[j]) > indent(line):
            if re.match(r" *-{1,2}[A-Za-z0-9]", lines[j]) and not body:
                break
            body.append(lines[j].strip())
            j += 1
        sentence = first_sentence(" ".join(body))
        if keys and 15 <= len(sentence) <= 220 and sentence.count(" ") >= 2 and re.match(r"[A-Za-z]", sentence):
            found.append({"tag": tag, "keys": keys, "sentence": sentence, "line": start})
    return [o for o in found if all(times[k] == 1 for k in o["keys"])]


def man_brief(text):
    """("tar", "an archiving utility") from the section NAME, or None."""
    match = re.search(r"^NAME\n\s+(.+?)\n\s*\n", text, re.S | re.M)
    if match is None:
        return None
    match = re.match(r"(\S+?)(?:, [^-]*)? [-\u2013\u2014] (.{8,140})$", squeeze(match.group(1)))
    return (match.group(1).rstrip(","), match.group(2).rstrip(".")) if match else None


# --- package records

PACKAGE_FIELDS = ("Version", "Section", "Homepage", "Maintainer", "Installed-Size", "Priority", "Description")


def packages():
    """Records of the package lists (apt) or of the installed packages (dpkg): dicts of their fields, in the order
    of their names."""
    raw = b""
    if shutil.which("apt-cache"):
        raw = subprocess.run(["apt-cache", "dumpavail"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             check=False).stdout
    if not raw.strip() and os.path.exists("/var/lib/dpkg/status"):
        with open("/var/lib/dpkg/status", "rb") as stream:
            raw = stream.read()
    wanted = re.compile(r"^(Package|%s): (.+)$" % "|".join(PACKAGE_FIELDS), re.M)
    records = {}
    for block in raw.decode("utf-8", "replace").split("\n\n"):
        fields = {key: squeeze(value) for key, value in wanted.findall(block)}
        if "Package" in fields and len(fields) >= 5:
            records.setdefault(fields["Package"], fields)
    if not records:
        raise Missing("there are no package lists; run apt-get update")
    return [records[name] for name in sorted(records)]


# --- WordNet

def wordnet(folder="/usr/share/wordnet"):
    """(word, definition) of the first sense in each part of speech, sorted; Debian's package wordnet-base."""
    senses = {}
    for part in ("noun", "verb", "adj", "adv"):
        path = os.path.join(folder, "data." + part)
        if not os.path.exists(path):
            raise Missing("%s is missing; install the package wordnet-base" % path)
        with open(path, encoding="latin-1") as stream:
            for line in stream:
                if line.startswith("  ") or " | " not in line:
                    continue
                numbers, gloss = line.split(" | ", 1)
                word = numbers.split()[4].replace("_", " ")
                definition = re.split(r"; ", gloss.strip())[0].strip()
                if re.fullmatch(r"[A-Za-z' -]{3,28}", word) and 12 <= len(definition) <= 160 \
                        and '"' not in definition and not definition.startswith("("):
                    senses.setdefault(word, definition)
    return sorted(senses.items())
