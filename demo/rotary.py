"""Functions of a distance that rotary position embedding can make from a constant query and a constant key."""
import numpy as np


class Rotary:
    """BASE is 2 ** PAIRS, so that pair f turns by 2 ** -f a token.  Pairs 0, 2 .. 16 tell distances apart (the key holds (1, 0)
    there), pairs 1, 5, 9, 13 and 17 are left for positions, those from 20 on hardly turn within the context and carry content."""
    WINDOW = tuple(range(0, 18, 2))
    PLACE = (1, 5, 9, 13, 17)
    SLOW = 20

    def __init__(self, head_dim, context=131072):
        self.head_dim, self.context = head_dim, context
        self.pairs = head_dim // 4
        self.base = 2.0 ** self.pairs
        self.theta = 2.0 ** -np.arange(self.pairs)
        half = head_dim // 2
        self.content = list(range(half, head_dim)) + [d for f in range(self.pairs - 1, self.SLOW - 1, -1) for d in (2 * f, 2 * f + 1)]

    def features(self, distance):
        a = np.asarray(distance, np.float64)[:, None] * self.theta[None, list(self.WINDOW)]
        return np.concatenate([np.cos(a), np.sin(a)], 1)

    def nearest(self, pair, strength, centre, far=100.0):
        """A score that falls by about STRENGTH * theta a token around the distance CENTRE, over 1.5 turns of theta either way
        as radians, and stays at least some FAR below where it began for all greater distances of the context."""
        c = np.zeros(2 * len(self.WINDOW))
        k, t = self.WINDOW.index(pair), self.theta[pair] * centre
        c[k], c[len(self.WINDOW) + k] = strength * np.sin(t), -strength * np.cos(t)         # -sin(theta (d - centre))
        c[k + 1:len(self.WINDOW)] += far
        return c

    def grid(self):
        return np.unique(np.concatenate([np.arange(3000), np.exp(np.linspace(np.log(3000), np.log(self.context), 4000)).astype(int)]))

    def window(self, inside, want, margin, slack, ridge=1e-5, weight=3000.0, rounds=80):
        """A score of the distance that is WANT at the distances INSIDE, at most -MARGIN elsewhere but for those in SLACK.
        WEIGHT says how much more the distances inside count than the others: more makes the score flatter and steeper beyond,
        of greater coefficients.  Returns the coefficients and what the score is short of a constant: the score itself is features @ c + constant."""
        d = self.grid()
        x = np.concatenate([self.features(d), np.ones((len(d), 1))], 1)
        ins, soft = np.isin(d, inside), np.isin(d, slack)
        t = np.where(ins, 0.0, -margin)
        t[ins] = np.interp(d[ins], inside, want)
        w = np.where(ins, weight, 1.0)
        w[soft] = 0
        lam = ridge * len(d) * np.eye(x.shape[1])
        lam[-1, -1] = 0
        y = t.copy()
        for _ in range(rounds):
            c = np.linalg.solve((x * w[:, None]).T @ x + lam, (x * w[:, None]).T @ y)
            g = x @ c
            y = np.where(ins | soft, t, np.minimum(g, -margin))
        return c[:-1], c[-1]

    def peak(self, distance, strength):
        a = self.theta[list(self.WINDOW)] * distance
        return np.concatenate([np.cos(a), np.sin(a)]) * strength

    def score(self, c, distance):
        return self.features(distance) @ c

    def query(self, c):
        """The entries of a query (head_dim) that make the score C with a key that holds (1, 0) in each pair of WINDOW."""
        q = np.zeros(self.head_dim)
        m = len(self.WINDOW)
        for k, f in enumerate(self.WINDOW):
            q[2 * f], q[2 * f + 1] = c[k] * np.sqrt(self.head_dim), -c[m + k] * np.sqrt(self.head_dim)
        return q
