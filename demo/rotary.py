"""Functions of a distance that rotary position embedding can make from a constant query and a constant key."""
import numpy as np


class Rotary:
    """BASE is 4 ** PAIRS, so that pair f turns by 4 ** -f a token.  The first FAST pairs tell distances apart; pairs from
    SLOW on hardly turn within the context and carry content instead."""

    def __init__(self, head_dim, context=131072, fast=9, slow=10):
        self.head_dim, self.context, self.fast = head_dim, context, fast
        self.pairs = head_dim // 4
        self.base = 4.0 ** self.pairs
        self.theta = 4.0 ** -np.arange(self.pairs)
        half = head_dim // 2
        self.content = list(range(half, head_dim)) + [d for f in range(self.pairs - 1, slow - 1, -1) for d in (2 * f, 2 * f + 1)]

    def features(self, distance):
        a = np.asarray(distance, np.float64)[:, None] * self.theta[None, :self.fast]
        return np.concatenate([np.cos(a), np.sin(a)], 1)

    def grid(self):
        return np.unique(np.concatenate([np.arange(3000), np.exp(np.linspace(np.log(3000), np.log(self.context), 4000)).astype(int)]))

    def window(self, inside, want, margin, slack, ridge=1e-5, rounds=80):
        """A score of the distance that is WANT at the distances INSIDE, at most -MARGIN elsewhere but for those in SLACK."""
        d = self.grid()
        x = np.concatenate([self.features(d), np.ones((len(d), 1))], 1)
        ins, soft = np.isin(d, inside), np.isin(d, slack)
        t = np.where(ins, 0.0, -margin)
        t[ins] = np.interp(d[ins], inside, want)
        w = np.where(ins, 60.0, 1.0)
        w[soft] = 0
        lam = ridge * len(d) * np.eye(x.shape[1])
        lam[-1, -1] = 0
        y = t.copy()
        for _ in range(rounds):
            c = np.linalg.solve((x * w[:, None]).T @ x + lam, (x * w[:, None]).T @ y)
            g = x @ c
            y = np.where(ins | soft, t, np.minimum(g, -margin))
        return c[:-1]

    def shape(self, function, ridge=1e-3):
        """A score of the distance that follows FUNCTION, evenly over the logarithm of the distance."""
        d = np.unique(np.concatenate([[0], np.exp(np.linspace(0, np.log(self.context), 4000)).astype(int)]))
        x = np.concatenate([self.features(d), np.ones((len(d), 1))], 1)
        w = np.gradient(np.log1p(d)) * 400
        lam = ridge * np.eye(x.shape[1])
        lam[-1, -1] = 0
        return np.linalg.solve((x * w[:, None]).T @ x + lam, (x * w[:, None]).T @ function(d))[:-1]

    def peak(self, distance, strength):
        a = self.theta[:self.fast] * distance
        return np.concatenate([np.cos(a), np.sin(a)]) * strength

    def score(self, c, distance):
        return self.features(distance) @ c

    def query(self, c):
        """The entries of a query (head_dim) that make the score C with a key that holds (1, 0) in each fast pair."""
        q = np.zeros(self.head_dim)
        m = self.fast
        q[0:2 * m:2] = c[:m] * np.sqrt(self.head_dim)
        q[1:2 * m:2] = -c[m:] * np.sqrt(self.head_dim)
        return q
