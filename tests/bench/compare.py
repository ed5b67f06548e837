#!/usr/bin/python3
"""compare.py - kvasir and llama.cpp on the same GGUF file, in turn, in one run.

  compare.py BUILD [--layers 2] [--types q4_0,q8_0,q4_k_m] [--depths 0,4096] [--tokens 256] [--decode 16] [--quote 128]
             [--threads 1] [--repeat 3] [--flash] [--folder FOLDER]

BUILD is kvasir's build folder, in which "make kvasir tests/bench-speed" was run.  llama.cpp comes from npm (node-llama-cpp with its
prebuilt libraries) and is installed below FOLDER (default: $XDG_CACHE_HOME/kvasir-bench), which also takes the models:
random weights in the shape of GLM-4-9B, by $KVASIR_SHARED/reference/scripts/gen_glm4_gguf.py.

Each figure is the median of so many measurements, one of kvasir and one of llama.cpp in turn.  Of a machine that
does other things, too, the CPU seconds of one thread say more than the wall clock: both are printed.  The ratios are
of CPU seconds; above 1 kvasir is faster.  --quote 0 leaves out the answers with drafts, for depths that take their time.
"""
import argparse
import os
import statistics
import subprocess
import sys

PACKAGES = ["node-llama-cpp@3.22.1", "@node-llama-cpp/linux-x64@3.22.1"]
HERE = os.path.dirname(os.path.abspath(__file__))


def skip(why):
    print("skipped: " + why)
    sys.exit(0)


class Player:
    """A program that is told "prefill 512" and answers with wall and CPU seconds."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, env={**os.environ, **environment}, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        while line and line != "ready\n":
            line = self.process.stdout.readline()
        if not line:
            sys.exit("compare.py: %s does not start" % command[0])

    def seconds(self, what, n):
        self.process.stdin.write("%s %d\n" % (what, n))
        self.process.stdin.flush()
        return tuple(float(word) for word in self.process.stdout.readline().split())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def install(folder):
    modules = os.path.join(folder, "node_modules")
    if not os.path.isdir(os.path.join(modules, "node-llama-cpp")):
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["npm", "install", "--prefix", folder, "--ignore-scripts", "--omit=dev", "--omit=optional"] + PACKAGES,
                       check=True, stdout=subprocess.DEVNULL)
    return modules


def model_file(folder, kind, layers):
    script = os.path.join(os.environ["KVASIR_SHARED"], "reference", "scripts", "gen_glm4_gguf.py")
    path = os.path.join(folder, "glm-4-9b-%d-%s.gguf" % (layers, kind))
    if not os.path.exists(path):
        subprocess.run([sys.executable, script, path + ".new", "--layers", str(layers), "--type", kind, "--vocab", "2048"],
                       check=True, stdout=subprocess.DEVNULL)
        os.rename(path + ".new", path)
    return path


def in_turn(players, work, repeat):
    """Median (wall, CPU) of each player's (what, n); the first round touches the memory and is not counted."""
    times = [[] for _ in players]
    for _ in range(repeat + 1):
        for player, (what, n), seconds in zip(players, work, times):
            seconds.append(player.seconds(what, n))
    return [tuple(statistics.median(column) for column in zip(*seconds[1:])) for seconds in times]


def row(name, kind, depth, n, ours, theirs):
    print("%-16s %-7s %6d %8.1f %8.1f %8.1f %8.1f %7.2f" % (name, kind, depth, n / ours[1], n / theirs[1],
                                                        n / ours[0], n / theirs[0], theirs[1] / ours[1]), flush=True)


def measure(a, kind, depth):
    path = model_file(a.folder, kind, a.layers)
    environment = {"KVASIR_CACHE_DIR": os.path.join(a.folder, "kvasir"), "OMP_WAIT_POLICY": "passive",
                   "KVASIR_PREPARED": os.path.join(a.folder, "kvasir", "prepared"),
                   "NODE_MODULES": install(a.folder), "FLASH": "1" if a.flash else "0"}
    room = max(a.tokens, a.decode, a.quote) + 64
    subprocess.run([os.path.join(a.build, "kvasir"), "model", "prepare", path], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, **environment})
    rest = [path, str(a.threads), str(depth), str(room)]
    ours = Player([os.path.join(a.build, "tests", "bench-speed")] + rest, environment)
    theirs = Player(["node", os.path.join(HERE, "llama.mjs")] + rest, environment)
    for name, n in (("prefill", a.tokens), ("decode", a.decode)):
        row(name, kind, depth, n, *in_turn([ours, theirs], [(name, n)] * 2, a.repeat))
    for name in ("quote", "novel") if a.quote else ():
        row(name + " / singly", kind, depth, a.quote, *in_turn([ours] * 2, [(name, a.quote), ("singly", a.quote)], a.repeat))
    ours.close()
    theirs.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--types", default="q4_0,q8_0,q4_k_m")
    parser.add_argument("--depths", default="0")
    parser.add_argument("--flash", action="store_true", help="llama.cpp with flash attention")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    parser.add_argument("--folder", default=os.path.join(cache, "kvasir-bench"))
    for name, value in (("layers", 2), ("tokens", 256), ("decode", 16), ("quote", 128), ("threads", 1), ("repeat", 3)):
        parser.add_argument("--" + name, type=int, default=value)
    a = parser.parse_args()
    a.folder = os.path.abspath(a.folder)
    if not os.environ.get("KVASIR_SHARED"):
        skip("KVASIR_SHARED does not name the reference files, whose script writes the models")
    print("%d layers, %d threads; tokens per CPU second and per second" % (a.layers, a.threads))
    print("%-16s %-7s %6s %8s %8s %8s %8s %7s" % ("test", "type", "depth", "kvasir/c", "other/c", "kvasir", "other", "ratio"))
    for kind in a.types.split(","):
        for depth in a.depths.split(","):
            measure(a, kind, int(depth))


if __name__ == "__main__":
    main()
