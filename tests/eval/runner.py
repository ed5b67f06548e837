"""Running kvasir: reading documents into a corpus once, asking about it many times, counting tokens."""
import collections
import json
import os
import subprocess
import tempfile
import threading
import time

import scoring


class Failed(Exception):
    """kvasir did not do what it was asked; the text is its own message."""


class Program:
    """kvasir with a model and folders of its own below WORK."""

    def __init__(self, path, work, model=None, kv=None, threads=None, common=(), ask=()):
        self.path, self.work = path, work
        self.common = (["-m", model] if model else []) + (["--kv", kv] if kv else []) \
            + (["-t", str(threads)] if threads else []) + list(common)
        self.ask_options = list(ask)
        self.env = dict(os.environ, KVASIR_CACHE_DIR=os.path.join(work, "cache"),
                        KVASIR_DATA_DIR=os.path.join(work, "data"), OMP_WAIT_POLICY="passive")
        os.makedirs(os.path.join(work, "documents"), exist_ok=True)

    def run(self, command, *arguments, good=(0,)):
        done = subprocess.run([self.path, command, *arguments], env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode not in good:
            raise Failed("%s %s: %s" % (self.path, command, done.stderr.decode("utf-8", "replace").strip() or
                                        "exit status %d" % done.returncode))
        return done.stdout.decode("utf-8", "replace")

    def model_info(self):
        model = [a for a in self.common[:2] if a != "-m"] if self.common[:1] == ["-m"] else []
        return json.loads(self.run("model", "info", "--json", *model))

    def count(self, text):
        """Tokens of TEXT."""
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self.work, suffix=".txt") as stream:
            stream.write(text)
            stream.flush()
            return len(self.run("tokens", *self.common, stream.name).split())

    def write(self, made):
        """Writes the documents of a tasks.Set; their paths, in order."""
        folder = os.path.join(self.work, "documents", made.name)
        os.makedirs(folder, exist_ok=True)
        paths = []
        for name, pages in made.files:
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as stream:
                stream.write("\f".join(pages))
            paths.append(path)
        return paths

    def ingest(self, made):
        """Has the model go through the documents of a tasks.Set; the name of the corpus."""
        paths = self.write(made)
        try:
            self.run("corpus", "remove", made.name)     # of an earlier run, perhaps with other text
        except Failed:
            pass
        self.run("ingest", "-q", *self.common, "-c", made.name, *paths)
        return made.name

    def ask(self, corpus, question, max_tokens, logits=None):
        """(the reply as JSON, seconds by the clock).  The file LOGITS gets those before the first token."""
        begun = time.monotonic()
        out = self.run("ask", "-q", "--json", "--no-history", *self.common, *self.ask_options, "--max-tokens", str(max_tokens),
                       *(["--logits", logits] if logits else []), "-c", corpus, question, good=(0, 1))
        return json.loads(out), time.monotonic() - begun


class Meter:
    """Lengths in tokens of this model.  What the prompt has beside the documents is measured once."""

    def __init__(self, program, context):
        self.program, self.context = program, context
        self.per_token = {"en": 3.0, "zh": 3.0}
        self.around = None

    def overhead(self):
        """Tokens of a prompt that are no document: rules, question, template, and 300 for the answer."""
        if self.around is None:
            text = "A short text."
            with tempfile.NamedTemporaryFile("w", dir=self.program.work, suffix=".txt") as stream:
                stream.write(text)
                stream.flush()
                reply = json.loads(self.program.run("ask", "-q", "--json", "--no-history", *self.program.common,
                                                    "--max-tokens", "1", "What does it say?", stream.name, good=(0, 1)))
            self.around = reply["usage"]["prompt_tokens"] - self.program.count(text) + 300
        return self.around

    def room(self, target):
        return max(100, min(target, self.context) - self.overhead())

    def count(self, pages):
        """Tokens of pages with their marks and the header."""
        marked = "".join("【1:%d】\n%s\n" % (i + 1, page) for i, page in enumerate(pages))
        return self.program.count("Document 1: title.txt\n" + marked)

    def fit(self, make, target, lang="en"):
        """MAKE(bytes) gives a Set of one document: the one that comes nearest below TARGET tokens."""
        room = self.room(target)
        for _ in range(4):
            made = make(int(room * self.per_token[lang]))
            pages = made.files[0][1]
            tokens = self.count(pages)
            if 0.985 * room <= tokens <= room:
                break
            size = sum(len(p.encode()) for p in pages)
            self.per_token[lang] = 0.993 * size / tokens
        return made

    def prefix(self, pages, target, whole=False):
        """The first of PAGES, as many as fit into TARGET tokens of prompt (of documents, if WHOLE)."""
        room = target if whole else self.room(target)
        sizes = [len(p.encode()) for p in pages]
        per_token, count = 3.0, 0
        for _ in range(3):
            count, size = 0, 0
            while count < len(pages) and size + sizes[count] <= room * per_token:
                size += sizes[count]
                count += 1
            count = max(count, 1)
            per_token = sum(sizes[:count]) / self.count(pages[:count])
        while count and self.count(pages[:count]) > room:
            count -= max(1, count // 50)
        return pages[:count]


class Evaluation:
    """Asks all cases of all sets with JOBS threads; each result goes to SINK (a function) as it comes.  LOGITS(case)
    names the file for the logits before the answer, or gives None."""

    def __init__(self, program, max_tokens, jobs, sink, label, logits=lambda case: None):
        self.program, self.max_tokens, self.jobs = program, max_tokens, jobs
        self.sink, self.label, self.logits = sink, label, logits
        self.queue, self.lock = collections.deque(), threading.Condition()
        self.busy, self.stopped, self.failure = 0, False, None

    def work(self):
        while True:
            with self.lock:
                while not self.queue and self.busy and not self.failure:
                    self.lock.wait()
                if self.failure or not self.queue:
                    self.lock.notify_all()
                    return
                job = self.queue.popleft()
                self.busy += 1
            try:
                job()
            except BaseException as failure:        # pylint: disable=broad-except
                with self.lock:
                    self.failure = self.failure or failure
            with self.lock:
                self.busy -= 1
                self.lock.notify_all()

    def read(self, made, cases):
        try:
            corpus = self.program.ingest(made)
        except Failed as failure:
            for case in cases:
                self.sink(self.result(case, error=str(failure)))
            return
        with self.lock:                             # its questions come next, while its blocks are in memory
            self.queue.extendleft((lambda c=case: self.ask(corpus, c)) for case in reversed(cases))

    def ask(self, corpus, case):
        try:
            reply, seconds = self.program.ask(corpus, case["question"], self.max_tokens, self.logits(case))
        except Failed as failure:
            self.sink(self.result(case, error=str(failure)))
            return
        usage, timings = reply["usage"], reply["timings"]
        self.sink(self.result(
            case, answer=reply["answer"], stop=reply["stop_reason"], model=reply["model"], seconds=round(seconds, 4),
            total_s=timings["total_s"], tokens=usage["prompt_tokens"], cached=usage["cache_read_tokens"],
            output_tokens=usage["output_tokens"], drafted_tokens=usage["drafted_tokens"],
            cited=[[c["document_index"], c["start_page_number"], c["end_page_number"]] for c in reply["citations"]],
            **scoring.judge(case, reply)))

    def result(self, case, **more):
        return dict(self.label, **case, **more)

    def run(self, sets):
        """SETS: (Set, the cases of it that are to be asked)."""
        self.queue.extend((lambda m=made, c=cases: self.read(m, c)) for made, cases in sets)
        threads = [threading.Thread(target=self.work) for _ in range(self.jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failure:
            raise self.failure
