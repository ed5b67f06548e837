"""What is asked: each task makes sets of documents, each with its questions.

A maker is called with a Setting and yields Sets.  The same setting gives the same sets; a task draws from a
random.Random of its own, so that tasks do not depend on which others run.
"""
import gzip
import json
import os
import random
import uuid

import haystack
import sources



class Set:
    """Documents that are read together, and questions about them."""

    def __init__(self, name, task, target, lang="en"):
        self.name, self.task, self.target, self.lang = name, task, target, lang
        self.files = []     # (file name, list of pages)
        self.cases = []

    def add(self, file_name, pages):
        """Adds a document; its number, from 0."""
        self.files.append((file_name, [p.strip("\n") for p in pages]))
        return len(self.files) - 1

    def ask(self, question, expected, pages, rule="contains", **more):
        """PAGES: (document from 0, page from 1), all of which the answer rests on."""
        case = {"id": "%s/%d" % (self.name, len(self.cases)), "task": self.task, "lang": self.lang,
                "target": self.target, "question": question, "expected": expected, "pages": pages, "rule": rule}
        case.update(more)
        self.cases.append(case)


class Setting:
    """What the makers need to know: SEED, CASES for each task and length, LENGTHS in tokens, DEPTHS, DATA folder,
    HAYSTACK file or folder or None, and ROOM(text, tokens): whether so much text has at most so many tokens."""

    def __init__(self, args, meter):
        self.seed, self.cases, self.lengths = args.seed, args.cases, args.lengths
        self.data, self.haystack, self.meter = args.data, args.haystack, meter

    def rng(self, *names):
        return random.Random("%d %s" % (self.seed, " ".join(str(n) for n in names)))


def depths(count):
    """COUNT depths, evenly from near the top to near the end."""
    return [(i + 0.5) / count for i in range(count)]


def spread(rng, sentences, needles):
    """SENTENCES with each of NEEDLES = [(depth, text)] at its depth (by bytes); (all, indices of the needles)."""
    total = sum(len(s.encode()) for s in sentences)
    out, at, done = [], [None] * len(needles), 0
    waiting = sorted(range(len(needles)), key=lambda i: needles[i][0])
    for said in sentences:
        while waiting and done >= needles[waiting[0]][0] * total:
            at[waiting[0]] = len(out)
            out.append(needles[waiting.pop(0)][1])
        out.append(said)
        done += len(said.encode())
    for i in waiting:
        at[i] = len(out)
        out.append(needles[i][1])
    return out, at


def hay(setting, rng, lang, size):
    if setting.haystack and lang == "en":
        return haystack.from_files(setting.haystack, rng, size)
    return haystack.generated(rng, lang, size)


def needle_set(setting, task, lang, target, number, ask):
    """A haystack of TARGET tokens; ASK(rng, set, add) hides facts by add(depth, sentence) and returns a function
    that asks, given the page of each."""
    name = "%s-%s-%d-%d" % (task, lang, target, number)

    def make(size):
        rng = setting.rng(name)
        made = Set(name, task, target, lang)
        needles = []
        finish = ask(rng, made, lambda depth, said: needles.append((depth, said)))
        sentences, at = spread(rng, hay(setting, rng, lang, size), needles)
        pages, where = haystack.paged(rng, sentences, lang, at)
        made.add("chronicle.txt" if lang == "en" else "纪事.txt", pages)
        finish(where)
        return made
    return setting.meter.fit(make, target, lang)


def needle(setting, lang="en"):
    """One fact a question; up to 20 facts are hidden in one text, at evenly spread depths."""
    def ask(rng, made, add):
        facts = haystack.facts(rng, lang, min(20, setting.cases))
        places = depths(len(facts))
        for fact, depth in zip(facts, places):
            add(depth, fact["sentence"])

        def finish(where):
            for fact, depth, page in zip(facts, places, where):
                made.ask(fact["question"], [fact["value"]], [(0, page)], depth=depth)
        return finish

    for target in setting.lengths:
        for number in range(max(1, setting.cases // 20)):
            yield needle_set(setting, "needle" if lang == "en" else "needle-" + lang, lang, target, number, ask)


def needle_chinese(setting):
    """The same in Chinese."""
    yield from needle(setting, "zh")


def needles(setting, lang="en", count=3):
    """Three facts a question, far from each other: all must be in the answer, all their pages cited."""
    def ask(rng, made, add):
        groups = [haystack.group_fact(rng, lang, count) for _ in range(min(10, setting.cases))]
        places = depths(len(groups) * count)
        rng.shuffle(places)
        for i, group in enumerate(groups):
            for depth, said in zip(places[i * count:], group["sentences"]):
                add(depth, said)

        def finish(where):
            for i, group in enumerate(groups):
                made.ask(group["question"], group["values"], [(0, p) for p in sorted(set(where[i * count:(i + 1) * count]))],
                         rule="all")
        return finish

    for target in setting.lengths:
        for number in range(max(1, setting.cases // 10)):
            yield needle_set(setting, "needles" if lang == "en" else "needles-" + lang, lang, target, number, ask)


def unanswerable(setting):
    """Needle questions about what is not in the text; as many facts about others are."""
    def ask(rng, made, add):
        facts = haystack.facts(rng, "en", 2 * min(20, setting.cases))
        hidden = facts[::2]
        for fact, depth in zip(hidden, depths(len(hidden))):
            add(depth, fact["sentence"])

        def finish(_where):
            for fact in facts[1::2]:
                made.ask(fact["question"], [], [], rule="refuse")
        return finish

    for target in setting.lengths:
        yield needle_set(setting, "unanswerable", "en", target, 0, ask)


# --- keys and values, lines

def as_pages(lines, count):
    """Pages of COUNT lines."""
    return ["\n".join(lines[i:i + count]) for i in range(0, len(lines), count)]


KV_PAGE, LINE_PAGE = 25, 40


def kv_lines(records):
    """The JSON object of "Lost in the Middle" (Liu et al. 2023), one record a line."""
    return [("{" if i == 0 else " ") + '"%s": "%s"' % tuple(pair) + ("}" if i == len(records) - 1 else ",")
            for i, pair in enumerate(records)]


def kv_set(setting, task, name, records, keys):
    made = Set(name, task, None)
    made.add("records.json.txt", as_pages(kv_lines(records), KV_PAGE))
    index = {key: i for i, (key, _) in enumerate(records)}
    for key in keys:
        i = index[key]
        made.ask('What is the value of the key "%s"?' % key, [records[i][1]], [(0, i // KV_PAGE + 1)],
                 depth=(i + 0.5) / len(records))
    return made


def key_value(setting, count):
    """COUNT pairs of random UUIDs; 10 questions for each document."""
    task = "kv%d" % count
    for number in range(max(1, -(-setting.cases // 10))):
        rng = setting.rng(task, number)

        def make_uuid():
            return str(uuid.UUID(int=rng.getrandbits(128), version=4))
        records = [(make_uuid(), make_uuid()) for _ in range(count)]
        keys = [k for k, _ in rng.sample(records, min(10, setting.cases, count))]
        yield kv_set(setting, task, "%s-%d" % (task, number), records, keys)


def kv75(setting):
    """75 keys."""
    yield from key_value(setting, 75)


def kv140(setting):
    """140 keys."""
    yield from key_value(setting, 140)


def read_json(path, lines=False):
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream] if lines else json.load(stream)


def find_data(setting, *names):
    """The first of NAMES (with or without .gz) anywhere below the data folder."""
    if setting.data:
        for top, _, files in sorted(os.walk(setting.data)):
            for name in names:
                for file_name in (name, name + ".gz"):
                    if file_name in files:
                        return os.path.join(top, file_name)
    raise sources.Missing("%s is not in the data folder (--data)" % " or ".join(names))


def kv_public(setting):
    """The published sets of "Lost in the Middle": kv-retrieval-75_keys.jsonl, -140_keys; one question a document."""
    rows = []
    for keys in (75, 140):
        try:
            rows += [(keys, row) for row in
                     read_json(find_data(setting, "kv-retrieval-%d_keys.jsonl" % keys), True)[:setting.cases]]
        except sources.Missing:
            if keys == 140 and not rows:
                raise
    for i, (keys, row) in enumerate(rows):
        yield kv_set(setting, "kv-public", "kv-public-%d-%d" % (keys, i), row["ordered_kv_records"], [row["key"]])


ADJECTIVES = """torpid amber brisk candid dapper eager feeble gaudy hollow icy jolly keen lucid mellow nimble oblique plain
    quaint rustic sober tepid upbeat vivid wary zesty arid blunt coarse dense elfin frank grim humble inner jaded knotty
    lavish murky noble ornate placid rigid shrill tidy uneven vague wicked young brittle crisp dusty earnest fluffy
    gentle hasty idle lunar mighty narrow olive""".split()
NOUNS = """kid anchor bishop canyon dagger easel falcon goblet hammer island jacket kettle ladder magnet needle orchid
    pebble quiver ribbon saddle tunnel urchin velvet walnut yogurt zipper apron basket cactus donkey engine fiddle
    garlic helmet insect jigsaw kernel lizard mitten nickel oyster pencil rabbit shovel thimble umbrella violin whistle
    acorn button candle dolphin emblem feather gravel hornet ivory lantern muffin nozzle""".split()


def line_set(task, name, lines, asked, page=LINE_PAGE):
    """LINES: (key, number)."""
    made = Set(name, task, None)
    made.add("record.txt", as_pages(["line %s: REGISTER_CONTENT is <%s>" % line for line in lines], page))
    for i in asked:
        made.ask("Tell me what is the <REGISTER_CONTENT> in line %s? I need the number." % lines[i][0],
                 [str(lines[i][1])], [(0, i // page + 1)], depth=(i + 0.5) / len(lines))
    return made


def lines(setting, count):
    """The lines of LongEval (Li et al. 2023), COUNT of them; 10 questions for each document."""
    task = "lines%d" % count
    for number in range(max(1, -(-setting.cases // 10))):
        rng = setting.rng(task, number)
        names = rng.sample(["%s-%s" % (a, n) for a in ADJECTIVES for n in NOUNS], count)
        rows = [(name, rng.randint(1, 50000)) for name in names]
        yield line_set(task, "%s-%d" % (task, number), rows, rng.sample(range(count), min(10, setting.cases)))


def lines200(setting):
    """200 lines."""
    yield from lines(setting, 200)


def lines400(setting):
    """400 lines."""
    yield from lines(setting, 400)


def lines_public(setting):
    """The published sets of LongEval: 200_lines.jsonl, 400_lines.jsonl; one question a document."""
    for count in (200, 400):
        for i, row in enumerate(read_json(find_data(setting, "%d_lines.jsonl" % count), True)[:setting.cases]):
            rows = []
            for line in row["prompt"].split("\n"):
                if line.startswith("line ") and "REGISTER_CONTENT is <" in line:
                    key, rest = line[5:].split(": REGISTER_CONTENT is <")
                    rows.append((key, rest.rstrip("> ")))
            key, asked = row["random_idx"]
            if [r[0] for r in rows].count(key) == 1:
                asked = [r[0] for r in rows].index(key)
                yield line_set("lines-public", "lines-public-%d-%d" % (count, i), rows, [asked])


# --- what is installed

def page_breaks(text, low=45, high=75):
    """Rendered text as pages, broken at empty lines; (pages, page number of each line)."""
    rows = text.split("\n")
    pages, where, start = [], [], 0
    for i, row in enumerate(rows):
        where.append(len(pages) + 1)
        if (i - start >= low and not row.strip()) or i - start >= high:
            pages.append("\n".join(rows[start:i + 1]))
            start = i + 1
    if start < len(rows):
        pages.append("\n".join(rows[start:]))
    return pages, where


def held_out_pages(setting, rng):
    """Rendered man pages of held-out names in random order, at most two of a family: (name, section, text)."""
    files = [f for f in sources.man_files() if sources.held_out(sources.man_name(f)[0])]
    rng.shuffle(files)
    families = {}
    for path in files:
        name, section = sources.man_name(path)
        families[sources.family(name)] = families.get(sources.family(name), 0) + 1
        if families[sources.family(name)] > 2:
            continue
        text = sources.man_text(path)
        if text:
            yield name, section, text


def thinned(rng, cases, count):
    return cases if len(cases) <= count else [cases[i] for i in sorted(rng.sample(range(len(cases)), count))]


def collect(setting, task, target, rng, documents):
    """Sets of DOCUMENTS = (file name, pages, [(question, answer, page)]), each as full as TARGET allows, until there
    are questions enough, at most six about one document.  A document that is too long alone is left out."""
    made, cases, left, number = None, [], 0, 0
    short = setting.cases

    def finished():
        for question, expected, where in thinned(rng, cases, short):
            made.ask(question, [expected], [where])
        return made
    for name, pages, asked in documents:
        size = sum(len(page.encode()) for page in pages)
        room = setting.meter.room(target)
        if size > 6 * room:
            continue
        need = setting.meter.count(pages)
        if need > room:
            continue
        if made is not None and need > left:
            yield finished()
            short -= len(made.cases)
            made = None
            if short <= 0:
                return
        if made is None:
            made, cases, left = Set("%s-%d-%d" % (task, target, number), task, target), [], room
            number += 1
        left -= need
        document = made.add(name, pages)
        cases += [(question, answer, (document, page)) for question, answer, page in thinned(rng, asked, 6)]
    if made is not None:
        yield finished()


def options(setting):
    """"What does option X of PROGRAM do?" over held-out man pages; the first sentence of its description."""
    for target in setting.lengths:
        rng = setting.rng("options", target)

        def documents():
            for name, section, text in held_out_pages(setting, rng):
                found = sources.man_options(text)
                if len(found) >= 4:
                    pages, where = page_breaks(text)
                    yield "%s.%s.txt" % (name, section), pages, [
                        ("What does option %s of %s do?" % (max(o["keys"], key=len), name), o["sentence"],
                         where[o["line"]]) for o in found]
        yield from collect(setting, "options", target, rng, documents())


def commands(setting):
    """"What is PROGRAM?" over the same pages; the line of its section NAME."""
    for target in setting.lengths:
        rng = setting.rng("commands", target)

        def documents():
            for name, section, text in held_out_pages(setting, rng):
                brief = sources.man_brief(text)
                if brief and brief[0] == name and len(text) < 12000:
                    yield "%s.%s.txt" % (name, section), page_breaks(text)[0], [("What is %s?" % name, brief[1], 1)]
        yield from collect(setting, "commands", target, rng, documents())


FIELD_QUESTIONS = {
    "Version": "What is the version of {}?", "Section": "What is the section of {}?",
    "Homepage": "What is the homepage of {}?", "Maintainer": "Who is the maintainer of {}?",
    "Installed-Size": "What is the installed size of {}?", "Priority": "What is the priority of {}?",
    "Description": "What is the description of {}?"}


def packages(setting):
    """Fields of package records of held-out names."""
    records = [r for r in sources.packages() if sources.held_out(r["Package"])]
    for target in setting.lengths:
        rng = setting.rng("packages", target)
        chosen = rng.sample(records, min(len(records), 4000))
        listed, per_page = [], 5
        for record in chosen:
            listed.append("\n".join("%s: %s" % (k, record[k]) for k in ("Package",) + sources.PACKAGE_FIELDS if k in record) + "\n")
        pages = setting.meter.prefix(as_pages(listed, per_page), target)
        made = Set("packages-%d" % target, "packages", target)
        made.add("packages.txt", pages)
        count = min(len(pages) * per_page, len(chosen))
        for i in sorted(rng.sample(range(count), min(count, setting.cases))):
            field = rng.choice([f for f in sources.PACKAGE_FIELDS if f in chosen[i]])
            made.ask(FIELD_QUESTIONS[field].format(chosen[i]["Package"]), [chosen[i][field]], [(0, i // per_page + 1)],
                     depth=(i + 0.5) / count, field=field)
        if made.cases:
            yield made


def definitions(setting):
    """Definitions of held-out words from WordNet, as a glossary."""
    words = [w for w in sources.wordnet() if sources.held_out(w[0])]
    for target in setting.lengths:
        rng = setting.rng("definitions", target)
        chosen = rng.sample(words, min(len(words), 12000))
        per_page = 12
        pages = setting.meter.prefix(as_pages(["%s: %s\n" % w for w in chosen], per_page), target)
        made = Set("definitions-%d" % target, "definitions", target)
        made.add("glossary.txt", pages)
        count = min(len(pages) * per_page, len(chosen))
        for i in sorted(rng.sample(range(count), min(count, setting.cases))):
            made.ask("What does %s mean?" % chosen[i][0], [chosen[i][1]], [(0, i // per_page + 1)], depth=(i + 0.5) / count)
        if made.cases:
            yield made


# --- SQuAD and what has its form

def squad_articles(path):
    """(title, [(paragraph, [(question, [answers], impossible)])]) of a file in SQuAD's form."""
    raw = read_json(path)
    for article in raw if isinstance(raw, list) else raw["data"]:
        paragraphs = []
        for paragraph in article["paragraphs"]:
            asked = []
            for qa in paragraph["qas"]:
                texts = [a["text"] if isinstance(a, dict) else a for a in qa.get("answers") or []]
                asked.append((qa["question"].strip(), texts, not texts))
            paragraphs.append((paragraph["context"].strip(), asked))
        yield article.get("title") or "article", paragraphs


def squad_sets(setting, task, path, lang, impossible=False):
    """One document for each length: articles one after another, a page for three paragraphs."""
    articles = list(squad_articles(path))
    for target in setting.lengths:
        rng = setting.rng(task, target)
        rng.shuffle(articles)
        made, cases = Set("%s-%d" % (task, target), task, target, lang), []
        left = setting.meter.room(target)
        for title, paragraphs in articles:
            pages = ["\n\n".join(p[0] for p in paragraphs[i:i + 3]) for i in range(0, len(paragraphs), 3)]
            pages = setting.meter.prefix(pages, left, whole=True)
            if not pages:
                break
            left -= setting.meter.count(pages)
            number = made.add(title.replace("/", "_")[:60] + ".txt", pages)
            for i, (_, asked) in enumerate(paragraphs[:3 * len(pages)]):
                cases += [(q, a, [] if no else [(number, i // 3 + 1)], no) for q, a, no in asked if no == impossible]
        for question, answers, where, no in thinned(rng, cases, setting.cases):
            made.ask(question, answers, where, rule="refuse" if no else "squad")
        if made.cases:
            yield made


def squad(setting):
    """SQuAD 1.1 dev (Rajpurkar et al. 2016): exact match and F1."""
    yield from squad_sets(setting, "squad", find_data(setting, "dev-v1.1.json"), "en")


def squad_no_answer(setting):
    """The questions of SQuAD 2.0 dev that have no answer."""
    yield from squad_sets(setting, "squad-no-answer", find_data(setting, "dev-v2.0.json"), "en", True)


def squad_chinese(setting):
    """Chinese: CMRC 2018 or XQuAD."""
    yield from squad_sets(setting, "squad-zh", find_data(setting, "cmrc2018_dev.json", "cmrc2018_trial.json", "xquad.zh.json"), "zh")


TASKS = {
    "needle": needle, "needle-zh": needle_chinese, "needles": needles, "unanswerable": unanswerable,
    "kv75": kv75, "kv140": kv140, "kv-public": kv_public,
    "lines200": lines200, "lines400": lines400, "lines-public": lines_public,
    "options": options, "commands": commands, "packages": packages, "definitions": definitions,
    "squad": squad, "squad-no-answer": squad_no_answer, "squad-zh": squad_chinese,
}
