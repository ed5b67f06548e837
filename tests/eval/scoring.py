"""How an answer is judged.  All of it is plain text comparison: no model judges another."""
import re
import string
import unicodedata

# What kvasir tells the model to say, and what models say instead.
REFUSALS = re.compile(
    r"documents? (?:do|does) not (?:say|contain|mention|provide|include|specify|state|give)|"
    r"(?:is|are) not (?:mentioned|contained|given|stated|specified|provided|included|found|said|listed) in the|"
    r"no (?:information|mention) (?:about|on|of|in)|not in these documents|cannot (?:be )?(?:find|found|answer)|"
    r"文[档件]中?(?:没有|并未|未)|未(?:提及|提到|说明|给出)|没有(?:提到|提及|说明|给出|相关)|无法(?:回答|找到)", re.I)


def plain(text):
    """The answer without citation numbers, quotation marks around it, and runs of white space."""
    text = re.sub(r"\s*\[(?:\d+|\?)\]", "", text)
    return re.sub(r"\s+", " ", text).strip().strip("\"'“”‘’「」`").strip()


def folded(text):
    """For comparing sentences: no case, one kind of dash and quote, no closing mark."""
    text = unicodedata.normalize("NFKC", plain(text)).lower()
    text = re.sub("[\u2010-\u2015\u2212]", "-", text)
    text = re.sub("[‘’`´]", "'", re.sub("[“”]", '"', text))
    marks = ".!?;:, "
    return text.rstrip(marks + "。").strip("\"'「」` ").rstrip(marks + "。")


def is_word(char):
    return char.isalnum() and not "\u3000" <= char <= "\u9fff"


def contains(answer, value):
    """Whether VALUE stands in ANSWER, not as a part of a longer word or number."""
    answer, value = folded(answer), folded(value)
    at = answer.find(value) if value else -1
    while at >= 0:
        before, after = answer[at - 1:at], answer[at + len(value):at + len(value) + 1]
        if not (before and is_word(before) and is_word(value[0])) and not (after and is_word(after) and is_word(value[-1])):
            return True
        at = answer.find(value, at + 1)
    return False


# --- SQuAD's own measure; for Chinese the unit is the character

def squad_words(text):
    text = plain(text).lower()
    text = "".join(c if not unicodedata.category(c).startswith("P") and c not in string.punctuation else
                   ("" if c in string.punctuation else " ") for c in text)
    text = re.sub(r"\b(a|an|the)\b", " ", text)
    text = re.sub("([\u3400-\u9fff])", r" \1 ", text)
    return text.split()


def exact_match(answer, truths):
    return any(squad_words(answer) == squad_words(t) for t in truths)


def f1_one(answer, truth):
    got, want = squad_words(answer), squad_words(truth)
    if not got or not want:
        return float(got == want)
    left, common = list(want), 0
    for word in got:
        if word in left:
            left.remove(word)
            common += 1
    if common == 0:
        return 0.0
    precision, recall = common / len(got), common / len(want)
    return 2 * precision * recall / (precision + recall)


def f1(answer, truths):
    return max((f1_one(answer, t) for t in truths), default=0.0)


def refused(answer, reply):
    """Whether the answer says that the documents do not say."""
    return not answer.strip() or (not reply.get("citations") and REFUSALS.search(answer) is not None)


# --- pages

def pages(reply, truth):
    """(right, precision) of the citations against TRUTH, a list of (document from 0, page from 1).

    "right": each page of TRUTH is inside a citation.  "precision": the share of cited pages that are in TRUTH.
    Both are None if no page was expected.
    """
    if not truth:
        return None, None
    cited = set()
    for citation in reply.get("citations", []):
        for page in range(citation["start_page_number"], citation["end_page_number"]):
            cited.add((citation["document_index"], page))
    want = {tuple(t) for t in truth}
    return want <= cited, (len(cited & want) / len(cited) if cited else 0.0)


def witness(reply, truth):
    """Whether the page that the first sentence looked at most is one of TRUTH; None without "why" or an expected page."""
    if not truth or "why" not in reply:
        return None
    sentences = [s for s in reply["why"]["sentences"] if s["pages"]]
    if not sentences:
        return False
    best = sentences[0]["pages"][0]
    return [best["document_index"], best["start_page_number"]] in [list(t) for t in truth]


def judge(case, reply):
    """The verdict on one reply of "kvasir ask --json": a dict of what report.py counts."""
    answer, truths, rule = reply["answer"], case["expected"], case["rule"]
    said = plain(answer)
    verdict = {"refused": refused(answer, reply), "f1": f1(said, truths) if truths and rule != "all" else None}
    if rule == "refuse":
        verdict["exact"] = verdict["right"] = verdict["refused"]
        verdict["unsupported"] = not reply.get("citations")
        return verdict
    if rule == "all":                           # every one of the values
        found = [contains(said, t) for t in truths]
        verdict["part"] = sum(found) / len(found)
        verdict["right"] = verdict["exact"] = all(found)
    elif rule == "squad":
        verdict["right"] = verdict["exact"] = exact_match(said, truths)
    else:                                       # "contains": one of the values or sentences, as it stands
        verdict["right"] = any(contains(said, t) for t in truths)
        verdict["exact"] = any(folded(said) == folded(t) for t in truths)
    verdict["page_right"], verdict["page_precision"] = pages(reply, case["pages"])
    verdict["witness"] = witness(reply, case["pages"])
    verdict["basis"] = [c.get("basis") for c in reply.get("citations", [])]
    return verdict
